import Driver
import FoundationEssentials
import LinuxIO
import Measurements
import StorageEngine
import Verdicts
import Workloads

extension BenchStoreCommand {
  /// The flags, checked.
  func request() throws -> StoreBenchRequest {
    guard let kind = StoreWorkloadKind(rawValue: workload) else {
      throw CommandFailure(
        .usage,
        "--workload \(workload): is none of "
          + StoreWorkloadKind.allCases.map(\.rawValue).joined(separator: ", "))
    }
    let requests = depth ?? (kind.asksForMany ? 1 : 32)
    try FlagRange.require(1...4096, requests, "--depth")
    try FlagRange.require(1...1024, threads, "--threads")
    try FlagRange.require(0.001...604_800, seconds, "--seconds")
    try FlagRange.require(0...3600, ramp, "--ramp")
    try FlagRange.require(0.1...86_400, stallLimit, "--stall-limit")
    try FlagRange.require(0...100, readPercent ?? 0, "--read-percent")
    try FlagRange.require(0...1024, writers, "--writers")
    try FlagRange.require(0...100, compressible ?? 0, "--compressible")
    try checkFit(kind)
    if let out { try Self.checkOutput(out) }
    return StoreBenchRequest(
      folder: BenchStoreFolder(folder), kind: kind, depth: requests, threads: threads,
      seconds: seconds, rampSeconds: ramp, arrival: try arrival(kind), seed: seed,
      settings: settings, configuration: try configuration(),
      stallLimit: Nanoseconds(seconds: stallLimit),
      keeps: keep, cpus: try cpus.map(CPUListArgument.cpus),
      keyCount: try keys.map { try CountArgument.count($0, flag: "--keys") },
      valueBytes: try valueSize.map {
        Int(try SizeArgument.bytes($0, flag: "--value-size", least: 1))
      },
      compressiblePercent: compressible, keyOrder: try order(),
      distribution: try distribution.map { try Distribution(parsing: $0) },
      entries: try entries(kind), readPercent: readPercent, writers: writers)
  }

  /// Refuses, before anything is measured, a file that could not be written afterwards.
  private static func checkOutput(_ out: String) throws(CommandFailure) {
    if out == "-" || out.isEmpty || out.hasSuffix("/") {
      throw CommandFailure(
        .usage, "--out \(out): names a file; --json prints the record to standard output")
    }
    if FileManager.default.fileExists(atPath: out) {
      throw CommandFailure(
        .usage, "--out \(out): is there already; name a file that is not there yet")
    }
    let folder = FileSystemPath(out).folder
    guard (try? FileStatus(path: folder))?.kind == .folder else {
      throw CommandFailure(
        .usage, "--out \(out): there is no folder '\(folder)'; make it first, or name another")
    }
  }

  /// Refuses flags that mean nothing for the workload, with the workload that they are for.
  private func checkFit(_ kind: StoreWorkloadKind) throws(CommandFailure) {
    func only(_ flag: String, _ isGiven: Bool, _ kinds: [StoreWorkloadKind]) throws(CommandFailure)
    {
      guard isGiven, !kinds.contains(kind) else { return }
      throw CommandFailure(
        .usage,
        "\(flag) is for \(kinds.map(\.rawValue).joined(separator: ", ")); leave it out for "
          + kind.rawValue)
    }
    try only("--batch", batch != nil, [.fill, .batchWrite, .multiGet])
    try only("--scan-length", scanLength != nil, [.scanForward, .scanBackward, .ycsbE])
    try only("--read-percent", readPercent != nil, [.readWhileWriting])
    try only("--writers", writers > 0, [.readWhileWriting])
    guard writers == 0 || readPercent == nil else {
      throw CommandFailure(
        .usage, "--writers gives some threads to puts, --read-percent mixes them in each: give one")
    }
    let chooses: Bool
    switch kind {
    case .fill, .missingKeys, .scanForward, .scanBackward, .ycsbD: chooses = false
    default: chooses = true
    }
    if !chooses, distribution != nil {
      throw CommandFailure(
        .usage,
        "--distribution chooses among the keys of the fill; leave it out for \(kind.rawValue)")
    }
  }

