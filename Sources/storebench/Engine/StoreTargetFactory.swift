import Driver
import LinuxIO
import Measurements
import StorageEngine
import Synchronization
import Workloads

/// How many reads of one worker returned what was put.
final class VerifiedReads: Sendable {
  private let number = Atomic<UInt64>(0)

  /// Counts one; only its worker calls this.
  func increment() { number.store(count &+ 1, ordering: .relaxed) }

  /// The reads so far.
  var count: UInt64 { number.load(ordering: .relaxed) }
}

/// What was wrong with a store's answers, over all workers of a load, and how many were right.
final class StoreFindings: Sendable {
  private struct State: Sendable {
    var verified: [VerifiedReads] = []
    var counts: [StoreFinding: UInt64] = [:]
    var firstNumber: [StoreFinding: UInt64] = [:]
    var firstError: String?
  }

  private let state = Mutex(State())

  /// Where a further worker counts the reads that were right.
  func verifiedReads() -> VerifiedReads {
    let reads = VerifiedReads()
    state.withLock { $0.verified.append(reads) }
    return reads
  }

  /// Reads of all requests, those of the ramp-up included, that returned what was put.
  var verifiedCount: UInt64 {
    state.withLock { $0.verified.reduce(0) { $0 + $1.count } }
  }

  /// Counts a read that did not return what was put.
  func note(_ finding: StoreFinding, number: UInt64) {
    state.withLock { state in
      state.counts[finding, default: 0] += 1
      if state.firstNumber[finding] == nil { state.firstNumber[finding] = number }
    }
  }

  /// Keeps the words of the first error.
  func note(_ error: String) {
    state.withLock { if $0.firstError == nil { $0.firstError = error } }
  }

  /// Everything in words, one sentence for each kind; nil where all was well.
  var text: String? {
    state.withLock { state in
      var parts = StoreFinding.allCases.compactMap { finding in
        state.counts[finding].map { count in
          "\(count) × \(finding.phrase) (first at key number \(state.firstNumber[finding] ?? 0))"
        }
      }
      if let error = state.firstError { parts.append(error) }
      return parts.isEmpty ? nil : parts.joined(separator: "; ")
    }
  }

  /// The counts.
  var counts: [StoreFinding: UInt64] { state.withLock { $0.counts } }
}

/// Makes store targets that share one store.
///
/// Only one load that puts may run on a store at a time: what was lost is told by generations, which
/// rise from load to load.
struct StoreTargetFactory: LoadTargetFactory {
  /// The store.
  let store: TieredStore
  /// Its keys.
  let keys: StoreKeys
  /// Its values.
  let values: StoreValues
  /// What was wrong.
  let findings = StoreFindings()
  /// For requests that have no form with a completion.
  let lanes: JobThreads
  /// All generations of earlier loads are at most this.
  let generationBase: UInt64
  /// Whether workers sleep until requests are due, rather than spin.
  var isBeside = false

  /// A store spreads its own memory.
  var numaNode: Int? { nil }

  /// Loads a store, with so many requests in flight over all workers.
  init(store: TieredStore, keys: StoreKeys, values: StoreValues, inFlight: Int) {
    self.store = store
    self.keys = keys
    self.values = values
    // As many threads as the engine reads with, or as there are requests.
    lanes = JobThreads(name: "store-lane", count: min(inFlight, 16))
    // Each put takes a version of its own, so that no earlier load can have come as far.
    generationBase = store.lastVersion.sequence
  }

  /// A target for one worker.
  func makeTarget(worker: Int, plan: LoadPlan) throws(TargetError) -> StoreTarget {
    guard let workload = plan.store else {
      throw TargetError(
        operation: "open", errno: 22,
        description: "\(store.path): is a store, and a workload of blocks needs a device")
    }
    return StoreTarget(self, workload, worker: worker, plan: plan)
  }
}

extension StoreError {
  /// The errno that comes closest.
  var errno: Int32 {
    switch self {
    case .noSpace: 28
    case .corruption, .damagedFormat: 74
    case .failed, .poisoned, .system: 5
    case .noMemory: 12
    case .readOnly: 30
    case .refused: 13
    case .closed: 108
    case .tooLarge: 7
    case .notAStore, .exists, .newerFormat, .wrongFolder, .inUse, .invalidArgument: 22
    }
  }
}
