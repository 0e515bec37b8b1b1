internal import Measurements
internal import Verdicts
internal import Workloads

/// The store that a run will make, and what it will serve.
struct PlannedStore {
  /// Makes it.
  var factory: any EngineFactory
  /// What it must be.
  var plan: EnginePlan
  /// Scenarios of the engine layer.
  var scenarios: [ScenarioSpec]

  /// Plans the store; nil where the run asks nothing of it, or may not write.
  ///
  /// - Throws: `TargetFailure` where the target is too small for it.
  init?(
    _ factory: any EngineFactory, _ request: QualificationRequest, _ subject: QualificationSubject,
    _ runID: RunID
  ) throws(TargetFailure) {
    let layers = RunVerdict.layers(request.layer)
    let scenarios = request.profile.scenarios.filter {
      $0.layer == .engine && layers.contains(.engine)
    }
    if request.layer == "engine" { try Self.requireStore(scenarios, request, subject) }
    guard !scenarios.isEmpty, subject.isWritable,
      [.file, .device].contains(subject.record.form)
    else { return nil }
    self.factory = factory
    self.scenarios = scenarios
    plan = try EngineSizing.plan(
      request.profile, scenarios: scenarios, rangeBytes: subject.record.rangeBytes,
      memoryBytesMin: factory.memoryBytesMin, seed: request.seed, runID: runID)
  }

  /// Who asks for the engine layer alone must be able to have it.
  private static func requireStore(
    _ scenarios: [ScenarioSpec], _ request: QualificationRequest, _ subject: QualificationSubject
  ) throws(TargetFailure) {
    let path = subject.record.path
    guard !scenarios.isEmpty else {
      throw TargetFailure(
        category: .usage,
        description:
          "--layer engine: the profile '\(request.profile.name)' asks nothing of a store; "
          + "choose another profile, or --layer raw")
    }
    guard subject.isWritable, [.file, .device].contains(subject.record.form) else {
      throw TargetFailure(
        category: .usage,
        description: "--layer engine: no store can be made on \(path); give a folder, or a device "
          + "with --destroy-data and its serial, or choose --layer raw")
    }
  }

  /// What a quote needs to know of it.
  var size: StoreQuote {
    StoreQuote(
      scenarios: scenarios,
      fillBytes: plan.keySpaces.reduce(0) {
        $0 + $1.keyCount * UInt64(plan.keyBytes + $1.valueBytes)
      }, keyBytes: plan.keyBytes)
  }
}
