import Measurements
import Testing

@testable import Reports

@Suite("A quantity") struct QuantityTests {
  @Test(
    "says a rate at a glance",
    arguments: [
      (0.0, "0 IOPS"), (0.4, "0.4 IOPS"), (7, "7 IOPS"), (12.34, "12.3 IOPS"), (850, "850 IOPS"),
      (999.4, "999 IOPS"), (999.7, "1.00K IOPS"), (71_234, "71.2K IOPS"), (703_412, "703K IOPS"),
      (999_999, "1.00M IOPS"), (1_204_000, "1.20M IOPS"), (-3, "0 IOPS"), (.nan, "–"),
      (.infinity, "–"), (-.infinity, "–"), (-0.0, "0 IOPS"),
    ])
  func rate(perSecond: Double, text: String) { #expect(Quantity.rate(perSecond) == text) }

  @Test(
    "says a rate in full",
    arguments: [
      (703_412.4, "703 412 IOPS"), (1_000_000, "1 000 000 IOPS"), (123.4, "123.4 IOPS"),
      (1000, "1 000 IOPS"), (999.97, "1 000 IOPS"), (0, "0 IOPS"), (0.05, "0.05000 IOPS"),
      (.nan, "–"), (1e30, "– IOPS"),
    ])
  func rateInFull(perSecond: Double, text: String) {
    #expect(Quantity.rateInFull(perSecond) == text)
  }

  @Test(
    "says a bandwidth",
    arguments: [
      (6.812e9, "6.81 GB/s"), (512e6, "512 MB/s"), (1.31e9, "1.31 GB/s"), (999.9e6, "1.00 GB/s"),
      (4096, "4.10 kB/s"), (12, "12 B/s"), (0, "0 B/s"), (.infinity, "–"), (3.2e12, "3.20 TB/s"),
    ])
  func bandwidth(bytesPerSecond: Double, text: String) {
    #expect(Quantity.bandwidth(bytesPerSecond) == text)
  }

  @Test(
    "says a size",
    arguments: [
      (0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (4_294_967_296, "4.0 GiB"),
      (25_232_932_864, "23.5 GiB"), (536_870_912, "512 MiB"), (1_073_741_823, "1.0 GiB"),
      (107_319_000_000, "99.9 GiB"), (107_374_182_399, "100 GiB"), (UInt64.max, "16.0 EiB"),
    ] as [(UInt64, String)])
  func bytes(count: UInt64, text: String) { #expect(Quantity.bytes(count) == text) }

  @Test(
    "says a capacity",
    arguments: [
      (3_840_755_982_336, "3.84 TB"), (18_000_207_937_536, "18.0 TB"), (67_108_864, "67.1 MB"),
      (UInt64.max, "18 447 PB"),
    ] as [(UInt64, String)])
  func capacity(count: UInt64, text: String) { #expect(Quantity.capacity(count) == text) }

  @Test(
    "says a latency",
    arguments: [
      (512_000.0, "512 µs"), (850, "850 ns"), (999.6, "1.00 µs"), (99_960, "100 µs"),
      (312_000, "312 µs"), (999_700, "1.00 ms"), (2_100_000, "2.10 ms"), (3.2e9, "3.20 s"),
      (1.2e12, "1 200 s"), (0, "0 ns"), (0.4, "0.4 ns"), (-5, "0 ns"), (.nan, "–"),
    ])
  func latency(nanoseconds: Double, text: String) {
    #expect(Quantity.latency(nanoseconds: nanoseconds) == text)
  }

  @Test(
    "says a latency in the unit of its limit while that is readable",
    arguments: [
      (312_000.0, 2e6, "0.312 ms"), (312_000, 5e5, "312 µs"), (88_000, 2e6, "88.0 µs"),
      (4.2e9, 2e6, "4.20 s"), (12e6, 2e6, "12.0 ms"), (100, .nan, "100 ns"),
    ])
  func latencyBesideLimit(nanoseconds: Double, limit: Double, text: String) {
    #expect(Quantity.latency(nanoseconds: nanoseconds, beside: limit) == text)
  }

  @Test(
    "says a share",
    arguments: [
      (0.011, "1.1 %"), (0.0004, "<0.1 %"), (0, "0 %"), (-0.0, "0 %"), (0.0994, "9.9 %"),
      (0.0996, "10 %"), (12.3456, "1 235 %"), (-0.04, "-4.0 %"), (.nan, "–"), (1e300, "–"),
    ])
  func percent(fraction: Double, text: String) {
    #expect(Quantity.percent(fraction: fraction) == text)
  }

  @Test(
    "says a time",
    arguments: [
      (72.0, "1:12", "1 min 12 s"), (0, "0:00", "0 s"), (-4, "0:00", "0 s"),
      (7530, "2:05:30", "2 h 5 min"), (160, "2:40", "2 min 40 s"), (3.2, "0:03", "3.2 s"),
      (59.7, "1:00", "1 min"), (360_000, "100:00:00", "4 d 4 h"), (0.25, "0:00", "250 ms"),
      (9.97, "0:10", "10 s"), (40, "0:40", "40 s"),
    ])
  func time(seconds: Double, clock: String, duration: String) {
    let time = Nanoseconds(seconds: seconds)
    #expect(Quantity.clock(time) == clock)
    #expect(Quantity.duration(time) == duration)
  }

  @Test("says the longest times that there are without trapping") func longest() {
    #expect(Quantity.clock(Nanoseconds(.max)) == "2562047:47:17")
    #expect(Quantity.clock(Nanoseconds(.min)) == "0:00")
  }

  @Test(
    "says a limit without zeros at its end",
    arguments: [
      (500_000.0, "500 000"), (2, "2"), (0.25, "0.25"), (0, "0"), (-0.0, "0"), (-2.5, "-2.5"),
      (.nan, "–"), (1e300, "–"),
    ])
  func plain(value: Double, text: String) { #expect(Quantity.plain(value) == text) }

  @Test("never shows a raw nan, inf, -0 or a zero that is none, over ten decades") func neverRaw() {
    for exponent in -12...24 {
      for mantissa in [1.0, 1.049, 4.999, 9.949, 9.996, 9.9999] {
        var value = mantissa
        for _ in 0..<abs(exponent) { value = exponent < 0 ? value / 10 : value * 10 }
        for text in [
          Quantity.rate(value), Quantity.rateInFull(value), Quantity.bandwidth(value),
          Quantity.latency(nanoseconds: value), Quantity.plain(value),
        ] {
          #expect(!text.contains("nan") && !text.contains("inf") && !text.contains("e"), "\(text)")
          #expect(!text.hasPrefix("-"))
          let number = text.prefix { $0 != " " }
          let isZero = number.allSatisfy { $0 == "0" || $0 == "." }
          #expect(!isZero, "\(value) became \(text)")
        }
      }
    }
  }

  @Test(
    "beside a limit has as many digits as it takes to differ from it",
    arguments: [
      (499_999.6, 500_000.0, MetricUnit.perSecond, "499 999.6 IOPS"),
      (500_000, 500_000, .perSecond, "500 000 IOPS"),
      (1.9999e9, 2e9, .bytesPerSecond, "1.9999 GB/s"),
      (2_000_400, 2e6, .nanoseconds, "2.0004 ms"),
      (1.95e9, 2e9, .bytesPerSecond, "1.95 GB/s"),
    ])
  func besideLimit(value: Double, limit: Double, unit: MetricUnit, text: String) {
    let name = GateName(layer: .raw, scenario: "a", metric: "b")
    var gate = GateResult(name: name, side: .min, limit: limit, unit: unit)
    gate.value = value
    #expect(GateDescription(gate, scenario: nil).value == text)
  }
}
