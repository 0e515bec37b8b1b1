public import CoreMetrics
internal import Synchronization

/// Keeps the metrics of swift-metrics in memory, for Prometheus to read.
///
/// Metrics that were described in advance have that kind and meaning. Any other is a counter, a gauge or, for
/// timers and recorders, a histogram; a timer's is in seconds. A label that was first of one kind and
/// then asked for as another is kept as the first: the second counts nowhere.
public final class PrometheusRegistry: MetricsFactory {
  /// A metric and all of its series.
  struct Entry: Sendable {
    var family: MetricFamily
    var series: [[Label]: Series]
  }

  /// A label of a series.
  struct Label: Sendable, Hashable, Comparable {
    var name: String
    var value: String

    static func < (left: Label, right: Label) -> Bool { left.name < right.name }
  }

  private struct State {
    var described: [String: MetricFamily] = [:]
    var entries: [String: Entry] = [:]
  }

  private let state = Mutex(State())

  /// A registry that knows these metrics by name; they are shown from their first use on.
  public init(_ families: [MetricFamily] = []) {
    state.withLock { state in
      for family in families { state.described[family.name] = family }
    }
  }

  /// All metrics as text.
  public func text(_ format: ExpositionFormat) -> String {
    let entries = state.withLock { $0.entries.values.sorted { $0.family.name < $1.family.name } }
    return ExpositionText.text(entries, format)
  }

  // MARK: MetricsFactory

  /// A counter by this name; what it is told to fall by is passed over.
  public func makeCounter(
    label: String, dimensions: [(String, String)]
  ) -> any CounterHandler {
    CounterSeries(series(label, dimensions, .counter))
  }

  /// A counter of parts of a whole, which shares its series with a whole one.
  public func makeFloatingPointCounter(
    label: String, dimensions: [(String, String)]
  ) -> any FloatingPointCounterHandler {
    CounterSeries(series(label, dimensions, .counter))
  }

  /// A gauge by this name.
  public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
    GaugeSeries(series(label, dimensions, .gauge))
  }

  /// A gauge, or a histogram where all values are to be told.
  public func makeRecorder(
    label: String, dimensions: [(String, String)], aggregate: Bool
  ) -> any RecorderHandler {
    aggregate
      ? DistributionSeries(
        series(label, dimensions, .histogram(bounds: MetricFamily.secondsBounds)))
      : GaugeSeries(series(label, dimensions, .gauge))
  }

  /// A histogram of seconds.
  public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
    DistributionSeries(series(label, dimensions, .histogram(bounds: MetricFamily.secondsBounds)))
  }

  /// Forgets a series.
  public func destroyCounter(_ handler: any CounterHandler) { forget(handler) }
  /// Forgets a series.
  public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {
    forget(handler)
  }
  /// Forgets a series.
  public func destroyMeter(_ handler: any MeterHandler) { forget(handler) }
  /// Forgets a series.
  public func destroyRecorder(_ handler: any RecorderHandler) { forget(handler) }
  /// Forgets a series.
  public func destroyTimer(_ handler: any TimerHandler) { forget(handler) }

  // MARK: Details

  /// The series of a label and its dimensions; one that nobody sees where its kind does not fit.
  private func series(
    _ label: String, _ dimensions: [(String, String)], _ kind: MetricFamily.Kind
  ) -> Series {
    let name = MetricFamily.allowed(label)
    var labels: [Label] = []
    for (name, value) in dimensions {
      let label = Label(name: MetricFamily.allowed(name, isLabel: true), value: value)
      if !labels.contains(where: { $0.name == label.name }) { labels.append(label) }
    }
    labels.sort()
    return state.withLock { state in
      let family =
        state.entries[name]?.family ?? state.described[name]
        ?? MetricFamily(name, kind, help: "")
      switch (family.kind, kind) {
      case (.counter, .counter), (.gauge, .gauge), (.histogram, .histogram): break
      default: return Series(kind)
      }
      if let present = state.entries[name]?.series[labels] { return present }
      let made = Series(family.kind)
      state.entries[name, default: Entry(family: family, series: [:])].series[labels] = made
      return made
    }
  }

  private func forget(_ handler: AnyObject) {
    guard let held = handler as? any SeriesHolder else { return }
    state.withLock { state in
      for (name, entry) in state.entries {
        guard let labels = entry.series.first(where: { $0.value === held.series })?.key else {
          continue
        }
        state.entries[name]?.series[labels] = nil
        if state.entries[name]?.series.isEmpty == true { state.entries[name] = nil }
      }
    }
  }
}

/// The numbers of one metric with one set of labels.
final class Series: Sendable {
  /// What it comes to.
  struct Value: Sendable, Equatable {
    /// Of a counter or gauge; the sum of a histogram.
    var number = 0.0
    /// How many values a histogram has up to each bound, and beyond the last, each by itself.
    var counts: [UInt64] = []
  }

  private let bounds: [Double]
  private let state: Mutex<Value>

  init(_ kind: MetricFamily.Kind) {
    if case .histogram(let bounds) = kind {
      self.bounds = bounds
      state = Mutex(Value(counts: [UInt64](repeating: 0, count: bounds.count + 1)))
    } else {
      bounds = []
      state = Mutex(Value())
    }
  }

  var value: Value { state.withLock { $0 } }

  func set(_ number: Double) { state.withLock { $0.number = number } }
  func add(_ number: Double) { state.withLock { $0.number += number } }

  /// Counts a value of a distribution.
  func observe(_ number: Double) {
    guard !number.isNaN else { return }
    let index = bounds.firstIndex { number <= $0 } ?? bounds.count
    state.withLock { value in
      value.number += number
      if value.counts.indices.contains(index) { value.counts[index] += 1 }
    }
  }
}

/// Whoever writes to a series.
private protocol SeriesHolder: AnyObject {
  var series: Series { get }
}

private final class CounterSeries: CounterHandler, FloatingPointCounterHandler, SeriesHolder {
  let series: Series
  init(_ series: Series) { self.series = series }

  /// A counter never falls.
  func increment(by amount: Int64) { series.add(Double(max(0, amount))) }
  func increment(by amount: Double) { if amount > 0 { series.add(amount) } }
  func reset() { series.set(0) }
}

private final class GaugeSeries: MeterHandler, RecorderHandler, SeriesHolder {
  let series: Series
  init(_ series: Series) { self.series = series }

  func set(_ value: Int64) { series.set(Double(value)) }
  func set(_ value: Double) { series.set(value) }
  func increment(by amount: Double) { series.add(amount) }
  func decrement(by amount: Double) { series.add(-amount) }
  func record(_ value: Int64) { series.set(Double(value)) }
  func record(_ value: Double) { series.set(value) }
}

private final class DistributionSeries: RecorderHandler, TimerHandler, SeriesHolder {
  let series: Series
  init(_ series: Series) { self.series = series }

  func record(_ value: Int64) { series.observe(Double(value)) }
  func record(_ value: Double) { series.observe(value) }
  func recordNanoseconds(_ duration: Int64) { series.observe(Double(duration) / 1e9) }
}
