import Glibc
import Measurements
import Testing

@testable import LinuxIO

/// A file of zeros past the page cache, gone when the test lets go of it.
private final class RingFile {
  let descriptor: Int32

  init(bytes: Int) throws {
    var template = Array("/var/tmp/storebench-ring.XXXXXX".utf8CString)
    descriptor = mkstemp(&template)
    try #require(descriptor >= 0)
    unlink(&template)
    try #require(posix_fallocate(descriptor, 0, bytes) == 0)
    try #require(fcntl(descriptor, F_SETFL, O_RDWR | LinuxFlag.direct) == 0)
  }

  deinit { close(descriptor) }
}

@Suite("A ring") struct RingTests {
  static let modes: [RingMode] = {
    var plain = RingMode()
    plain.singleIssuer = false
    plain.cooperativeTaskRun = false
    var deferred = RingMode()
    deferred.deferredTaskRun = true
    var issuer = RingMode()
    issuer.cooperativeTaskRun = false
    return [RingMode(), plain, deferred, issuer]
  }()

  /// Waits for `count` completions and returns their results by token.
  private func finish(_ ring: inout Ring, _ count: Int) throws -> [UInt64: Int32] {
    var results: [UInt64: Int32] = [:]
    let deadline = MonotonicClock.now() + Nanoseconds(seconds: 20)
    while results.count < count, MonotonicClock.now() < deadline {
      let code = ring.submitAndWait(atMost: Nanoseconds(seconds: 1))
      try #require(code == 0)
      let ready = ring.readyCount()
      for index in 0..<ready {
        let entry = ring.completion(at: index)
        results[entry.token] = entry.result
      }
      ring.consume(ready)
    }
    return results
  }

  @Test(
    "writes, flushes, reads back and discards, in every mode", arguments: modes, [true, false])
  func operations(mode: RingMode, registered: Bool) throws {
    let file = try RingFile(bytes: 1 << 20)
    var ring = try Ring(depth: 8, mode: mode)
    var arena = try BufferArena(slotCount: 8, slotBytes: 8192, node: nil)
    ring.setFile(file.descriptor)
    if registered { ring.registerBuffers(of: arena) }
    let (fixedFile, fixedBuffers) = (ring.hasFixedFile, ring.hasFixedBuffers)
    #expect(fixedFile && fixedBuffers == registered)

    for slot in 0..<4 {
      arena.withWords(of: slot, byteCount: 8192) { words in
        for index in words.indices { words[index] = UInt64(slot * 1000 + index) }
      }
      let prepared = ring.write(
        from: arena, slot: slot, length: 8192, offset: UInt64(slot) * 8192, token: UInt64(slot),
        forceUnitAccess: slot % 2 == 1)
      #expect(prepared)
    }
    #expect(try finish(&ring, 4) == [0: 8192, 1: 8192, 2: 8192, 3: 8192])
    let flushing = ring.flush(token: 70)
    #expect(flushing)
    #expect(try finish(&ring, 1) == [70: 0])

    for slot in 0..<4 {
      let prepared = ring.read(
        into: arena, slot: 4 + slot, length: 8192, offset: UInt64(slot) * 8192,
        token: UInt64(slot))
      #expect(prepared)
    }
    #expect(try finish(&ring, 4) == [0: 8192, 1: 8192, 2: 8192, 3: 8192])
    for slot in 0..<4 {
      let same = arena.withReadOnlyWords(of: 4 + slot, byteCount: 8192) { words in
        words.indices.allSatisfy { words[$0] == UInt64(slot * 1000 + $0) }
      }
      #expect(same, "slot \(slot)")
    }

    let discarding = ring.discard(offset: 8192, length: 8192, token: 71)
    #expect(discarding)
    #expect(try finish(&ring, 1) == [71: 0])
    let reading = ring.read(into: arena, slot: 0, length: 8192, offset: 8192, token: 72)
    #expect(reading)
    #expect(try finish(&ring, 1) == [72: 8192])
    let zeros = arena.withReadOnlyWords(of: 0, byteCount: 8192) { words in
      words.indices.allSatisfy { words[$0] == 0 }
    }
    #expect(zeros)
    let inFlight = ring.inFlight
    #expect(inFlight == 0)
  }

  @Test("takes no more than its depth, prepared, submitted or unreaped", arguments: [1, 3, 8])
  func depth(depth: Int) throws {
    let file = try RingFile(bytes: 1 << 20)
    var ring = try Ring(depth: depth)
    let arena = try BufferArena(slotCount: depth, slotBytes: 4096, node: nil)
    ring.setFile(file.descriptor)
    func read(_ ring: inout Ring, _ token: Int) -> Bool {
      ring.read(
        into: arena, slot: token % depth, length: 4096, offset: 0, token: UInt64(token))
    }
    for token in 0..<depth {
      let accepted = read(&ring, token)
      #expect(accepted)
    }
    for moment in 0..<3 {
      let accepted =
        read(&ring, 99) || ring.flush(token: 99) || ring.discard(offset: 0, length: 4096, token: 99)
      #expect(!accepted)
      let inFlight = ring.inFlight
      #expect(inFlight == depth)
      let code = moment == 0 ? ring.submit() : ring.submitAndWait(atMost: nil)
      #expect(code == 0)
    }
    #expect(try finish(&ring, depth).count == depth)
    let accepted = read(&ring, 5)
    #expect(accepted)
    #expect(try finish(&ring, 1) == [5: 4096])
  }

  @Test("waits for no longer than it is told, and not at all for nothing")
  func waits() throws {
    var ring = try Ring(depth: 2)
    for limit in [Nanoseconds.zero, Nanoseconds(-1), Nanoseconds(1_000_000)] {
      let began = MonotonicClock.now()
      let code = ring.submitAndWait(atMost: limit)
      #expect(code == 0)
      #expect(MonotonicClock.now() - began >= limit)
      #expect(ring.readyCount() == 0)
    }
  }

  @Test("reports what the kernel says of a request as its result")
  func errors() throws {
    let file = try RingFile(bytes: 8192)
    var ring = try Ring(depth: 4)
    let arena = try BufferArena(slotCount: 4, slotBytes: 8192, node: nil)
    ring.setFile(file.descriptor)
    let prepared =
      ring.read(into: arena, slot: 1, length: 8192, offset: 4096, token: 1)
      && ring.read(into: arena, slot: 2, length: 4096, offset: 1 << 20, token: 2)
      && ring.read(into: arena, slot: 3, length: 4096, offset: 1 << 63, token: 3)
    #expect(prepared)
    let results = try finish(&ring, 3)
    #expect(results[1] == 4096, "short at the end")
    #expect(results[2] == 0, "empty beyond it")
    #expect(results[3] == -EINVAL, "no such offset")
  }

  @Test("names its mode")
  func names() {
    #expect(
      Self.modes.map(\.description) == [
        "single-issuer coop-taskrun", "plain", "single-issuer defer-taskrun", "single-issuer",
      ])
  }

  @Test("whose flags the kernel does not know falls back to one without them")
  func fallsBack() throws {
    // DEFER_TASKRUN without SINGLE_ISSUER is what every kernel refuses.
    var impossible = RingMode()
    impossible.singleIssuer = false
    impossible.deferredTaskRun = true
    let ring = try Ring(depth: 2, mode: impossible)
    let mode = ring.mode
    #expect(mode.description == "coop-taskrun")
  }
}