  private func arrival(_ kind: StoreWorkloadKind) throws -> Arrival {
    guard let rate else {
      if poisson {
        throw CommandFailure(.usage, "--poisson spaces arrivals; say how many with --rate")
      }
      guard kind != .pointLookup else {
        throw CommandFailure(
          .usage,
          "point-lookup is an open loop: say how many a second with --rate, such as --rate 50000, "
            + "or use --workload random-read")
      }
      return .closed
    }
    try RateArgument.check(rate)
    return poisson ? .poisson(perSecond: rate) : .constant(perSecond: rate)
  }

  private func entries(_ kind: StoreWorkloadKind) throws(CommandFailure) -> Int? {
    if let batch { return Int(clamping: try CountArgument.count(batch, flag: "--batch")) }
    guard let scanLength else { return nil }
    return Int(clamping: try CountArgument.count(scanLength, flag: "--scan-length"))
  }

  private func order() throws(CommandFailure) -> StoreKeys.Order? {
    guard let keyOrder else { return nil }
    guard let order = StoreKeys.Order(rawValue: keyOrder) else {
      throw CommandFailure(.usage, "--key-order \(keyOrder): is neither scattered nor ascending")
    }
    return order
  }

  private func configuration() throws(CommandFailure) -> StoreConfiguration {
    var configuration: StoreConfiguration
    switch settings {
    case "measured": configuration = .measured
    case "as-specified": configuration = .asSpecified
    default:
      throw CommandFailure(.usage, "--settings \(settings): is neither measured nor as-specified")
    }
    configuration.directReads = direct
    configuration.durability = try DurabilityArgument.durability(durability)
    if let memory {
      configuration.memoryBudgetBytes = try SizeArgument.bytes(memory, flag: "--memory")
    }
    return configuration.fitted()
  }
}

extension StoreWorkloadKind {
  /// Whether each request asks for many keys, so that one at a time keeps a thread busy.
  var asksForMany: Bool {
    switch self {
    case .multiGet, .scanForward, .scanBackward, .batchWrite, .ycsbE: true
    default: false
    }
  }

  /// The flag that says for how many keys each request asks.
  var entriesFlag: String {
    switch self {
    case .scanForward, .scanBackward, .ycsbE: "--scan-length"
    default: "--batch"
    }
  }
}

/// Reads what `--durability` says.
enum DurabilityArgument {
  /// The mode; a delay is in `us`, `ms` or `s`.
  static func durability(_ text: String) throws(CommandFailure) -> Durability {
    switch text {
    case "sync": return .sync
    case "async": return .async
    default: break
    }
    let units: [(String, Double)] = [("us", 1), ("ms", 1000), ("s", 1_000_000)]
    if text.hasPrefix("grouped:"),
      let unit = units.first(where: { text.hasSuffix($0.0) }),
      let number = Double(text.dropFirst(8).dropLast(unit.0.count)),
      (100...60_000_000).contains(number * unit.1)
    {
      return .grouped(maxDelay: .microseconds(Int64(number * unit.1)))
    }
    throw CommandFailure(
      .usage,
      "--durability \(text): is none of sync, async and grouped:DELAY, where the delay is from 100us "
        + "to 60s, such as grouped:10ms")
  }

  /// The mode as it is written.
  static func text(_ durability: Durability) -> String {
    switch durability {
    case .sync: "sync"
    case .async: "async"
    case .grouped(let delay):
      "grouped:\(delay.components.seconds * 1_000_000 + delay.components.attoseconds / 1_000_000_000_000)us"
        .replacingSuffix("000us", with: "ms")
    }
  }
}

extension String {
  fileprivate func replacingSuffix(_ suffix: String, with other: String) -> String {
    hasSuffix(suffix) ? String(dropLast(suffix.count)) + other : self
  }
}
