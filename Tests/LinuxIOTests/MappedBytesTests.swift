import LinuxIO
import Testing

@Suite("Memory straight from the kernel")
struct MappedBytesTests {
  @Test(
    "is zero, holds what is written, and is zero again once cleared", arguments: [1, 4096, 5 << 20])
  func holds(count: Int) throws {
    var bytes = try MappedBytes(count: count)
    let size = bytes.count
    #expect(size >= count)
    let first = bytes.word(at: 0)
    #expect(first == 0)
    let end = size - 8
    bytes.overwrite(at: end, word: 0x0102_0304_0506_0708)
    let last = bytes.withSpan(end..<size) { span in span.indices.map { span[$0] } }
    #expect(last == [8, 7, 6, 5, 4, 3, 2, 1])
    bytes.overwrite(at: 3, bytes: [1, 2, 3, 4].span)
    bytes.move(from: 3, to: 5, count: 4)
    let moved = bytes.withSpan(3..<9) { span in span.indices.map { span[$0] } }
    #expect(moved == [1, 2, 1, 2, 3, 4])
    bytes.clear()
    let cleared = bytes.word(at: end)
    #expect(cleared == 0)
  }

  @Test("is refused with the call and the size where there is no room for it")
  func refused() {
    let error = #expect(throws: SystemError.self) { _ = try MappedBytes(count: 1 << 60) }
    #expect(error?.call == "mmap")
    #expect(error?.description.contains("bytes of memory") == true)
  }
}
