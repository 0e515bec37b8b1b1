internal import LinuxIO
internal import RocksDB
internal import Synchronization

extension TieredStore {
  /// Cuts a range into parts of about the same bytes, to be scanned side by side.
  ///
  /// - Returns: At most `count` ranges in ascending order that together are the range; fewer where
  ///   there is little in it.
  public func partitions(of range: KeyRange = .all, count: Int) throws(StoreError) -> [KeyRange] {
    let tiers = try tiers()
    let boundaries = Tier.allCases.flatMap { tier in
      tiers[tier].database.tableFiles().flatMap { [$0.smallestKey, $0.largestKey] }
    }
    return try PartitionRule.partitions(
      of: range, boundaries: boundaries, count: count
    ) { key throws(StoreError) in
      var bytes: UInt64 = 0
      for tier in Tier.allCases where range.lowerBound.lexicographicallyPrecedes(key) {
        do throws(RocksDBError) {
          bytes &+= try tiers[tier].database.approximateByteCount(from: range.lowerBound, to: key)
        } catch {
          throw tiers[tier].place.storeError(error)
        }
      }
      return bytes
    }
  }

  /// Walks over the keys of a range as they are at this moment, its parts side by side on threads of
  /// their own.
  ///
  /// - Parameters:
  ///   - range: Which keys.
  ///   - partitionCount: Most parts and threads.
  ///   - body: Takes the index of the part, a key and its value, both lent for the call only; false
  ///     ends the walk over that part. Within a part keys ascend. It is called from several threads.
  /// - Throws: The first failure of a part.
  public func scan(
    _ range: KeyRange = .all, partitionCount: Int,
    _ body: @escaping @Sendable (_ part: Int, _ key: Span<UInt8>, _ value: Span<UInt8>) -> Bool
  ) throws(StoreError) {
    guard partitionCount >= 1 else {
      throw .invalidArgument("a scan in \(partitionCount) parts means nothing; give 1 or more")
    }
    let began = metrics == nil ? nil : MonotonicClock.now()
    meter.noteScan()
    defer { if let began { metrics?.noteScan(began) } }
    let snapshot = try snapshot()
    let parts = try partitions(of: range, count: partitionCount)
    let plan = snapshot.plan(range, .forward)
    let failure = SharedFailure()
    var threads: [PinnedThread] = []
    for part in parts.indices.dropFirst() {
      do throws(SystemError) {
        threads.append(
          try PinnedThread(name: "store-scan", cpu: nil) {
            failure.catching { () throws(StoreError) in
              try snapshot.scan(parts[part], by: plan) { key, value in body(part, key, value) }
            }
          })
      } catch {
        failure.note(.system(path: path, cause: "\(error)"))
      }
    }
    failure.catching { () throws(StoreError) in
      try snapshot.scan(parts[0], by: plan) { key, value in body(0, key, value) }
    }
    for thread in threads { thread.join() }
    if let failure = failure.first { throw failure }
  }
}

/// The first failure of several threads.
private final class SharedFailure: Sendable {
  private let failure = Mutex<StoreError?>(nil)

  var first: StoreError? { failure.withLock { $0 } }

  func note(_ error: StoreError) { failure.withLock { $0 = $0 ?? error } }

  func catching(_ body: () throws(StoreError) -> Void) {
    do throws(StoreError) { try body() } catch { note(error) }
  }
}
