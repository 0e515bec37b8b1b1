/// A byte that empty slices point at: to the C calls a null pointer would mean "not given".
nonisolated(unsafe) private let nothing: UnsafePointer<CChar> = {
  let byte = UnsafeMutablePointer<CChar>.allocate(capacity: 1)
  byte.initialize(to: 0)
  return UnsafePointer(byte)
}()

extension RawSpan {
  /// Lends the bytes as C wants them: a pointer that is never null, and a length.
  @inline(__always)
  func withSlice<R>(_ body: (UnsafePointer<CChar>, Int) -> R) -> R {
    withUnsafeBytes { bytes in
      guard let start = bytes.baseAddress, !bytes.isEmpty else { return body(nothing, 0) }
      return body(start.assumingMemoryBound(to: CChar.self), bytes.count)
    }
  }
}

extension [UInt8] {
  /// A copy of the bytes of a span.
  public init(copying bytes: RawSpan) {
    self = bytes.withUnsafeBytes { Self($0) }
  }

  /// Lends the bytes as C wants them: a pointer that is never null, and a length.
  @inline(__always)
  func withSlice<R>(_ body: (UnsafePointer<CChar>, Int) -> R) -> R {
    withUnsafeBytes { bytes in
      guard let start = bytes.baseAddress, !bytes.isEmpty else { return body(nothing, 0) }
      return body(start.assumingMemoryBound(to: CChar.self), bytes.count)
    }
  }
}

extension [UInt8]? {
  /// Lends the bytes of a bound; a null pointer where there is no bound.
  func withSlice<R>(_ body: (UnsafePointer<CChar>?, Int) -> R) -> R {
    switch self {
    case .some(let bytes): bytes.withSlice { body($0, $1) }
    case .none: body(nil, 0)
    }
  }
}
