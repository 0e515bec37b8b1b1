internal import CLibNUMA
internal import Glibc

/// Page-aligned memory for O_DIRECT, cut into slots of equal size and bound to a NUMA node.
///
/// Every page is present before the arena is handed out, so that no page fault falls into a
/// measurement.
public struct BufferArena: ~Copyable {
  /// Slots, numbered from 0.
  public let slotCount: Int
  /// Bytes of a slot; a multiple of 4096.
  public let slotBytes: Int
  let base: UnsafeMutableRawPointer
  let byteCount: Int

  /// Maps the memory and binds it.
  ///
  /// - Parameters:
  ///   - slotCount: Slots; at least 1.
  ///   - slotBytes: Bytes of a slot, rounded up to whole pages.
  ///   - node: The NUMA node to bind to; nil leaves it to the thread's own node.
  /// - Throws: `SystemError` with `ENOMEM` where the memory cannot be had.
  public init(slotCount: Int, slotBytes: Int, node: Int?) throws(SystemError) {
    precondition(slotCount > 0 && slotBytes > 0)
    let (rounded, overflow) = slotBytes.addingReportingOverflow(4095)
    let slot = rounded & ~4095
    let (bytes, overflow2) = slot.multipliedReportingOverflow(by: slotCount)
    guard !overflow, !overflow2 else {
      throw SystemError(call: "mmap", subject: "\(slotCount) buffers", errno: ENOMEM)
    }
    let mapped = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let mapped, mapped != MAP_FAILED else {
      throw SystemError(call: "mmap", subject: "\(bytes) bytes of buffers", errno: errno)
    }
    if let node, node >= 0, node < 1024 {
      var mask = [UInt](repeating: 0, count: 1024 / UInt.bitWidth)
      mask[node / UInt.bitWidth] |= 1 << UInt(node % UInt.bitWidth)
      // A kernel without NUMA answers ENOSYS: the memory is then where all memory is. What came
      // of it is read back by `nodes()` and recorded.
      _ = mbind(mapped, UInt(bytes), Int32(MPOL_BIND), &mask, 1024, 0)
    }
    memset(mapped, 0, bytes)
    self.slotCount = slotCount
    self.slotBytes = slot
    self.base = mapped
    self.byteCount = bytes
  }

  deinit { munmap(base, byteCount) }

  /// The address of a slot.
  @inline(__always)
  func pointer(_ slot: Int) -> UnsafeMutableRawPointer {
    precondition(slot >= 0 && slot < slotCount)
    return base + slot &* slotBytes
  }

  /// Lends the first `byteCount` bytes of a slot as 64-bit words, to be written.
  @inline(__always)
  public mutating func withWords<R>(
    of slot: Int, byteCount: Int, _ body: (inout MutableSpan<UInt64>) -> R
  ) -> R {
    precondition(byteCount >= 0 && byteCount <= slotBytes)
    let words = UnsafeMutableBufferPointer(
      start: pointer(slot).assumingMemoryBound(to: UInt64.self), count: byteCount / 8)
    var span = MutableSpan(_unsafeElements: words)
    return body(&span)
  }

  /// Lends the first `byteCount` bytes of a slot as 64-bit words, to be read.
  @inline(__always)
  public func withReadOnlyWords<R>(
    of slot: Int, byteCount: Int, _ body: (Span<UInt64>) -> R
  ) -> R {
    precondition(byteCount >= 0 && byteCount <= slotBytes)
    let words = UnsafeBufferPointer(
      start: UnsafePointer(pointer(slot).assumingMemoryBound(to: UInt64.self)),
      count: byteCount / 8)
    return body(Span(_unsafeElements: words))
  }

  /// The NUMA nodes that the pages really lie on, ascending; looks at up to 4096 pages spread
  /// over the arena.
  ///
  /// The corresponding C call is `move_pages` with no nodes, which only asks.
  public func nodes() -> [Int] {
    let pages = byteCount / 4096
    let step = max(1, pages / 4096)
    var addresses: [UnsafeMutableRawPointer?] = stride(from: 0, to: pages, by: step)
      .map { base + $0 * 4096 }
    var status = [Int32](repeating: -1, count: addresses.count)
    let result = move_pages(0, UInt(addresses.count), &addresses, nil, &status, 0)
    guard result == 0 else { return [] }
    return Set(status.filter { $0 >= 0 }.map(Int.init)).sorted()
  }
}
