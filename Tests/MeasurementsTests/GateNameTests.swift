import FoundationEssentials
import Measurements
import Testing

@Suite("A gate's name") struct GateNameTests {
  @Test(
    "is read and written back",
    arguments: [
      ("raw/random-read-4k/iops", GateLayer.raw, "random-read-4k", "iops"),
      ("engine/point-lookup/p99", .engine, "point-lookup", "p99"),
      ("device/identity/kind", .device, "identity", "kind"),
      ("aggregate/scan/bandwidth", .aggregate, "scan", "bandwidth"),
    ])
  func read(text: String, layer: GateLayer, scenario: String, metric: String) throws {
    let name = try #require(GateName(text))
    #expect(name == GateName(layer: layer, scenario: scenario, metric: metric))
    #expect(name.description == text)
    #expect(
      String(decoding: try JSONEncoder().encode([name]), as: UTF8.self).contains("iops")
        == (metric == "iops"))
    #expect(try JSONDecoder().decode([GateName].self, from: JSONEncoder().encode([name])) == [name])
  }

  @Test(
    "is refused",
    arguments: [
      "", "raw", "raw/random-read", "raw//iops", "raw/random-read/", "/random-read/iops",
      "disk/random-read/iops", "raw/random-read/iops/more", "RAW/random-read/iops",
    ])
  func refused(text: String) throws {
    #expect(GateName(text) == nil)
    let json = try JSONEncoder().encode([text])
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode([GateName].self, from: json)
    }
  }

  @Test("sorts as it is written")
  func sorted() {
    let texts = ["raw/b/iops", "raw/a/p99", "engine/z/iops", "raw/a/iops"]
    #expect(texts.compactMap(GateName.init).sorted().map(\.description) == texts.sorted())
  }
}
