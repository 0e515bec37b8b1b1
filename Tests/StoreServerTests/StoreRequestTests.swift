import StorageEngine
import Testing

@testable import StoreServer

@Suite("Requests to a served store")
struct StoreRequestTests {
  @Test(
    "Keys are percent-encoded bytes",
    arguments: [
      ("a", [0x61]), ("a%2Fb/c", Array("a/b/c".utf8)), ("%00%ff%FE", [0, 255, 254]), ("+", [0x2B]),
      ("é", [0xC3, 0xA9]), ("%", nil), ("%f", nil), ("%g0", nil), ("%+1", nil), ("", []),
    ] as [(String, [UInt8]?)])
  func percent(text: String, bytes: [UInt8]?) { #expect(PercentBytes.decode(text) == bytes) }

  @Test("Every byte comes back from its text")
  func everyByte() {
    let all = (0...255).map { UInt8($0) }
    #expect(PercentBytes.decode(PercentBytes.encode(all)) == all)
    #expect(PercentBytes.encode(Array("a/b ~%".utf8)) == "a%2Fb%20~%25")
  }

  @Test("What is asked for")
  func requests() throws {
    #expect(try StoreRequest(method: "GET", path: "/", query: nil) == .help)
    #expect(try StoreRequest(method: "GET", path: "/metrics", query: "x") == .metrics)
    #expect(try StoreRequest(method: "GET", path: "/keys/k", query: nil) == .get([0x6B]))
    #expect(try StoreRequest(method: "HEAD", path: "/keys/k", query: nil) == .get([0x6B]))
    #expect(try StoreRequest(method: "PUT", path: "/keys/%6B", query: nil) == .put([0x6B]))
    #expect(try StoreRequest(method: "DELETE", path: "/keys//", query: nil) == .delete([0x2F]))
    for query in ["", "1", "x=1"] {
      #expect(throws: StoreRequest.Fault.self) {
        try StoreRequest(method: "PUT", path: "/keys/k", query: query)
      }
    }
    var scan = StoreRequest.ScanQuery()
    #expect(try StoreRequest(method: "GET", path: "/keys", query: "&") == .scan(scan))
    scan.from = [0x61]
    scan.upTo = []
    scan.limit = 7
    scan.isReverse = true
    #expect(
      try StoreRequest(
        method: "GET", path: "/keys", query: "from=a&to=&limit=7&reverse&keys-only=false")
        == .scan(scan))
  }

  @Test("A scan stays within all its bounds")
  func ranges() {
    var scan = StoreRequest.ScanQuery()
    #expect(scan.range == .all)
    scan.prefix = Array("k".utf8)
    #expect(scan.range == KeyRange(prefix: Array("k".utf8)))
    scan.from = Array("a".utf8)
    scan.upTo = Array("z".utf8)
    #expect(scan.range == KeyRange(prefix: Array("k".utf8)))
    scan.from = Array("k5".utf8)
    scan.upTo = Array("k7".utf8)
    #expect(scan.range == KeyRange(from: Array("k5".utf8), upTo: Array("k7".utf8)))
    scan.upTo = []
    #expect(scan.range.isEmpty)
  }

  @Test(
    "Hosts that are this machine",
    arguments: [
      ("localhost", true), ("LOCALHOST:9", true), ("127.0.0.1:80", true), ("[::1]:80", true),
      ("[::1]", true), ("evil.example", false), ("127.0.0.1.evil.example", false), ("", false),
      ("localhost.evil:80", false), ("[::2]:1", false), ("user@localhost", false),
    ])
  func hosts(authority: String, isLoopback: Bool) {
    #expect(LoopbackHost.isOne(authority) == isLoopback)
  }
}
