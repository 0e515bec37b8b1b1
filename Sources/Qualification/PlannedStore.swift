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
    guard !scenarios.isEmpty, subject.isWritable, subject.record.form == .file else { return nil }
    self.factory = factory
    self.scenarios = scenarios
    plan = try EngineSizing.plan(
      request.profile, scenarios: scenarios, rangeBytes: subject.record.rangeBytes,
      seed: request.seed, runID: runID)
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
