/// How a gate or a run was judged.
public enum Outcome: String, Codable, Sendable, CaseIterable {
  /// The confidence interval clears the limit.
  case pass
  /// The confidence interval lies wholly on the wrong side.
  case fail
  /// Neither, or it was not measured.
  case inconclusive
  /// The gate does not apply to this subject, which is then never certifiable.
  case notApplicable
}

/// What bound a gate that did not pass.
public enum Bound: String, Codable, Sendable {
  /// The device itself.
  case device
  /// The link is trained below its width or speed.
  case link
  /// Workers or memory on the wrong NUMA node.
  case numa
  /// The host's CPUs.
  case cpu
  /// The device throttled itself for heat.
  case thermal
  /// Other work on the machine.
  case neighbour
  /// The store: the device below it had too little to do.
  case store
}

/// Which side of the limit is good.
public enum LimitSide: String, Codable, Sendable {
  /// At least the limit.
  case min
  /// At most the limit.
  case max
  /// Exactly the word.
  case equals
}

/// A gate with its evidence and its outcome.
public struct GateResult: Codable, Sendable, Equatable {
  /// The frozen name.
  public var name: GateName
  /// Which side of the limit is good.
  public var side: LimitSide
  /// The limit, for gates on numbers.
  public var limit: Double?
  /// The word asked for, for gates on words.
  public var limitWord: String?
  /// The unit of limit and value.
  public var unit: MetricUnit
  /// The estimate over all rounds.
  public var value: Double?
  /// The word found, for gates on words.
  public var valueWord: String?
  /// Lower end of the confidence interval.
  public var lower: Double?
  /// Upper end of the confidence interval; nil where the data do not bound it.
  public var upper: Double?
  /// The confidence that the interval was made for, such as 0.99, after all corrections.
  public var confidence: Double?
  /// One value a round, from which the interval was derived: the metric itself, or for percentile
  /// gates the fraction of requests above the limit.
  public var samples: [Double]
  /// Requests behind each sample, for percentile gates.
  public var sampleCounts: [UInt64]
  /// How it was judged.
  public var outcome: Outcome
  /// What bound it, where it did not pass.
  public var bound: Bound?
  /// Why, for people.
  public var reason: String?
  /// Why the limit stands in the profile.
  public var limitReason: String?
  /// Where the limit comes from.
  public var limitSource: String?

  /// A gate that has not been judged.
  public init(name: GateName, side: LimitSide, limit: Double?, unit: MetricUnit) {
    self.name = name
    self.side = side
    self.limit = limit
    self.unit = unit
    self.samples = []
    self.sampleCounts = []
    self.outcome = .inconclusive
  }
}

/// The judgement of a run.
public struct VerdictRecord: Codable, Sendable, Equatable {
  /// The run's outcome, which is also its exit code.
  public var outcome: Outcome
  /// The exit code.
  public var exitCode: Int32
  /// One line: which gate, by how much.
  public var summary: String
  /// What explains it.
  public var why: String?
  /// What to do next.
  public var remedy: String?
  /// Every gate of the profile's chosen layers.
  public var gates: [GateResult]
  /// True only where nothing stands against a certificate.
  public var certifiable: Bool
  /// What stands against a certificate.
  public var notCertifiable: [String]
  /// Sanity findings and other remarks.
  public var warnings: [String]

  /// States a judgement.
  public init(
    outcome: Outcome, exitCode: Int32, summary: String, gates: [GateResult], certifiable: Bool,
    notCertifiable: [String], warnings: [String]
  ) {
    self.outcome = outcome
    self.exitCode = exitCode
    self.summary = summary
    self.gates = gates
    self.certifiable = certifiable
    self.notCertifiable = notCertifiable
    self.warnings = warnings
  }
}
