/// One worker's part of a sequential workload: a run of bytes handed out in ascending order, again
/// and again.
@usableFromInline
struct SequentialShare: Sendable {
  @usableFromInline let start: UInt64
  @usableFromInline let end: UInt64
  /// Where the first pass begins, and so where it is complete.
  @usableFromInline let origin: UInt64
  @usableFromInline var position: UInt64
  @usableFromInline var covered: Bool

  /// Divides the spec's range into shares that are multiples of its largest block; the last worker's
  /// share also holds what is left over.
  ///
  /// A worker for whom nothing is left has nothing to cover and ascends over the whole range.
  init(spec: WorkloadSpec, worker: Int, workers: Int) {
    let range = Swift.min(spec.rangeBytes, UInt64.max - spec.rangeStartBytes)
    let block = UInt64(Swift.max(spec.blocks.maxBytes, 1))
    let workerCount = UInt64(Swift.max(workers, 1))
    let index = Swift.min(UInt64(Swift.max(worker, 0)), workerCount - 1)

    let blocks = range / block
    let (each, extra) = blocks.quotientAndRemainder(dividingBy: workerCount)
    let first = index * each + Swift.min(index, extra)
    let lower = first * block
    let upper = index == workerCount - 1 ? range : lower + (each + (index < extra ? 1 : 0)) * block
    let isEmpty = lower == upper

    start = spec.rangeStartBytes + (isEmpty ? 0 : lower)
    end = spec.rangeStartBytes + (isEmpty ? range : upper)
    covered = isEmpty
    let length = end - start
    let rotation = length > 0 ? spec.startBytes / workerCount % length : 0
    origin = start + rotation / block * block
    position = origin
  }

  /// The next `bytes` of the share, or fewer where it ends or where the first pass began.
  @inlinable @inline(__always)
  mutating func next(bytes: UInt32) -> (offset: UInt64, length: UInt32) {
    let offset = position
    let stop = offset < origin ? origin : end
    let length = UInt32(truncatingIfNeeded: Swift.min(UInt64(bytes), stop &- offset))
    position = offset &+ UInt64(length)
    if position == end { position = start }
    if position == origin { covered = true }
    return (offset, length)
  }
}
