// swift-tools-version: 6.2
import PackageDescription

/// What every Swift target is held to; `ci/test` adds the import check and the formatter.
let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
]

/// Targets that may not say `unsafe`: the compiler refuses every unsafe construct in them.
let safe: [SwiftSetting] = strict + [.strictMemorySafety()]

let package = Package(
  name: "storebench",
  products: [
    .executable(name: "storebench", targets: ["storebench"]),
    .library(name: "TieredStorage", targets: ["StorageEngine"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
    .package(url: "https://github.com/apple/swift-system", from: "1.5.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    .package(
      url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
  ],
  targets: [
    .systemLibrary(name: "CLinux"),
    .systemLibrary(name: "CLibURing", pkgConfig: "liburing", providers: [.apt(["liburing-dev"])]),
    .systemLibrary(name: "CLibNUMA", providers: [.apt(["libnuma-dev"])]),
    .systemLibrary(name: "CBlkID", pkgConfig: "blkid", providers: [.apt(["libblkid-dev"])]),
    .systemLibrary(name: "CRocksDB", providers: [.apt(["librocksdb-dev"])]),
    .target(name: "CTurns"),
    .target(name: "CThreadNumber"),
    .target(
      name: "CRocksDBShim", dependencies: ["CTurns"],
      linkerSettings: [.linkedLibrary("rocksdb"), .linkedLibrary("stdc++")]),

    .target(
      name: "Measurements",
      dependencies: [.product(name: "Histogram", package: "hdrhistogram-swift")],
      swiftSettings: safe),
    .target(
      name: "LinuxIO",
      dependencies: [
        "Measurements", "CLinux", "CTurns", "CThreadNumber", "CLibURing", "CLibNUMA", "CBlkID",
      ],
      swiftSettings: strict),
    .target(name: "RocksDB", dependencies: ["CRocksDB", "CRocksDBShim"], swiftSettings: strict),
    .target(
      name: "StorageEngine",
      dependencies: [
        "RocksDB", "LinuxIO", "Measurements",
        .product(name: "SystemPackage", package: "swift-system"),
        .product(name: "CoreMetrics", package: "swift-metrics"),
      ],
      swiftSettings: safe),
    .target(
      name: "PrometheusMetrics",
      dependencies: [.product(name: "CoreMetrics", package: "swift-metrics")],
      swiftSettings: safe),
    .target(
      name: "StoreServer",
      dependencies: [
        "StorageEngine",
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "HummingbirdCore", package: "hummingbird"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
      ],
      swiftSettings: safe),
    .target(name: "Workloads", dependencies: ["Measurements"], swiftSettings: safe),
    .target(
      name: "Driver", dependencies: ["Workloads", "LinuxIO", "Measurements"], swiftSettings: safe),
    .target(
      name: "Verdicts",
      dependencies: ["Measurements", .product(name: "Yams", package: "Yams")],
      swiftSettings: safe),
    .target(
      name: "Qualification",
      dependencies: [
        "Verdicts", "Driver", "Workloads", "LinuxIO", "Measurements",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "Subprocess", package: "swift-subprocess"),
      ],
      swiftSettings: safe),
    .target(
      name: "Reports",
      dependencies: [
        "Verdicts", "Measurements", .product(name: "SystemPackage", package: "swift-system"),
      ],
      swiftSettings: safe),
    .executableTarget(
      name: "storebench",
      dependencies: [
        "Qualification", "Reports", "Verdicts", "Driver", "Workloads", "LinuxIO", "Measurements",
        "StorageEngine", "RocksDB", "PrometheusMetrics", "StoreServer",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: safe),

    .executableTarget(
      name: "StoreWriter", dependencies: ["StorageEngine"], path: "Tests/StoreWriter",
      swiftSettings: strict),
    .target(name: "CAllocationCount", path: "Tests/CAllocationCount"),
    .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: strict),
    .testTarget(name: "MeasurementsTests", dependencies: ["Measurements"], swiftSettings: strict),
    .testTarget(
      name: "LinuxIOTests", dependencies: ["LinuxIO", "Measurements"], swiftSettings: strict),
    .testTarget(
      name: "RocksDBTests", dependencies: ["RocksDB", "CRocksDBShim", "TestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "StorageEngineTests",
      dependencies: [
        "StorageEngine", "RocksDB", "LinuxIO", "Measurements", "StoreWriter", "TestSupport",
        "PrometheusMetrics",
      ],
      swiftSettings: strict),
    .testTarget(
      name: "StoreServerTests", dependencies: ["StoreServer", "StorageEngine"],
      swiftSettings: strict),
    .testTarget(
      name: "PrometheusMetricsTests",
      dependencies: [
        "PrometheusMetrics", "TestSupport", .product(name: "CoreMetrics", package: "swift-metrics"),
      ],
      swiftSettings: strict),
    .testTarget(
      name: "WorkloadsTests", dependencies: ["Workloads", "Measurements"], swiftSettings: strict),
    .testTarget(
      name: "DriverTests",
      dependencies: ["Driver", "Workloads", "LinuxIO", "Measurements", "CAllocationCount"],
      swiftSettings: strict),
    .testTarget(
      name: "VerdictsTests", dependencies: ["Verdicts", "Measurements"], swiftSettings: strict),
    .testTarget(
      name: "QualificationTests",
      dependencies: [
        "Qualification", "Verdicts", "Driver", "Workloads", "LinuxIO", "Measurements",
        "TestSupport",
      ],
      swiftSettings: strict),
    .testTarget(
      name: "ReportsTests", dependencies: ["Reports", "Verdicts", "Measurements", "TestSupport"],
      exclude: ["Fixtures"], swiftSettings: strict),
    .testTarget(
      name: "StorebenchTests",
      dependencies: [
        "storebench", "Qualification", "StorageEngine", "Driver", "Workloads", "Reports", "LinuxIO",
        "Measurements", "TestSupport",
      ],
      swiftSettings: strict),
    .testTarget(name: "TidyTests", swiftSettings: strict),
    .testTarget(
      name: "RigTests", dependencies: ["Verdicts", "Measurements", "StoreWriter", "TestSupport"],
      exclude: ["Fixtures"],
      swiftSettings: strict),
  ],
  cxxLanguageStandard: .cxx17
)
