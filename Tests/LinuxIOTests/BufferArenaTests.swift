import Glibc
import Testing

@testable import LinuxIO

@Suite("Buffers for a ring") struct BufferArenaTests {
  @Test(
    "are whole pages, zero and apart",
    arguments: [(1, 512, 4096), (3, 4096, 4096), (4, 4097, 8192), (2, 131_072, 131_072)])
  func slots(count: Int, asked: Int, bytes: Int) throws {
    var arena = try BufferArena(slotCount: count, slotBytes: asked, node: nil)
    let (slotCount, slotBytes) = (arena.slotCount, arena.slotBytes)
    #expect(slotCount == count && slotBytes == bytes)
    for slot in 0..<count {
      let isAligned = UInt(bitPattern: arena.pointer(slot)) % 4096 == 0
      #expect(isAligned)
      let words = arena.withWords(of: slot, byteCount: bytes) { words in
        let zeros = words.indices.allSatisfy { words[$0] == 0 }
        for index in words.indices { words[index] = UInt64(slot + 1) }
        return (count: words.count, zeros: zeros)
      }
      #expect(words == (bytes / 8, true))
    }
    for slot in 0..<count {
      let kept = arena.withReadOnlyWords(of: slot, byteCount: bytes) { words in
        words.indices.allSatisfy { words[$0] == UInt64(slot + 1) }
      }
      #expect(kept)
    }
  }

  @Test("lie on the node that they are bound to, as the kernel tells")
  func nodes() throws {
    let node = try #require(NUMATopology.current().cpusByNode.keys.min())
    let arena = try BufferArena(slotCount: 16, slotBytes: 65536, node: node)
    let nodes = arena.nodes()
    #expect(nodes == [node])
    // A node that is not there binds nothing, and the memory is where it is.
    let elsewhere = try BufferArena(slotCount: 1, slotBytes: 4096, node: 1000)
    let found = elsewhere.nodes()
    #expect(found.count == 1)
  }

  @Test(
    "that no machine has are refused with ENOMEM",
    arguments: [(1 << 40, 1 << 40), (2, Int.max), (1, Int.max - 4095), (1 << 20, 1 << 36)])
  func tooLarge(count: Int, bytes: Int) {
    #expect {
      let _ = try BufferArena(slotCount: count, slotBytes: bytes, node: nil)
    } throws: { error in
      (error as? SystemError)?.errno == ENOMEM
    }
  }
}
