public import CoreMetrics
internal import LinuxIO
internal import Measurements
internal import Synchronization

/// Tells swift-metrics what a store does.
///
/// Name it in ``StoreConfiguration/metrics`` and call ``update(from:)`` before each reading, or as often as
/// the factory's backend sends: counters and gauges are brought up to date then. Times of reads and writes
/// are recorded as they come: of scans and multi-gets all, of gets and commits one in 64. What is read through
/// a ``StoreSnapshot`` is not counted.
///
/// ```swift
/// let metrics = StorageMetrics(factory: factory, nodeID: "rack7-node3")
/// var configuration = StoreConfiguration.measured
/// configuration.metrics = metrics
/// let store = try TieredStore.open("/srv/store", configuration: configuration)
/// try metrics.update(from: store)
/// ```
///
/// Use one for one store at a time.
public final class StorageMetrics: Sendable {
  let meter = OperationMeter()
  private let getLatency: Timer
  private let multiGetLatency: Timer
  private let scanLatency: Timer
  private let writeLatency: Timer
  private let instruments: Instruments
  private let state = Mutex(State())

  /// What was told so far, so that counters get what came since.
  private struct State {
    var told: [String: UInt64] = [:]
    var cpu: CPUTicks?
    var moved: (bytes: UInt64, at: Nanoseconds)?
  }

  /// Makes the metrics.
  ///
  /// - Parameters:
  ///   - factory: The backend.
  ///   - nodeID: The label `node_id` of what is told of the machine.
  public init(factory: any MetricsFactory = MetricsSystem.factory, nodeID: String) {
    func timer(_ name: Name, _ operation: String) -> Timer {
      Timer(
        label: name.rawValue, dimensions: [("operation", operation)],
        preferredDisplayUnit: .seconds, factory: factory)
    }
    getLatency = timer(.readLatency, "get")
    multiGetLatency = timer(.readLatency, "multi_get")
    scanLatency = timer(.readLatency, "scan")
    writeLatency = timer(.writeLatency, "commit")
    instruments = Instruments(factory: factory, nodeID: nodeID)
  }

  // MARK: Times, as they come

  func noteGet(_ began: Nanoseconds) { Self.note(began, getLatency) }
  func noteMultiGet(_ began: Nanoseconds) { Self.note(began, multiGetLatency) }
  func noteScan(_ began: Nanoseconds) { Self.note(began, scanLatency) }
  func noteWrite(_ began: Nanoseconds) { Self.note(began, writeLatency) }

  private static func note(_ began: Nanoseconds, _ timer: Timer) {
    timer.recordNanoseconds((MonotonicClock.now() - began).rawValue)
  }

  // MARK: The rest, when it is asked for

  /// Brings counters and gauges up to date.
  ///
  /// - Throws: ``StoreError/closed(path:)``.
  public func update(from store: TieredStore) throws(StoreError) {
    let statistics = try store.statistics()
    var fills: [Tier: Double] = [:]
    for tier in Tier.allCases {
      if let (used, capacity) = try store.room(of: tier), capacity > 0 {
        fills[tier] = Double(used) / Double(capacity)
      }
    }
    let counts = meter.counts
    let cpu = CPUTicks()
    let now = MonotonicClock.now()
    state.withLock { state in
      func tell(_ counter: Counter, _ key: String, _ count: UInt64) {
        let told = state.told[key] ?? 0
        // A store that was opened anew begins from nothing.
        let news = count >= told ? count - told : count
        // At nothing, too, so that a series is there from the start.
        counter.increment(by: Int64(clamping: news))
        state.told[key] = count
      }
      for (index, count) in [counts.gets, counts.multiGetKeys, counts.scans].enumerated() {
        tell(instruments.reads[index], "read \(index)", count)
      }
      tell(instruments.writes, "write", statistics.changes)
      tell(instruments.cacheHits, "hit", statistics.cacheHits)
      tell(instruments.cacheMisses, "miss", statistics.cacheMisses)
      tell(instruments.prefetches, "prefetch", statistics.prefetchesIssued)
      tell(instruments.prefetchHits, "prefetch hit", statistics.prefetchesUsed)
      tell(instruments.prefetchWaste, "prefetch waste", statistics.prefetchesWasted)
      for tier in Tier.allCases {
        guard let figures = statistics.tiers[tier], let counters = instruments.tiers[tier] else {
          continue
        }
        tell(counters.filterHits, "filter hit \(tier)", figures.filterHits)
        tell(counters.filterMisses, "filter miss \(tier)", figures.filterMisses)
        counters.size.record(Double(figures.fileBytes))
        if let fill = fills[tier] { counters.diskUsage.record(fill) }
      }
      for (route, counters) in instruments.routes {
        let figures = statistics.moves[route]
        tell(counters.all, "move \(route)", figures.successes + figures.failures)
        tell(counters.successes, "success \(route)", figures.successes)
        tell(counters.failures, "failure \(route)", figures.failures)
        tell(counters.keys, "keys \(route)", figures.keys)
        tell(counters.bytes, "bytes \(route)", figures.bytes)
      }
      instruments.movesInProgress.record(Double(statistics.moves.inProgress))
      let movedBytes = statistics.moves.routes.values.reduce(0) { $0 + $1.bytes }
      // Two who read one behind the other must not see the speed of the moment between.
      if let (bytes, at) = state.moved, movedBytes >= bytes {
        if now - at >= Self.throughputSpan {
          instruments.moveThroughput.record(Double(movedBytes - bytes) / (now - at).seconds)
          state.moved = (movedBytes, now)
        }
      } else {
        instruments.moveThroughput.record(0)
        state.moved = (movedBytes, now)
      }
      if let cpu {
        let share =
          state.cpu.map { cpu.busyShare(since: $0) }
          ?? cpu.busyShare(since: CPUTicks(busy: 0, stolen: 0, total: 0))
        if let share {
          instruments.cpuUsage.record(share)
          state.cpu = cpu
        }
      }
      if let most = fills.values.max(), let least = fills.values.min() {
        instruments.imbalance.record(most - least)
      }
    }
  }

