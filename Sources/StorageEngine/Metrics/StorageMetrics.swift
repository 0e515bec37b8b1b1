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
/// Use one for one store at a time. What a store does after the last update before it is closed is not told.
public final class StorageMetrics: Sendable {
  private let getLatency: Timer
  private let multiGetLatency: Timer
  private let scanLatency: Timer
  private let writeLatency: Timer
  private let state: Mutex<State>

  private struct State: Sendable {
    var instruments: Instruments
    /// The store that was asked last.
    var storeSerial = 0
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
    state = Mutex(State(instruments: Instruments(factory: factory, nodeID: nodeID)))
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
    // Read under the lock, so that of two who ask at once the later tells the later sums.
    try state.withLock { state throws(StoreError) in
      let statistics = try store.statistics()
      var fills: [Tier: Double] = [:]
      for tier in Tier.allCases {
        if let (used, capacity) = try store.room(of: tier), capacity > 0 {
          fills[tier] = Double(used) / Double(capacity)
        }
      }
      let counts = store.meter.counts
      let cpu = CPUTicks()
      let now = MonotonicClock.now()
      // A store that was opened anew begins from nothing.
      if state.storeSerial != store.serial {
        state.instruments.beginAnew()
        state.storeSerial = store.serial
      }
      for (index, count) in [counts.gets, counts.multiGetKeys, counts.scans].enumerated() {
        state.instruments.reads[index].tell(count)
      }
      state.instruments.writes.tell(statistics.changes)
      state.instruments.cacheHits.tell(statistics.cacheHits)
      state.instruments.cacheMisses.tell(statistics.cacheMisses)
      state.instruments.prefetches.tell(statistics.prefetchesIssued)
      state.instruments.prefetchHits.tell(statistics.prefetchesUsed)
      state.instruments.prefetchWaste.tell(statistics.prefetchesWasted)
      for tier in Tier.allCases {
        if let figures = statistics.tiers[tier] {
          state.instruments.tiers[tier]?.tell(figures, fill: fills[tier])
        }
      }
      for route in MoveCounts.Route.all {
        state.instruments.routes[route]?.tell(statistics.moves[route])
      }
      let instruments = state.instruments
      for (pattern, gauge) in instruments.clients {
        gauge.record(Double(statistics.clientPatterns[pattern] ?? 0))
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
        // At first since the machine started.
        let before = state.cpu ?? CPUTicks(busy: 0, stolen: 0, total: 0)
        if let share = cpu.busyShare(since: before) {
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
  /// A counter that is told sums, and counts what came since the last.
  private struct Total: Sendable {
    let counter: Counter
    private var told: UInt64 = 0

    init(_ counter: Counter) { self.counter = counter }

    mutating func tell(_ sum: UInt64) {
      // What is counted later may take something back; a counter must not. Nothing is told, too, so that
      // a series is there from the start.
      counter.increment(by: Int64(clamping: sum - min(sum, told)))
      told = max(told, sum)
    }

    mutating func beginAnew() { told = 0 }
  }

  /// What is brought up to date when asked for.
  private struct Instruments: Sendable {
    struct TierInstruments: Sendable {
      let size: Gauge
      let diskUsage: Gauge
      var filterHits: Total
      var filterMisses: Total

      mutating func tell(_ figures: StoreStatistics.TierStatistics, fill: Double?) {
        filterHits.tell(figures.filterHits)
        filterMisses.tell(figures.filterMisses)
        size.record(Double(figures.fileBytes))
        if let fill { diskUsage.record(fill) }
      }
    }

    struct RouteInstruments: Sendable {
      var all: Total
      var successes: Total
      var failures: Total
      var keys: Total
      var bytes: Total

      mutating func tell(_ figures: MoveCounts.Figures) {
        all.tell(figures.successes + figures.failures)
        successes.tell(figures.successes)
        failures.tell(figures.failures)
        keys.tell(figures.keys)
        bytes.tell(figures.bytes)
      }

      mutating func beginAnew() {
        all.beginAnew()
        successes.beginAnew()
        failures.beginAnew()
        keys.beginAnew()
        bytes.beginAnew()
      }
    }

    /// Begins anew with all that a store counts.
    mutating func beginAnew() {
      for index in reads.indices { reads[index].beginAnew() }
      writes.beginAnew()
      cacheHits.beginAnew()
      cacheMisses.beginAnew()
      prefetches.beginAnew()
      prefetchHits.beginAnew()
      prefetchWaste.beginAnew()
      for tier in Array(tiers.keys) {
        tiers[tier]?.filterHits.beginAnew()
        tiers[tier]?.filterMisses.beginAnew()
      }
      for route in Array(routes.keys) { routes[route]?.beginAnew() }
    }

    var reads: [Total]
    var writes: Total
    var cacheHits: Total
    var cacheMisses: Total
    var prefetches: Total
    var prefetchHits: Total
    var prefetchWaste: Total
    var tiers: [Tier: TierInstruments]
    var routes: [MoveCounts.Route: RouteInstruments]
    var clients: [AccessPattern: Gauge]
    var movesInProgress: Gauge
    var moveThroughput: Gauge
    var cpuUsage: Gauge
    var imbalance: Gauge

    init(factory: any MetricsFactory, nodeID: String) {
      func counter(_ name: Name, _ labels: [(String, String)] = []) -> Total {
        Total(Counter(label: name.rawValue, dimensions: labels, factory: factory))
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
      clients = Dictionary(
        uniqueKeysWithValues: AccessPattern.allCases.map {
          ($0, gauge(.clients, [("pattern", $0.rawValue)]))
        })
      movesInProgress = gauge(.movesInProgress)
      moveThroughput = gauge(.moveThroughput)
      cpuUsage = gauge(.cpuUsage, [("node_id", nodeID)])
      imbalance = gauge(.imbalance, [("node_id", nodeID)])
    }
  }
}
