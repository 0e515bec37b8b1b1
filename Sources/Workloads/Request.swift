/// What a request asks of its target.
public enum Operation: UInt8, Sendable {
  /// Read `length` bytes at `offset`; of a store: get one key.
  case read
  /// Write `length` bytes at `offset`; of a store: put one key.
  case write
  /// Make everything acknowledged so far durable.
  case flush
  /// Tell the target that `length` bytes at `offset` are no longer needed.
  case discard
  /// Put `count` keys of a store, all of them or none.
  case batch
  /// Get one key of a store and then put it.
  case readModifyWrite
  /// Get `count` keys of a store at once.
  case multiGet
  /// Walk over `count` keys of a store in ascending order.
  case scanForward
  /// Walk over `count` keys of a store in descending order.
  case scanBackward

  /// Whether it reads and changes nothing.
  @inlinable @inline(__always)
  public var isRead: Bool { 0b1_1100_0001 &>> UInt16(rawValue) & 1 != 0 }

  /// Whether it sends data to be kept.
  @inlinable @inline(__always)
  public var sendsData: Bool { 0b0_0011_0010 &>> UInt16(rawValue) & 1 != 0 }
}

/// One request to a load target.
///
/// For a device, `offset` and `length` are bytes, multiples of its logical block. For a store,
/// `offset` is a key number, for several keys the draw that they follow from
/// (``StoreKeyChoice/next(_:)``), for scans that go on from each other the rank at which the slot's first
/// one begins, and `length` the bytes of all keys and values that the request
/// moves: 0 for a key that must not be there.
public struct Request: Sendable {
  /// First byte, or a key number.
  public var offset: UInt64
  /// Bytes; at most 2 GiB − 1.
  public var length: UInt32
  /// What is asked.
  public var operation: Operation
  /// The caller's slot, unique among the requests in flight and below the depth; completions carry
  /// it back.
  public var slot: UInt32
  /// Keys that a store is asked for; 1 for devices.
  public var count: UInt32

  /// Asks for an operation in a slot.
  @inlinable
  public init(
    offset: UInt64, length: UInt32, operation: Operation, slot: UInt32, count: UInt32 = 1
  ) {
    self.offset = offset
    self.length = length
    self.operation = operation
    self.slot = slot
    self.count = count
  }
}

/// The sequence of one worker's requests.
public protocol RequestSource: Sendable {
  /// Whether all that was to be covered once was handed out; never true for random requests.
  var covered: Bool { get }

  /// The next request, to be carried out in `slot`, whose request before was answered.
  mutating func next(slot: UInt32) -> Request
}
