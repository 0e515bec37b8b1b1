import Testing

/// What each target may import of ours and of others: the arrows of the architecture.
///
/// `swift build --explicit-target-dependency-import-check error` holds sources to Package.swift;
/// this table holds Package.swift to the architecture.
private let importTable: [String: Set<String>] = [
  "Measurements": ["Histogram"],
  "LinuxIO": [
    "Measurements", "CLibURing", "CLibNUMA", "CBlkID", "CLinux", "CTurns", "CThreadNumber",
  ],
  "RocksDB": ["CRocksDB", "CRocksDBShim"],
  "StorageEngine": ["RocksDB", "LinuxIO", "Measurements", "CoreMetrics"],
  "PrometheusMetrics": ["CoreMetrics"],
  "StoreServer": [
    "StorageEngine", "Hummingbird", "HummingbirdCore", "HTTPTypes", "Logging", "NIOCore",
    "ServiceLifecycle",
  ],
  "Workloads": ["Measurements"],
  "Driver": ["Workloads", "LinuxIO", "Measurements"],
  "Verdicts": ["Measurements", "Yams"],
  "Qualification": [
    "Verdicts", "Driver", "Workloads", "LinuxIO", "Measurements", "Crypto", "Subprocess",
  ],
  "Certificates": ["Verdicts", "Measurements", "Crypto"],
  "Reports": ["Verdicts", "Measurements"],
  "Cluster": ["StorageEngine", "Certificates", "Measurements"],
  "storebench": [
    "PrometheusMetrics", "StoreServer",
    "Qualification", "Reports", "Cluster", "Certificates", "Verdicts", "Driver", "Workloads",
    "LinuxIO", "StorageEngine", "RocksDB", "Measurements", "ArgumentParser",
  ],
]

/// What comes with Swift and the system, free to all.
private let platform: Set<String> = [
  "Swift", "Glibc", "Synchronization", "FoundationEssentials", "SystemPackage", "Dispatch",
]

@Suite("Every target imports only what the architecture allows")
struct ImportTableTests {
  @Test("and no source imports anything else", arguments: PackageTree.sources)
  func imports(path: String) throws {
    let target = PackageTree.target(of: path)
    let allowed = try #require(
      importTable[target], "\(target) is not in the table of this test: add it with its arrows")
    let code = CodeOnly(try PackageTree.text(of: path))
    let statement =
      /^\s*(?:@\w+(?:\(\w+\))?\s+)*(?:\w+\s+)?import\s+(?:(?:struct|class|enum|func|protocol|typealias|let|var)\s+)?(\w+)/
    for (index, line) in code.lines.enumerated() {
      guard let match = line.firstMatch(of: statement) else { continue }
      let module = String(match.1)
      #expect(
        allowed.contains(module) || platform.contains(module),
        "\(path):\(index + 1): \(target) may not import \(module)")
    }
  }

  @Test("and the bench half and the store half never meet below the command")
  func halves() {
    let bench: Set = ["Qualification", "Driver", "Workloads", "Verdicts", "Reports"]
    let store: Set = [
      "StorageEngine", "RocksDB", "Cluster", "StoreServer", "PrometheusMetrics",
    ]
    for (target, imports) in importTable where bench.contains(target) {
      #expect(imports.isDisjoint(with: store), "\(target) reaches into the store half")
    }
  }
}
