/// A batch that `StoreWriter` said was acknowledged.
public struct AcknowledgedBatch: Sendable {
  /// Its keys' number.
  public var number: Int
  /// Its version's sequence.
  public var sequence: UInt64
  /// Nanoseconds of the monotonic clock when it was sent.
  public var begun: UInt64
  /// Nanoseconds of the monotonic clock when it was acknowledged.
  public var acknowledged: UInt64
  /// The version that the drive had by then.
  public var durable: UInt64

  /// Reads a line; nil where it says something else.
  public init?(_ line: Substring) {
    let numbers = line.split(separator: " ").compactMap { UInt64($0) }
    guard numbers.count == 5 else { return nil }
    number = Int(numbers[0])
    sequence = numbers[1]
    begun = numbers[2]
    acknowledged = numbers[3]
    durable = numbers[4]
  }
}
