internal import Measurements

/// Turns a resolved profile's nodes into a ``TierProfile`` and checks that it makes sense.
struct ProfileReader {
  var list: DiagnosticList

  /// A round takes from a millisecond to a day.
  static let roundRange = 1e6...86_400e9
  static let bytesRange = 0...9e15

  /// The profile; nil where it has a mistake, which is then in the list.
  func read(_ tree: ProfileNode) -> TierProfile? {
    guard let keys = KeyReader(tree, "the profile", known: ProfileKeys.root, list) else {
      return nil
    }
    let name = name(keys)
    if keys.node("tier") == nil { keys.missing("tier") }
    let tier = keys.word("tier", of: Tier.allCases.map(\.rawValue)).flatMap(Tier.init(rawValue:))
    let summary = keys.requiredText("summary")
    let demonstration = keys.flag("demonstration", default: false)
    let readOnly = keys.flag("read-only", default: false)
    let link = link(keys)
    let rated = ratedBytes(keys)
    let reserve = keys.number("reserve", .size, in: Self.bytesRange, default: 1_073_741_824)
    let file = keys.number("file-size", .size, in: 1_048_576...9e15, default: 0)
    let range = keys.number("range-size", .size, in: 1_048_576...9e15, default: 0)
    let preconditioning = preconditioning(keys)
    let steady = steadyState(keys)
    let rounds = rounds(keys)
    let confidence = keys.number("confidence", .count, in: 0.8...0.9999, default: 0.99)
    let stall = keys.number("stall-limit", .duration, in: 1e8...3600e9, default: 10e9)
    let engine = engine(keys)
    let scenarios = scenarios(keys)
    let gates = gates(keys)
    guard let name, let tier, let summary, let demonstration, let readOnly, let link, let rated,
      let reserve, let file, let range, let preconditioning, let steady, let rounds, let confidence,
      let stall, let engine, let scenarios, let gates
    else { return nil }
    var profile = TierProfile(
      name: name, tier: tier, summary: summary, demonstration: demonstration, readOnly: readOnly,
      link: link.declared, ratedBytesWritten: rated == 0 ? nil : UInt64(rated),
      freeSpaceReserveBytes: UInt64(reserve), fileBytes: file == 0 ? nil : UInt64(file),
      rangeBytes: range == 0 ? nil : UInt64(range),
      preconditioning: preconditioning, steadyState: steady, rounds: rounds,
      confidence: confidence, stallLimit: Nanoseconds(Int64(stall)), engine: engine,
      scenarios: scenarios, gates: gates, resolvedText: "")
    check(profile, keys)
    profile.resolvedText = ProfileText(profile).text
    return profile
  }

  /// What only the whole profile shows: impossible gates and scenarios that do not exist.
  private func check(_ profile: TierProfile, _ keys: KeyReader) {
    if let name = profile.steadyState.scenario, let steady = keys.node("steady-state") {
      let raw = profile.scenarios.filter { $0.layer == .raw }.map(\.name)
      if !raw.contains(name) {
        list.add(
          steady["scenario"]?.place ?? steady.place,
          "steady-state repeats scenario '\(name)', which does not exist on the raw layer"
            + Suggestion.hint(for: name, among: raw))
      }
    }
    guard let link = profile.link,
      let bound = InterfaceBound(bus: link.bus, generation: link.generation, lanes: link.lanes)
    else { return }
    for gate in profile.gates {
      guard let scenario = profile.scenario(of: gate.name),
        let message = bound.violation(of: gate, in: scenario)
      else { continue }
      let place = keys.node("gates")?.entries?.first { $0.key == gate.name.description }
      let limit = place?.value[gate.side.rawValue]?.place
      list.add(limit ?? place?.place ?? keys.place, message)
    }
  }

  private func name(_ keys: KeyReader) -> String? {
    guard let name = keys.requiredText("name") else { return nil }
    guard ScenarioReader.isName(name) else {
      keys.fault("name", "'\(name)' is not a profile's name: write lower-case words with hyphens")
      return nil
    }
    return name
  }

  /// A link that may be absent without being a mistake.
  private struct OptionalLink {
    var declared: DeclaredLink?
  }

  private func link(_ keys: KeyReader) -> OptionalLink? {
    guard let node = keys.node("link") else { return OptionalLink() }
    guard let keys = KeyReader(node, "'link'", known: ProfileKeys.link, list) else { return nil }
    if keys.node("bus") == nil { keys.missing("bus") }
    let bus = keys.word("bus", of: ["pcie", "sata"])
    let generation = keys.whole("generation", in: 1...(bus == "sata" ? 3 : 6), default: nil)
    let lanes = keys.whole(
      "lanes", in: 1...(bus == "sata" ? 1 : 16), default: bus == "sata" ? 1 : nil)
    let reason = keys.requiredText("reason")
    let source = keys.requiredText("source")
    guard let bus, let generation, let lanes, let reason, let source else { return nil }
    return OptionalLink(
      declared: DeclaredLink(
        bus: bus, generation: generation, lanes: lanes, reason: reason, source: source))
  }

