internal import Measurements

/// Reads one scenario of a profile.
struct ScenarioReader {
  var list: DiagnosticList

  /// The scenario under `entry`; nil where it has a mistake, which is then in the list.
  func read(_ entry: ProfileEntry) -> ScenarioSpec? {
    guard let (layer, name) = split(entry) else { return nil }
    let what = "scenario '\(entry.key)'"
    guard let keys = KeyReader(entry.value, what, known: ProfileKeys.scenario, list) else {
      return nil
    }
    let words = layer == .raw ? ScenarioSpec.rawWorkloads : ScenarioSpec.storeWorkloads
    for key in ["workload", "block", "depth"] where keys.node(key) == nil { keys.missing(key) }
    let workload = keys.word("workload", of: words)
    let block = block(keys, layer)
    let depth = keys.node("depth") == nil ? nil : keys.whole("depth", in: 1...65536, default: 1)
    let reads = readPercent(keys, workload)
    let arrival = arrival(keys, what)
    let distribution = distribution(keys)
    let range =
      keys.word("range", of: ScenarioRange.allCases.map(\.rawValue)) ?? ScenarioRange.all.rawValue
    let threads = keys.node("threads") == nil ? 0 : keys.whole("threads", in: 1...1024, default: 1)
    let round =
      keys.node("round") == nil
      ? 0 : keys.number("round", .duration, in: ProfileReader.roundRange, default: nil)
    let pointReads = pointReads(keys, workload, what)
    if let threads, let depth, threads > depth {
      keys.fault("threads", "\(what) has \(threads) threads, more than its depth of \(depth)")
    }
    guard let workload, let block, let depth, let reads, let arrival, let distribution, let threads,
      let round, let pointReads, let range = ScenarioRange(rawValue: range)
    else { return nil }
    return ScenarioSpec(
      name: name, workload: workload, block: block, readPercent: reads, depth: depth,
      threads: threads == 0 ? nil : threads, arrival: arrival.kind, ratePerSecond: arrival.rate,
      distribution: distribution, range: range, layer: layer,
      round: round == 0 ? nil : Nanoseconds(Int64(round)),
      pointReadsPerSecond: pointReads == 0 ? nil : pointReads)
  }

  /// Point reads beside writes of the store, 0 for other workloads.
  private func pointReads(_ keys: KeyReader, _ workload: String?, _ what: String) -> Double? {
    let writes = ScenarioSpec.storeWrites
    guard let workload, writes.contains(workload) else {
      guard keys.node("point-reads") != nil, workload != nil else { return 0 }
      keys.fault(
        "point-reads",
        "\(what) has point reads beside it, which only \(writes.joined(separator: ", ")) have")
      return nil
    }
    return keys.number(
      "point-reads", .rate, in: 1...1e7, default: Self.pointReadsPerSecondDefault)
  }

  /// Enough reads to tell their 99th percentile in a second, too few to slow writes down.
  static let pointReadsPerSecondDefault = 1000.0

  /// `NAME` is a scenario of the raw layer, `engine/NAME` one of the engine's.
  private func split(_ entry: ProfileEntry) -> (GateLayer, String)? {
    let isStore = entry.key.hasPrefix("engine/")
    let name = isStore ? String(entry.key.dropFirst("engine/".count)) : entry.key
    guard Self.isName(name) else {
      list.add(
        entry.place,
        "'\(entry.key)' is not a scenario's name: write lower-case words joined by hyphens, "
          + "after 'engine/' for scenarios of the store")
      return nil
    }
    return (isStore ? .engine : .raw, name)
  }

  /// Lower-case letters, digits and single hyphens between them, at most 64.
  static func isName(_ text: String) -> Bool {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    return text.utf8.count <= 64
      && parts.allSatisfy { part in
        !part.isEmpty && part.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) }
      }
  }

  private func block(_ keys: KeyReader, _ layer: GateLayer) -> String? {
    guard let text = keys.text("block") else { return nil }
    if layer == .engine {
      guard ValueText.bytes(text) != nil else {
        keys.fault(
          "block",
          "'\(text)' is not the size of a value: write one size from 1 to 1m, such as 100 or 1k")
        return nil
      }
      return text.lowercased()
    }
    guard BlockText(text) != nil else {
      keys.fault(
        "block",
        "'\(text)' is not a block: write a multiple of 512 such as 512, 4k or 1m, or sizes with "
          + "percents that sum to 100, such as 4k/60:16k/30:128k/10")
      return nil
    }
    return text.lowercased()
  }

  private func readPercent(_ keys: KeyReader, _ workload: String?) -> Int? {
    guard let workload else { return 0 }
    // Lookups of the store may have puts among them; without a share all are lookups.
    if ScenarioSpec.mixes.contains(workload) {
      let fallback: Int? = workload == "random-mix" ? nil : 100
      return keys.whole("read-percent", in: 0...100, kind: .percent, default: fallback)
    }
    let readers = ["random-read", "sequential-read"] + ScenarioSpec.storeReads
    let own = readers.contains(workload) ? 100 : 0
    guard keys.node("read-percent") != nil else { return own }
    guard let given = keys.whole("read-percent", in: 0...100, kind: .percent, default: nil) else {
      return nil
    }
    guard given == own else {
      keys.fault(
        "read-percent",
        "'\(workload)' has \(own) % of reads; only "
          + "'\(workload.hasPrefix("store-") ? "store-point-lookup" : "random-mix")' has a share")
      return nil
    }
    return given
  }

  private func arrival(_ keys: KeyReader, _ what: String) -> (kind: String, rate: Double?)? {
    let words = ["closed", "constant", "poisson"]
    let kind = keys.node("arrival") == nil ? "closed" : keys.word("arrival", of: words)
    guard let kind else { return nil }
    if kind == "closed" {
      if keys.node("rate") != nil {
        keys.fault(
          "rate", "\(what) has a rate, but its arrival is 'closed'; write constant or poisson")
        return nil
      }
      return (kind, nil)
    }
    guard let rate = keys.number("rate", .rate, in: 0.001...1e9, default: nil) else { return nil }
    return (kind, rate)
  }

  private func distribution(_ keys: KeyReader) -> String? {
    guard keys.node("distribution") != nil else { return "uniform" }
    guard let text = keys.text("distribution") else { return nil }
    if text == "uniform" { return text }
    let halves = text.split(separator: ":", omittingEmptySubsequences: false)
    if halves.count == 2, halves[0] == "zipf", let theta = Double(halves[1]), theta > 0, theta <= 5
    {
      return text
    }
    if halves.count == 2, halves[0] == "hotcold" {
      let shares = halves[1].split(separator: "/").compactMap { Int($0) }
      if shares.count == 2, shares.allSatisfy({ (1...99).contains($0) }) { return text }
    }
    keys.fault(
      "distribution",
      "'\(text)' is not a distribution: write uniform, zipf:THETA such as zipf:0.99, or "
        + "hotcold:SPACE/ACCESS in percent such as hotcold:20/80")
    return nil
  }
}
