/// When a key got a value: the newest version of a key wins, wherever its copies are.
///
/// Two copies with the same version are identical, so that one left behind by a crash is harmless.
public struct Version: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// Counts changes of the range's owner; compared first.
  ///
  /// A counter of one machine alone would lose its meaning when a range moves to another machine.
  public var epoch: UInt32
  /// Counts the owner's writes, from 1.
  public var sequence: UInt64

  /// Joins an epoch and a sequence.
  public init(epoch: UInt32, sequence: UInt64) {
    self.epoch = epoch
    self.sequence = sequence
  }

  /// Before every write.
  public static let zero = Version(epoch: 0, sequence: 0)

  /// Orders by epoch, then by sequence.
  @inlinable
  public static func < (left: Version, right: Version) -> Bool {
    (left.epoch, left.sequence) < (right.epoch, right.sequence)
  }

  /// Both numbers, such as `0.17`.
  public var description: String { "\(epoch).\(sequence)" }
}
