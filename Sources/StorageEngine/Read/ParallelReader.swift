internal import LinuxIO

/// Sixteen threads that read the tiers for callers that do not wait.
///
/// They start with the first reads that need them. Sixteen reads at a time keep an NVMe drive busy;
/// callers beyond that queue up, by the hundred without a thread each.
final class ParallelReader: Sendable {
  /// Threads, by the specification.
  static let laneCount = 16

  private let path: String
  private let threads = JobThreads(
    name: "store-reader", count: laneCount, turn: .short)

  /// Readers of the store at `path`, which errors name.
  init(path: String) { self.path = path }

  /// Queues a job, to be run on one of the threads.
  func submit(_ job: @escaping JobThreads.Job) throws(StoreError) {
    let isTaken: Bool
    do throws(SystemError) {
      isTaken = try threads.submit(job)
    } catch {
      throw .system(path: path, cause: "no thread can be had for reading: \(error)")
    }
    guard isTaken else { throw .closed(path: path) }
  }

  /// Runs what is queued and ends the threads.
  func close() { threads.close() }
}
