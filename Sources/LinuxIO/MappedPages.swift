internal import CLinux
internal import Glibc

/// A part of a ``MappedBytes``, for a thread that takes its memory from the kernel before others need
/// it.
///
/// The kernel clears a page when it is touched first, and on a virtual machine the host may have to find
/// one as well: some milliseconds for a page of 2 MiB, which no reader should wait for.
public struct MappedPages: @unchecked Sendable {
  let start: UnsafeMutableRawPointer
  let count: Int

  /// Takes the memory, and changes nothing of what stands there, whoever writes meanwhile.
  ///
  /// The ``MappedBytes`` must be there until this returns.
  public func take() {
    for offset in stride(from: 0, to: count, by: Int(getpagesize())) {
      linux_take_page(start + offset)
    }
  }
}

extension MappedBytes {
  /// Bytes that are taken together.
  public static var takenBytes: Int { hugePageBytes }

  /// Whether it is made of large pages, so that a first touch takes long.
  public var hasLargePages: Bool { count >= Self.hugePageBytes }

  /// The memory of a range of offsets, as far as there is any.
  public func pages(_ range: Range<Int>) -> MappedPages {
    let range = range.clamped(to: 0..<count)
    return MappedPages(start: start + range.lowerBound, count: range.count)
  }
}
