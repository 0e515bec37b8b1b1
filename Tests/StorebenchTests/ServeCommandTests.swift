import Foundation
import Testing

@Suite(
  "The serve command", .enabled(if: StorebenchProgram.isThere, StorebenchProgram.absence),
  .serialized)
struct ServeCommandTests: RunsStoreCommands {
  /// A store that is served, until its test lets go of it.
  final class Service {
    let folder: TestFolder
    let run: StorebenchProgram.Run
    private(set) var address = ""

    init(_ arguments: [String] = []) throws {
      let folder = try TestFolder()
      self.folder = folder
      let store = folder.path("store")
      let made = try StorebenchProgram.run(["store", "create", store])
      try #require(made.code == 0, "\(made.errors)")
      run = try StorebenchProgram.start(
        ["store", "serve", store, "--port", "0", "--memory", "512MiB", "--node-id", "n1"]
          + arguments.map { $0.replacingOccurrences(of: "FOLDER", with: folder.url.path) })
      let deadline = Date().addingTimeInterval(30)
      while try !run.outputSoFar().hasSuffix("\n"), Date() < deadline { usleep(20_000) }
      let line = try run.outputSoFar()
      address = try #require(line.split(separator: " ").last.map(String.init), "\(line)")
        .trimmingCharacters(in: .whitespacesAndNewlines)
    }

    func curl(_ path: String, _ arguments: String...) throws -> StorebenchProgram.Ending {
      try StorebenchProgram.Run(
        ["curl", "-s", "-S"] + arguments + [address + path], in: nil, environment: [:]
      ).ending()
    }

    /// The status of a request.
    func status(_ path: String, _ arguments: String...) throws -> String {
      try StorebenchProgram.Run(
        ["curl", "-s", "-S", "-o", "/dev/null", "-w", "%{http_code}"] + arguments
          + [address + path], in: nil, environment: [:]
      ).ending().output
    }

    /// A connection, of which the caller takes care.
    func connection() throws -> Int32 {
      let port = try #require(address.split(separator: ":").last.flatMap { UInt16($0) })
      let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      var place = sockaddr_in()
      place.sin_family = sa_family_t(AF_INET)
      place.sin_port = port.bigEndian
      place.sin_addr.s_addr = inet_addr("127.0.0.1")
      let connected = withUnsafePointer(to: &place) { place in
        place.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
      }
      try #require(connected == 0, "errno \(errno)")
      return socket
    }

    func stop() throws -> StorebenchProgram.Ending {
      kill(run.process.processIdentifier, SIGTERM)
      return try run.ending(withinSeconds: 30)
    }
  }

