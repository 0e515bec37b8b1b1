// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "store-benchmarks",
  dependencies: [.package(name: "storebench", path: "../..")],
  targets: [
    .executableTarget(
      name: "store-bench",
      dependencies: [.product(name: "TieredStorage", package: "storebench")],
      swiftSettings: [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)])
  ]
)
