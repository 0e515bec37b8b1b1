/// What a request asks of its target.
public enum Operation: UInt8, Sendable {
  /// Read `length` bytes at `offset`.
  case read
  /// Write `length` bytes at `offset`.
  case write
  /// Make everything acknowledged so far durable.
  case flush
  /// Tell the target that `length` bytes at `offset` are no longer needed.
  case discard
}

/// One request to a load target.
///
/// For a device, `offset` and `length` are bytes, multiples of its logical block.
public struct Request: Sendable {
  /// First byte.
  public var offset: UInt64
  /// Bytes; at most 2 GiB − 1.
  public var length: UInt32
  /// What is asked.
  public var operation: Operation
  /// The caller's slot, unique among the requests in flight and below the depth; completions carry
  /// it back.
  public var slot: UInt32

  /// Asks for an operation in a slot.
  @inlinable
  public init(offset: UInt64, length: UInt32, operation: Operation, slot: UInt32) {
    self.offset = offset
    self.length = length
    self.operation = operation
    self.slot = slot
  }
}
