/// When a store's caches have stopped filling, so that measuring may begin: pure.
///
/// Device reads a get over the last quarter of the slices so far are compared with those over the
/// quarter before it. As the quarters grow with the time, caches that fill ever more slowly are seen
/// to fill: with keys by a Zipf distribution the hit ratio grows with the logarithm of what is
/// cached, so that any fixed step of time would soon show nothing.
public struct WarmUpRule: Sendable, Equatable {
  /// Slices that are needed before anything can be said: the shortest warm-up is as long.
  public static let fewestSlices = 4
  /// The part of the larger of two quarters by which they may differ.
  public static let relativeLimit = 0.02
  /// Device reads a get by which two quarters may differ whatever their size.
  public static let absoluteLimit = 0.005

  /// What a slice of the warm-up counted.
  public struct Slice: Sendable, Equatable {
    /// Keys looked up.
    public var gets: UInt64
    /// Reads of the device for them.
    public var deviceReads: UInt64

    /// Takes what was counted.
    public init(gets: UInt64, deviceReads: UInt64) {
      self.gets = gets
      self.deviceReads = deviceReads
    }
  }

  /// Whether the device reads a get no longer change; never with fewer than ``fewestSlices``.
  public static func isSteady(_ slices: [Slice]) -> Bool {
    guard slices.count >= fewestSlices else { return false }
    let quarter = (slices.count + fewestSlices - 1) / fewestSlices
    let last = readsPerGet(slices.suffix(quarter))
    let before = readsPerGet(slices.dropLast(quarter).suffix(quarter))
    guard let last, let before else { return false }
    return abs(last - before) <= max(absoluteLimit, relativeLimit * max(last, before))
  }

  /// Device reads for each key looked up over all slices; nil where none was.
  public static func readsPerGet(_ slices: some Sequence<Slice>) -> Double? {
    let (gets, reads) = slices.reduce((0.0, 0.0)) {
      ($0.0 + Double($1.gets), $0.1 + Double($1.deviceReads))
    }
    return gets > 0 ? reads / gets : nil
  }
}