  /// Rated endurance in bytes; 0 where it is not known.
  ///
  /// A bare number counts terabytes, as data sheets do.
  private func ratedBytes(_ keys: KeyReader) -> Double? {
    guard let node = keys.node("endurance") else { return 0 }
    guard let keys = KeyReader(node, "'endurance'", known: ProfileKeys.endurance, list) else {
      return nil
    }
    guard let text = keys.text("rated-tbw") else {
      return keys.node("rated-tbw") == nil ? 0 : nil
    }
    if let bare = try? Quantity.parse(text, as: .count), bare > 0, bare <= 9000 {
      return (bare * 1e12).rounded()
    }
    return keys.number("rated-tbw", .size, in: 1e9...9e15, default: nil)?.rounded()
  }

  private func preconditioning(_ keys: KeyReader) -> PreconditioningSpec? {
    guard let node = keys.node("preconditioning") else {
      keys.missing("preconditioning")
      return nil
    }
    let known = ProfileKeys.preconditioning
    guard let keys = KeyReader(node, "'preconditioning'", known: known, list) else { return nil }
    let discard = keys.flag("discard", default: nil)
    let passes = keys.number("passes", .count, in: 0...16, default: nil)
    let block = keys.number("block", .size, in: 512...67_108_864, default: nil)
    let depth = keys.whole("depth", in: 1...4096, default: nil)
    let compressible = keys.whole(
      "compressible-percent", in: 0...100, kind: .percent, default: nil)
    if let block, block.truncatingRemainder(dividingBy: 512) != 0 {
      keys.fault("block", "'block' in 'preconditioning' must be a multiple of 512 bytes")
      return nil
    }
    guard let discard, let passes, let block, let depth, let compressible else { return nil }
    return PreconditioningSpec(
      discard: discard, passes: passes, blockBytes: UInt32(block), depth: depth,
      compressiblePercent: compressible)
  }

  private func steadyState(_ keys: KeyReader) -> SteadyStateSpec? {
    guard let node = keys.node("steady-state") else {
      keys.missing("steady-state")
      return nil
    }
    guard let keys = KeyReader(node, "'steady-state'", known: ProfileKeys.steadyState, list) else {
      return nil
    }
    let scenario = keys.node("scenario") == nil ? "" : keys.text("scenario")
    let round = keys.number("round", .duration, in: Self.roundRange, default: nil)
    let window = keys.whole("window", in: 3...25, default: nil)
    let most = keys.whole("max-rounds", in: 3...1000, default: nil)
    let spread = keys.number("spread-limit", .count, in: 0.001...1, default: nil)
    let slope = keys.number("slope-limit", .count, in: 0.001...1, default: nil)
    if let window, let most, most < window {
      keys.fault("max-rounds", "'max-rounds' is \(most), fewer than the window of \(window)")
    }
    guard let scenario, let round, let window, let most, let spread, let slope else { return nil }
    return SteadyStateSpec(
      scenario: scenario.isEmpty ? nil : scenario, round: Nanoseconds(Int64(round)),
      windowRounds: window, maxRounds: most, spreadLimit: spread, slopeLimit: slope)
  }

  private func rounds(_ keys: KeyReader) -> RoundSpec? {
    guard let node = keys.node("rounds") else {
      keys.missing("rounds")
      return nil
    }
    guard let keys = KeyReader(node, "'rounds'", known: ProfileKeys.rounds, list) else {
      return nil
    }
    let duration = keys.number("duration", .duration, in: Self.roundRange, default: nil)
    let rampUp = keys.number("ramp-up", .duration, in: 0...3600e9, default: nil)
    // Four rounds are the fewest whose autocorrelation says anything.
    let least = keys.whole("min", in: 4...1000, default: nil)
    let step = keys.whole("step", in: 1...1000, default: nil)
    let most = keys.whole("max", in: 4...1000, default: nil)
    if let least, let most, most < least {
      keys.fault("max", "'max' is \(most) rounds, fewer than 'min' with \(least)")
    }
    guard let duration, let rampUp, let least, let step, let most else { return nil }
    return RoundSpec(
      duration: Nanoseconds(Int64(duration)), rampUp: Nanoseconds(Int64(rampUp)), min: least,
      step: step, max: most)
  }

  private func scenarios(_ keys: KeyReader) -> [ScenarioSpec]? {
    guard let node = keys.node("scenarios") else {
      keys.missing("scenarios")
      return nil
    }
    guard let entries = node.entries else {
      list.add(node.place, "'scenarios' must be a mapping of names, not \(node.article)")
      return nil
    }
    guard !entries.isEmpty else {
      list.add(node.place, "'scenarios' names no scenario; a profile needs at least one")
      return nil
    }
    let reader = ScenarioReader(list: list)
    let read = entries.map(reader.read)
    return read.contains { $0 == nil } ? nil : read.compactMap { $0 }
  }

  private func gates(_ keys: KeyReader) -> [GateSpec]? {
    guard let node = keys.node("gates") else {
      keys.missing("gates")
      return nil
    }
    guard let entries = node.entries else {
      list.add(node.place, "'gates' must be a mapping of gate names, not \(node.article)")
      return nil
    }
    guard !entries.isEmpty else {
      list.add(node.place, "'gates' names no gate; a profile needs at least one to judge by")
      return nil
    }
    let names = keys.node("scenarios")?.entries?.map(\.key) ?? []
    let reader = GateReader(list: list, scenarioKeys: names)
    let read = entries.map(reader.read)
    return read.contains { $0 == nil } ? nil : read.compactMap { $0 }
  }
}
