import CoreMetrics
import Testing

@testable import PrometheusMetrics

@Suite("Metrics as text")
struct ExpositionTextTests {
  @Test("In Prometheus' format", arguments: [ExpositionFormat.text, .openMetrics])
  func formats(format: ExpositionFormat) {
    let registry = PrometheusRegistry([
      MetricFamily("app_ops_total", .counter, help: "Operations, \"all\" of\nthem \\"),
      MetricFamily("app_wait_seconds", .histogram(bounds: [0.001, 1]), help: "Waits"),
    ])
    Counter(
      label: "app_ops_total", dimensions: [("b", "x\"y\\z\n"), ("a", "1")], factory: registry
    )
    .increment(by: 3)
    let timer = Timer(label: "app_wait_seconds", factory: registry)
    for nanoseconds: Int64 in [500_000, 1_000_000, 20_000_000, 5_000_000_000] {
      timer.recordNanoseconds(nanoseconds)
    }
    Gauge(label: "app.fill-1", factory: registry).record(0.25)
    let isOpen = format == .openMetrics
    let ops = isOpen ? "app_ops" : "app_ops_total"
    let help = isOpen ? #"Operations, \"all\" of\nthem \\"# : #"Operations, "all" of\nthem \\"#
    #expect(
      registry.text(format) == """
        # TYPE app_fill_1 gauge
        app_fill_1 0.25
        # HELP \(ops) \(help)
        # TYPE \(ops) counter
        app_ops_total{a="1",b="x\\"y\\\\z\\n"} 3
        # HELP app_wait_seconds Waits
        # TYPE app_wait_seconds histogram
        app_wait_seconds_bucket{le="0.001"} 2
        app_wait_seconds_bucket{le="1.0"} 3
        app_wait_seconds_bucket{le="+Inf"} 4
        app_wait_seconds_sum 5.0215
        app_wait_seconds_count 4

        """ + (isOpen ? "# EOF\n" : ""))
  }

  @Test("One series for the same labels in any order; counters never fall; destroyed ones are gone")
  func series() {
    let registry = PrometheusRegistry()
    let first = Counter(label: "n_total", dimensions: [("a", "1"), ("b", "2")], factory: registry)
    let second = Counter(label: "n_total", dimensions: [("b", "2"), ("a", "1")], factory: registry)
    first.increment(by: 2)
    second.increment(by: -5)
    second.increment()
    #expect(registry.text(.text).contains("n_total{a=\"1\",b=\"2\"} 3\n"))
    // Another kind under the same name counts nowhere, rather than spoil the first.
    Gauge(label: "n_total", factory: registry).record(9)
    #expect(!registry.text(.text).contains("9"))
    first.destroy()
    #expect(registry.text(.text) == "")
  }

  @Test(
    "Numbers",
    arguments: [
      (0.0, "0"), (-0.5, "-0.5"), (1e15, "1000000000000000"), (1e300, "1e+300"),
      (.nan, "NaN"), (.infinity, "+Inf"), (-.infinity, "-Inf"), (1e-9, "1e-09"),
    ] as [(Double, String)])
  func numbers(value: Double, text: String) { #expect(ExpositionText.number(value) == text) }

  @Test(
    "The form that a client prefers",
    arguments: [
      ("", .text), ("*/*", .text), ("text/plain", .text), ("application/json", .text),
      ("application/openmetrics-text; version=1.0.0", .openMetrics),
      ("application/openmetrics-text;version=0.0.1", .text),
      ("application/openmetrics-text;version=1.0.0;q=0.2,text/plain;q=0.5", .text),
      (
        "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
          + "text/plain;version=0.0.4;q=0.5,*/*;q=0.1", .openMetrics
      ),
      ("application/openmetrics-text;q=x", .text),
    ] as [(String, ExpositionFormat)])
  func accept(header: String, format: ExpositionFormat) {
    #expect(ExpositionFormat(accept: header) == format)
  }
}
