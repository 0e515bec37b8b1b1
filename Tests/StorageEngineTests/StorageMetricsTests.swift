import Foundation
import PrometheusMetrics
import TestSupport
import Testing

@testable import StorageEngine

@Suite("Metrics of a store")
struct StorageMetricsTests {
  private func value(_ series: String, in registry: PrometheusRegistry) -> Double? {
    registry.text(.text).split(separator: "\n").first { $0.hasPrefix(series + " ") }
      .flatMap { Double($0.dropFirst(series.count + 1)) }
  }

  @Test("count what the store did, once each, also over a second opening")
  func counts() throws {
    let registry = PrometheusRegistry()
    let metrics = StorageMetrics(factory: registry, nodeID: "n")
    let fixture = try StoreFixture()
    var configuration = StoreFixture.small
    configuration.metrics = metrics
    // Keys that are asked for in their order would be read ahead, some in time and some not.
    configuration.prefetchBytes = 0
    configuration.placement = PlacementSettings()
    configuration.placement?.intervalSeconds = nil
    configuration.placement?.capacityBytes = [.hot: 1 << 30, .warm: 1 << 30, .cold: 1 << 20]
    let store = try fixture.create(configuration)
    for number in 0..<130 { try store.put(bytes("key \(number)"), bytes("value")) }
    for number in 0..<129 { _ = try store.get(bytes("key \(number)")) }
    _ = try store.multiGet([bytes("key 1"), bytes("none")])
    try store.scan { _, _ in true }
    try metrics.update(from: store)
    // Nothing twice, when it is asked for again.
    try metrics.update(from: store)
    for (series, expected) in [
      ("storebench_write_ops_total", 130), ("storebench_read_ops_total{operation=\"get\"}", 129),
      ("storebench_read_ops_total{operation=\"multi_get\"}", 2),
      ("storebench_read_ops_total{operation=\"scan\"}", 1),
      ("storebench_read_latency_seconds_count{operation=\"get\"}", 3),
      ("storebench_read_latency_seconds_count{operation=\"multi_get\"}", 1),
      ("storebench_read_latency_seconds_count{operation=\"scan\"}", 1),
      ("storebench_write_latency_seconds_count{operation=\"commit\"}", 3),
      ("storebench_cache_hits_total", 1), ("storebench_cache_misses_total", 130),
      ("storebench_migrations_in_progress", 0),
    ] as [(String, Double)] {
      #expect(value(series, in: registry) == expected, "\(series)")
    }
    let report = try store.reclassify()
    #expect(report.movedKeys[.cold] == 130 || report.movedKeys[.hot] == nil, "\(report)")
    _ = try store.move(.all, from: .hot, to: .warm)
    try store.flush()
    try metrics.update(from: store)
    let routes = MoveCounts.Route.all.map { "{from=\"\($0.source)\",to=\"\($0.target)\"}" }
    func sum(_ name: String) -> Double {
      routes.reduce(0) { $0 + (value(name + $1, in: registry) ?? .nan) }
    }
    let moved = try store.statistics().moves.routes.values.reduce(0) { $0 + $1.keys }
    #expect(moved >= 130)
    #expect(sum("storebench_migrated_keys_total") == Double(moved))
    #expect(sum("storebench_tier_migrations_total") == sum("storebench_migrations_success_total"))
    #expect(sum("storebench_migrations_success_total") >= 1)
    #expect(sum("storebench_migrations_failure_total") == 0)
    let cold = try store.statistics().tiers[.cold]?.fileBytes ?? 0
    #expect(value("storebench_tier_size_bytes{tier=\"cold\"}", in: registry) == Double(cold))
    let fill = value("storebench_node_disk_usage_ratio{node_id=\"n\",tier=\"cold\"}", in: registry)
    #expect(fill == Double(cold) / Double(1 << 20))
    try store.close()
    #expect(throws: StoreError.self) { try metrics.update(from: store) }
    // Counters go on where they were; a new opening's own begin from nothing.
    let again = try fixture.open(configuration)
    try again.put(bytes("key"), bytes("value"))
    _ = try again.get(bytes("key"))
    for _ in 0..<8 { _ = try again.multiGet((0..<128).map { bytes("key \($0)") }) }
    try metrics.update(from: again)
    for (series, expected) in [
      ("storebench_write_ops_total", 131), ("storebench_read_ops_total{operation=\"get\"}", 130),
      ("storebench_read_ops_total{operation=\"multi_get\"}", 1026),
      ("storebench_read_ops_total{operation=\"scan\"}", 1),
      ("storebench_clients{pattern=\"batch\"}", 1), ("storebench_clients{pattern=\"random\"}", 0),
      ("storebench_clients{pattern=\"sequential\"}", 0),
      ("storebench_clients{pattern=\"rare_write\"}", 0),
    ] as [(String, Double)] {
      #expect(value(series, in: registry) == expected, "\(series)")
    }
    try again.close()
  }

  @Test("filters that spare a table, and those that do not, are told apart")
  func filters() throws {
    let registry = PrometheusRegistry()
    let metrics = StorageMetrics(factory: registry, nodeID: "n")
    let fixture = try StoreFixture()
    var configuration = StoreFixture.small
    configuration.metrics = metrics
    let store = try fixture.create(configuration)
    for number in 0..<1000 { try store.put(bytes("key \(number)"), bytes("value")) }
    try store.flush()
    for number in 0..<1000 { #expect(try store.get(bytes("key \(number)x")) == nil) }
    try metrics.update(from: store)
    let series = "storebench_bloom_filter_hits_total{tier=\"hot\"}"
    let misses = "storebench_bloom_filter_misses_total{tier=\"hot\"}"
    let (spared, passed) = (value(series, in: registry) ?? 0, value(misses, in: registry) ?? 0)
    // Ten bits a key let one in a hundred through.
    #expect(spared + passed == 1000 && passed < 60, "\(spared) \(passed)")
    try store.close()
  }

  @Test("count once what several ask for at the same time")
  func several() throws {
    let registry = PrometheusRegistry()
    let metrics = StorageMetrics(factory: registry, nodeID: "n")
    let fixture = try StoreFixture()
    var configuration = StoreFixture.small
    configuration.metrics = metrics
    let store = try fixture.create(configuration)
    DispatchQueue.concurrentPerform(iterations: 4) { worker in
      for number in 0..<1000 {
        if worker == 0 { _ = try? store.put(bytes("key \(number)"), bytes("value")) }
        if worker > 0 { try? metrics.update(from: store) }
      }
    }
    try metrics.update(from: store)
    #expect(value("storebench_write_ops_total", in: registry) == 1000)
  }

  @Test("a move that fails is counted as one, and nothing is left in progress")
  func failure() {
    var counts = MoveCounts()
    let route = MoveCounts.Route(from: .hot, to: .warm)
    counts.begin()
    counts.begin()
    #expect(counts.inProgress == 2)
    counts.fail(route)
    counts.end(route, keys: 0, bytes: 0, isWhole: true)
    #expect(counts.inProgress == 0)
    #expect(counts[route] == MoveCounts.Figures(failures: 1))
    #expect(counts[MoveCounts.Route(from: .warm, to: .hot)] == MoveCounts.Figures())
  }
}