  private static let throughputSpan = Nanoseconds(1_000_000_000)
}

/// By identity, so that configurations can be compared.
extension StorageMetrics: Equatable {
  /// Whether both are the same one.
  public static func == (left: StorageMetrics, right: StorageMetrics) -> Bool { left === right }
}

extension StorageMetrics {
  /// What is brought up to date when asked for.
  private struct Instruments: Sendable {
    struct TierInstruments: Sendable {
      var size: Gauge
      var diskUsage: Gauge
      var filterHits: Counter
      var filterMisses: Counter
    }

    struct RouteInstruments: Sendable {
      var all: Counter
      var successes: Counter
      var failures: Counter
      var keys: Counter
      var bytes: Counter
    }

    var reads: [Counter]
    var writes: Counter
    var cacheHits: Counter
    var cacheMisses: Counter
    var prefetches: Counter
    var prefetchHits: Counter
    var prefetchWaste: Counter
    var tiers: [Tier: TierInstruments]
    var routes: [MoveCounts.Route: RouteInstruments]
    var movesInProgress: Gauge
    var moveThroughput: Gauge
    var cpuUsage: Gauge
    var imbalance: Gauge

    init(factory: any MetricsFactory, nodeID: String) {
      func counter(_ name: Name, _ labels: [(String, String)] = []) -> Counter {
        Counter(label: name.rawValue, dimensions: labels, factory: factory)
      }
      func gauge(_ name: Name, _ labels: [(String, String)] = []) -> Gauge {
        Gauge(label: name.rawValue, dimensions: labels, factory: factory)
      }
      reads = ["get", "multi_get", "scan"].map { counter(.reads, [("operation", $0)]) }
      writes = counter(.writes)
      cacheHits = counter(.cacheHits)
      cacheMisses = counter(.cacheMisses)
      prefetches = counter(.prefetches)
      prefetchHits = counter(.prefetchHits)
      prefetchWaste = counter(.prefetchWaste)
      tiers = Dictionary(
        uniqueKeysWithValues: Tier.allCases.map { tier in
          let label = [("tier", tier.rawValue)]
          return (
            tier,
            TierInstruments(
              size: gauge(.tierSize, label),
              diskUsage: gauge(.diskUsage, [("node_id", nodeID)] + label),
              filterHits: counter(.filterHits, label), filterMisses: counter(.filterMisses, label))
          )
        })
      routes = Dictionary(
        uniqueKeysWithValues: MoveCounts.Route.all.map { route in
          let labels = [("from", route.source.rawValue), ("to", route.target.rawValue)]
          return (
            route,
            RouteInstruments(
              all: counter(.moves, labels), successes: counter(.moveSuccesses, labels),
              failures: counter(.moveFailures, labels), keys: counter(.movedKeys, labels),
              bytes: counter(.movedBytes, labels))
          )
        })
      movesInProgress = gauge(.movesInProgress)
      moveThroughput = gauge(.moveThroughput)
      cpuUsage = gauge(.cpuUsage, [("node_id", nodeID)])
      imbalance = gauge(.imbalance, [("node_id", nodeID)])
    }
  }
}