  @Test("puts, gets, scans and deletes; what was put is there when it is stopped")
  func keys() throws {
    let service = try Service()
    let value = Data((0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 7) })
    let file = service.folder.url.appending(path: "value")
    try value.write(to: file)
    #expect(try service.status("/keys/a%2Fb%FF", "-T", file.path) == "204")
    #expect(try service.curl("/keys/a/b%ff", "-o", service.folder.path("back")).code == 0)
    #expect(try Data(contentsOf: service.folder.url.appending(path: "back")) == value)
    for key in ["k1", "k2", "k3"] {
      #expect(try service.status("/keys/" + key, "-X", "PUT", "-d", "v\\\t") == "204")
    }
    #expect(
      try service.curl("/keys?prefix=k").output
        == "k1\tv\\\\\\x09\nk2\tv\\\\\\x09\nk3\tv\\\\\\x09\n")
    // Of what is there, HEAD tells all but the bytes.
    let head = try service.curl("/keys/a%2Fb%FF", "-I").output
    #expect(head.hasPrefix("HTTP/1.1 200") && head.lowercased().contains("content-length: 300000"))
    #expect(try service.status("/keys/none", "-I") == "404")
    // Page by page, both ways, and nothing twice.
    let first = try service.curl("/keys?limit=2&keys-only", "-i").output
    #expect(first.hasSuffix("\r\n\r\na/b\\xff\nk1\n") && first.contains("Next-From: k2\r\n"))
    #expect(try service.curl("/keys?from=k2&keys-only").output == "k2\nk3\n")
    let last = try service.curl("/keys?prefix=k&limit=2&reverse&keys-only", "-i").output
    #expect(last.hasSuffix("\r\n\r\nk3\nk2\n") && last.contains("Next-To: k2\r\n"))
    #expect(
      try service.curl("/keys?prefix=k&to=k2&limit=2&reverse&keys-only").output == "k1\n")
    #expect(try service.status("/keys/k1", "-X", "DELETE") == "204")
    #expect(try service.status("/keys/k1") == "404")
    let ending = try service.stop()
    #expect(ending.code == 0, "\(ending.text)")
    let kept = try StorebenchProgram.run([
      "store", "scan", service.folder.path("store"), "--keys-only",
    ])
    #expect(kept.output == "a/b\\xff\nk2\nk3\n", "\(kept.text)")
  }

  @Test("answers what means nothing, and whom it does not know, with a reason")
  func mistakes() throws {
    let service = try Service()
    #expect(try service.status("/keys/kept", "-X", "PUT", "-d", "value") == "204")
    for (path, arguments, status, words) in [
      ("/nothing", [], "404", "nothing is at /nothing"),
      ("/keys/", [], "400", "empty"),
      ("/keys/k%4", [], "400", "two hexadecimal digits"),
      ("/keys/k", ["-X", "POST"], "405", "POST does nothing at /keys/k; it takes GET, HEAD"),
      ("/metrics", ["-X", "DELETE"], "405", "GET"),
      ("/keys?limit=0", [], "400", "limit: '0' is no number from 1 to"),
      ("/keys?limit=99999999999999999999", [], "400", "'99999999999999999999' is no number"),
      ("/keys?reverse=maybe", [], "400", "true or false"),
      ("/keys?colour=red", [], "400", "colour: there are from"),
      ("/keys/" + String(repeating: "k", count: 65_537), ["-X", "PUT", "-d", "v"], "", ""),
      ("/keys/k", ["-X", "PUT"], "411", "Content-Length"),
      (
        "/keys/k", ["-T", "/dev/null", "-H", "Transfer-Encoding: chunked", "-H", "Expect:"], "204",
        ""
      ),
      ("/keys/k", ["-X", "PUT", "-d", "v", "-H", "If-None-Match: *"], "501", "If-None-Match"),
      ("/keys/k", ["-X", "PUT", "-d", "v", "-H", "If-Match: 1"], "501", "If-Match"),
      (
        "/keys/k", ["-X", "PUT", "-d", "v", "-H", "Content-Range: bytes 1-1/5"], "400",
        "whole value"
      ),
      ("/keys/kept", ["-X", "DELETE", "-H", "If-Match: 1"], "501", "If-Match"),
      (
        "/keys/kept",
        ["-X", "PUT", "-d", "v", "-H", "If-Unmodified-Since: Tue, 01 Dec 2026 00:00:00 GMT"],
        "501", "If-Unmodified-Since"
      ),
      (
        "/keys/kept",
        ["-T", "/dev/null", "-H", "Transfer-Encoding: gzip, chunked", "-H", "Expect:"],
        "501", "gzip, chunked"
      ),
      ("/keys/k", ["-X", "PUT", "-d", ""], "204", ""),
      ("/keys", ["-H", "Host: evil.example"], "421", "127.0.0.1 and localhost"),
      ("/keys", ["-H", "Host: localhost:80"], "200", ""),
      ("/keys", ["-H", "Origin: https://evil.example"], "403", "no page of https://evil.example"),
      ("/keys", ["-H", "Origin: null"], "403", "no page of null"),
      (
        "/keys", ["-H", "Origin: http://localhost:3000"], "403", "no page of http://localhost:3000"
      ),
      ("/keys", ["-H", "Origin: " + service.address], "200", ""),
      ("/keys", ["-H", "Sec-Fetch-Site: cross-site"], "403", "another site or port"),
      (
        "/keys", ["-H", "Origin: " + service.address, "-H", "Sec-Fetch-Site: same-site"], "403",
        "another site"
      ),
      ("/keys", ["-H", "Sec-Fetch-Site: same-origin"], "200", ""),
    ] as [(String, [String], String, String)] {
      let ending = try StorebenchProgram.Run(
        ["curl", "-s", "-w", "\n%{http_code}"] + arguments + [service.address + path], in: nil,
        environment: [:]
      ).ending()
      if status.isEmpty {
        // Longer than a line of a request may be, or than a key: refused by whoever sees it first.
        #expect(["000", "400", "413", "414", "431"].contains(ending.output.suffix(3)), "\(ending)")
      } else {
        #expect(ending.output.hasSuffix("\n" + status), "\(path): \(ending.output)")
      }
      #expect(words.isEmpty || ending.output.contains(words), "\(path): \(ending.output)")
    }
    #expect(try service.curl("/keys/kept").output == "value", "what was refused changed nothing")
    #expect(try service.stop().code == 0)
  }

  @Test("takes the longest key, every byte of it escaped, and pages go on behind it")
  func longKeys() throws {
    let service = try Service()
    // Longer than curl takes.
    let key = String(repeating: "%FF", count: 65_536)
    func answer(_ line: String, _ body: String = "") throws -> String {
      let socket = try service.connection()
      defer { close(socket) }
      let request =
        "\(line) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
      try FileHandle(fileDescriptor: socket).write(contentsOf: Data(request.utf8))
      let answer = try FileHandle(fileDescriptor: socket).readToEnd() ?? Data()
      return String(decoding: answer, as: UTF8.self)
    }
    #expect(try answer("PUT /keys/" + key, "v").hasPrefix("HTTP/1.1 204"))
    #expect(try answer("PUT /keys/a", "v").hasPrefix("HTTP/1.1 204"))
    #expect(try answer("GET /keys/" + key).hasSuffix("\r\n\r\nv"))
    let page = try answer("GET /keys?limit=1&keys-only")
    #expect(page.contains("Next-From: " + key + "\r\n") && page.hasSuffix("\r\n\r\na\n"))
    #expect(try answer("GET /keys?keys-only&from=" + key).hasSuffix("\\xff\n"))
    let between = try answer("GET /keys?keys-only&from=\(key)&to=\(key)")
    #expect(between.hasPrefix("HTTP/1.1 200") && between.hasSuffix("\r\n\r\n"))
    #expect(try service.stop().code == 0)
  }

  @Test("goes on for others where some connect and say nothing")
  func silentConnections() throws {
    let service = try Service()
    var sockets: [Int32] = []
    defer { for socket in sockets { close(socket) } }
    for number in 0..<200 {
      let socket = try service.connection()
      sockets.append(socket)
      if number.isMultiple(of: 2) {
        let part = "PUT /keys/k HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nabc"
        try FileHandle(fileDescriptor: socket).write(contentsOf: Data(part.utf8))
      }
    }
    #expect(try service.status("/keys/k", "-X", "PUT", "-d", "v") == "204")
    #expect(try service.curl("/keys/k").output == "v")
    for socket in sockets { close(socket) }
    sockets = []
    #expect(try service.stop().code == 0)
  }

  @Test("a port that is taken, or is none, and a file that cannot be written, are told")
  func cannotServe() throws {
    let service = try Service()
    let port = try #require(service.address.split(separator: ":").last.map(String.init))
    let other = try TestFolder()
    let store = other.path("store")
    try expect(["create", store])
    for (arguments, code, words) in [
      (["--port", port], 4, "cannot be listened on"),
      (["--port", "70000"], 64, "0 to 65535"),
      (["--port", "0", "--textfile", other.path("no/where.prom")], 4, "cannot be written"),
      (["--port", "0", "--textfile-interval", "0"], 64, "1 to 86400"),
      (["--port", "0", "--reclassify", "nan"], 64, "0, or seconds"),
    ] as [([String], Int32, String)] {
      let ending = try StorebenchProgram.run(
        ["store", "serve", store, "--memory", "512MiB"] + arguments)
      #expect(ending.code == code && ending.errors.contains(words), "\(arguments): \(ending)")
    }
    // The folder is held by whoever serves it.
    let held = try StorebenchProgram.run([
      "store", "serve", service.folder.path("store"), "--port", "0", "--memory", "512MiB",
    ])
    #expect(held.code == 3, "\(held.text)")
  }

  @Test("replaces nothing by a file of metrics but such a file")
  func textfilePlace() throws {
    let folder = try TestFolder()
    let store = folder.path("store")
    try expect(["create", store])
    let old = "# HELP storebench_write_ops_total Writes.\n"
    let places = [
      (try folder.write("mine", to: "letter"), 3), (store + "/STORE", 3), (store + "/new", 3),
      (store + "/hot/new", 3), (folder.path("link"), 3), (store, 3), ("/dev/full", 3), ("", 64),
      (try folder.write("# HELP node_load1 1m load average.\n", to: "node.prom"), 3),
      (try folder.write(String(repeating: "x", count: 1 << 17), to: "long"), 3),
      (try folder.folder("a\tstore") + "/new", 3),
      (try folder.write(old, to: "old.prom"), 0), (try folder.write("", to: "empty.prom"), 0),
    ]
    try FileManager.default.createSymbolicLink(
      atPath: folder.path("link"), withDestinationPath: folder.path("old.prom"))
    // A name with a control character is looked at by its bytes.
    _ = try folder.write("mine", to: "a\tstore/STORE")
    let mark = try String(contentsOfFile: store + "/STORE", encoding: .utf8)
    for (place, code) in places where code != 0 {
      let ending = try StorebenchProgram.run(
        ["store", "serve", store, "--memory", "512MiB", "--port", "0", "--textfile", place])
      #expect(ending.code == code && ending.errors.contains("--textfile"), "\(place): \(ending)")
    }
    #expect(try String(contentsOfFile: store + "/STORE", encoding: .utf8) == mark)
    #expect(try String(contentsOfFile: folder.path("letter"), encoding: .utf8) == "mine")
    #expect(try String(contentsOfFile: folder.path("old.prom"), encoding: .utf8) == old)
    for (place, code) in places where code == 0 {
      let run = try StorebenchProgram.start(
        ["store", "serve", store, "--memory", "512MiB", "--port", "0", "--textfile", place])
      let deadline = Date().addingTimeInterval(30)
      while try !run.outputSoFar().hasSuffix("\n"), Date() < deadline { usleep(20_000) }
      kill(run.process.processIdentifier, SIGTERM)
      #expect(try run.ending(withinSeconds: 30).code == 0)
      #expect(try String(contentsOfFile: place, encoding: .utf8).count > 1000)
    }
  }

  @Test("replaces no file that came to stand in the place of its metrics while it runs")
  func textfileExchanged() throws {
    let service = try Service(["--textfile", "FOLDER/store.prom", "--textfile-interval", "1"])
    let file = try service.folder.write("mine", to: "store.prom")
    let deadline = Date().addingTimeInterval(30)
    while try !service.run.errorsSoFar().contains("--textfile"), Date() < deadline {
      usleep(50_000)
    }
    sleep(2)
    let ending = try service.stop()
    #expect(try String(contentsOfFile: file, encoding: .utf8) == "mine")
    #expect(ending.code == 0)
    #expect(ending.errors.components(separatedBy: "refused: ").count == 2, "told once: \(ending)")
  }

  @Test("tells once what hinders keys from moving")
  func hindrance() throws {
    let folder = try TestFolder()
    let store = folder.path("store")
    try expect(["create", store])
    for key in ["a", "b"] { try expect(["put", store, key, "value"]) }
    // The second opening has put the first one's log into a table.
    let table = try #require(try folder.entries("store/hot").first { $0.hasSuffix(".sst") })
    let file = URL(filePath: "\(store)/hot/\(table)")
    var contents = try Data(contentsOf: file)
    contents[contents.startIndex + 10] ^= 1
    try contents.write(to: file)
    let run = try StorebenchProgram.start(
      ["store", "serve", store, "--port", "0", "--memory", "512MiB", "--reclassify", "1"])
    let deadline = Date().addingTimeInterval(60)
    while try !run.errorsSoFar().contains(table), Date() < deadline { usleep(20_000) }
    // Some more come to the same end.
    sleep(4)
    kill(run.process.processIdentifier, SIGTERM)
    let ending = try run.ending(withinSeconds: 30)
    #expect(ending.code == 0)
    let lines = ending.errors.split(separator: "\n").filter { $0.contains("keys could not move: ") }
    #expect(lines.count == 1 && lines[0].contains(table), "\(ending)")
  }

  @Test("promtool and OpenMetrics' own parser take its metrics, over HTTP and as a file")
  func metrics() throws {
    let service = try Service(["--textfile", "FOLDER/store.prom", "--textfile-interval", "1"])
    for key in 0..<70 {
      #expect(try service.status("/keys/k\(key)", "-X", "PUT", "-d", "v") == "204")
    }
    _ = try service.curl("/keys/k1")
    let text = try service.curl("/metrics").output
    for line in [
      "storebench_write_ops_total 70\n", "storebench_read_ops_total{operation=\"get\"} 1\n",
      "storebench_read_latency_seconds_count{operation=\"get\"} 1\n",
      "storebench_node_cpu_usage_ratio{node_id=\"n1\"} ",
    ] { #expect(text.contains(line), "\(line) in \(text)") }
    let names = [
      "read_ops_total", "write_ops_total", "read_latency", "write_latency", "cache_hits_total",
      "cache_misses_total", "bloom_filter_hits", "bloom_filter_misses", "hot_tier_size_bytes",
      "warm_tier_size_bytes", "cold_tier_size_bytes", "tier_migrations_total",
      "migrations_in_progress", "migrations_success_total", "migrations_failure_total",
      "migration_throughput_mbps", "node_disk_usage_percent", "node_cpu_usage_percent",
      "load_imbalance_score",
    ]
    let helps = text.split(separator: "\n").filter { $0.hasPrefix("# HELP") }
    for name in names {
      #expect(helps.contains { $0.contains(name) }, "\(name) is not documented in \(helps)")
    }
    let open = try service.curl(
      "/metrics", "-H", "Accept: application/openmetrics-text;version=1.0.0"
    ).output
    let folder = service.folder
    let textFile = try folder.write(text, to: "text")
    let openFile = try folder.write(open, to: "open")
    // By then it was written anew.
    let deadline = Date().addingTimeInterval(20)
    func kept() throws -> String {
      String(
        decoding: try Data(contentsOf: URL(filePath: folder.path("store.prom"))), as: UTF8.self)
    }
    while try !kept().contains("storebench_write_ops_total 70\n"), Date() < deadline {
      usleep(50_000)
    }
    #expect(try kept().contains("storebench_write_ops_total 70\n"))
    for file in [textFile, folder.path("store.prom")] {
      let ending = try StorebenchProgram.Run(
        ["sh", "-c", "promtool check metrics <'\(file)'"], in: nil, environment: [:]
      ).ending()
      #expect(ending.code == 0 && ending.text.isEmpty, "\(ending)")
    }
    let parser = """
      import sys
      from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse
      print(sum(len(family.samples) for family in parse(open(sys.argv[1]).read())))
      """
    let parsed = try StorebenchProgram.Run(
      ["python3", "-c", parser, openFile], in: nil, environment: [:]
    ).ending()
    let samples = text.split(separator: "\n").filter { !$0.hasPrefix("#") }
    #expect(parsed.output == "\(samples.count)\n", "\(parsed)")
    #expect(try service.stop().code == 0)
  }

  @Test("a real Prometheus scrapes it")
  func prometheus() throws {
    let service = try Service()
    for key in 0..<5 {
      #expect(try service.status("/keys/k\(key)", "-X", "PUT", "-d", "v") == "204")
    }
    let target = try #require(service.address.components(separatedBy: "//").last)
    let settings = try service.folder.write(
      """
      global: {scrape_interval: 1s, scrape_timeout: 1s}
      scrape_configs:
        - job_name: store
          static_configs: [{targets: ["\(target)"]}]
      """, to: "prometheus.yml")
    let port = Int.random(in: 20_000..<30_000)
    let prometheus = try StorebenchProgram.Run(
      [
        "prometheus", "--config.file=\(settings)",
        "--storage.tsdb.path=\(service.folder.path("tsdb"))",
        "--web.listen-address=127.0.0.1:\(port)",
      ], in: nil, environment: [:])
    var answer = ""
    let deadline = Date().addingTimeInterval(60)
    while !answer.contains("\"5\"]"), Date() < deadline, prometheus.process.isRunning {
      usleep(200_000)
      answer = try StorebenchProgram.Run(
        [
          "curl", "-s",
          "http://127.0.0.1:\(port)/api/v1/query?query=storebench_write_ops_total",
        ], in: nil, environment: [:]
      ).ending().output
    }
    #expect(answer.contains("\"5\"]"), "\(answer)")
    kill(prometheus.process.processIdentifier, SIGTERM)
    _ = try prometheus.ending()
    #expect(try service.stop().code == 0)
  }
}
