public import Measurements

/// Judges the gates on what a device says of itself: before any load, and again at the end.
public struct DeviceGateRule: Sendable {
  /// Results of the profile's gates on the device layer, in its order.
  ///
  /// A fact that is not known leaves its gate inconclusive on a whole device. It does not apply to
  /// files, to simulated targets and in demonstrations, none of which can be certified.
  public static func judge(_ subject: SubjectRecord, profile: TierProfile) -> [GateResult] {
    profile.gates.filter { $0.name.layer == .device }.map {
      judge($0, subject, demonstration: profile.demonstration)
    }
  }

  static func judge(
    _ gate: GateSpec, _ subject: SubjectRecord, demonstration: Bool
  ) -> GateResult {
    var result = GateResult(gate)
    guard let metric = DeviceMetric(gate.name) else {
      result.reason = "not measured: the device layer has no such gate"
      return result
    }
    guard subject.form == .device || subject.form == .file else {
      result.outcome = .notApplicable
      result.reason = "the target is not a device"
      return result
    }
    guard let fact = fact(metric, subject) else {
      let excused = subject.form == .file || demonstration
      result.outcome = excused ? .notApplicable : .inconclusive
      result.reason = unknown(metric, subject)
      return result
    }
    switch fact {
    case .word(let word):
      result.valueWord = word
      result.outcome = word == gate.word ? .pass : .fail
      if result.outcome == .fail {
        result.reason = "the device is of kind '\(word)', the tier needs '\(gate.word ?? "")'"
      }
    case .number(let value):
      result.value = value
      guard let limit = gate.limit else { return result }
      result.outcome = (gate.side == .min ? value >= limit : value <= limit) ? .pass : .fail
    }
    return result
  }

  private enum Fact {
    case word(String)
    case number(Double)
  }

  private static func fact(_ metric: DeviceMetric, _ subject: SubjectRecord) -> Fact? {
    let identity = subject.identity
    let before = subject.healthBefore
    let after = subject.healthAfter
    let number: Double?
    switch metric {
    case .kind: return identity.kind == .unknown ? nil : .word(identity.kind.rawValue)
    case .capacity: number = Double(identity.capacityBytes)
    case .linkGeneration: number = identity.link?.generation.map(Double.init)
    case .linkLanes: number = identity.link?.lanes.map(Double.init)
    case .criticalWarning:
      number = [before?.criticalWarning, after?.criticalWarning].compactMap { $0 }.max()
        .map(Double.init)
    case .mediaErrorGrowth:
      guard let first = before?.mediaErrors, let last = after?.mediaErrors else { return nil }
      // A count that fell was reset or belongs to another drive; either way it says nothing.
      guard last >= first else { return nil }
      number = Double(last - first)
    case .temperature:
      number = [before?.temperatureCelsius, after?.temperatureCelsius].compactMap { $0 }.max()
        .map(Double.init)
    case .availableSpare:
      number = [before?.availableSparePercent, after?.availableSparePercent].compactMap { $0 }.min()
        .map(Double.init)
    }
    return number.map(Fact.number)
  }

  private static func unknown(_ metric: DeviceMetric, _ subject: SubjectRecord) -> String {
    let transport = subject.identity.transport
    switch metric {
    case .kind:
      return "only NVMe and drives that state a rotation rate settle their kind, not \(transport)"
    case .capacity: return "not measured: the capacity is not known"
    case .linkGeneration, .linkLanes:
      return "not measured: the kernel does not tell the link of a \(transport) device"
    case .mediaErrorGrowth where subject.healthBefore?.mediaErrors != nil:
      return "not measured: it needs the health after the load as well"
    default:
      return
        subject.healthBefore == nil && subject.healthAfter == nil
        ? "not measured: no health was read; the notes of the run say why"
        : "not measured: the device does not report it"
    }
  }
}
