import Measurements

/// The section of a report on one subject: identity, and health before and after.
struct MarkdownSubject {
  private let subject: SubjectRecord

  /// Describes `subject`.
  init(_ subject: SubjectRecord) { self.subject = subject }

  /// The heading with its tables.
  var section: String {
    let heading = MarkdownText.escape("Device: \(SubjectDescription(subject).title)")
    var parts = [MarkdownText.table(["fact", "value"], rows: identity)]
    let health = MarkdownText.table(
      ["health", "before", "after"], rightAligned: [1, 2], rows: healthRows)
    parts.append(health.isEmpty ? "Health: unknown, nothing could read it." : health)
    return MarkdownReport.section(heading, parts.joined(separator: "\n\n"))
  }

  private var identity: [[String]] {
    let identity = subject.identity
    let unknown = "unknown"
    return [
      ["load reaches it as", subject.form.rawValue], ["given as", subject.path],
      ["opened", subject.openedPath + SubjectDescription.sharing(subject)],
      [
        "range used",
        subject.form == .device
          ? Quantity.capacity(subject.rangeBytes) : Quantity.bytes(subject.rangeBytes),
      ],
      ["kernel name", identity.name],
      ["kind", identity.kind.rawValue], ["model", identity.model ?? unknown],
      ["serial", identity.serial ?? unknown], ["firmware", identity.firmware ?? unknown],
      [
        "capacity",
        "\(Quantity.capacity(identity.capacityBytes)) (\(Quantity.count(identity.capacityBytes)) B)",
      ],
      ["transport", identity.transport],
      ["link", identity.link.map(SubjectDescription.link) ?? unknown],
      ["rotation", rotation],
      [
        "block, logical and physical",
        "\(identity.logicalBlockBytes) B and \(identity.physicalBlockBytes) B",
      ],
      ["write cache", identity.writeCache ?? unknown],
      ["NUMA node", identity.numaNode.map(String.init) ?? unknown],
      ["interrupts on CPUs", identity.interruptCPUs ?? unknown],
      ["poll queues", identity.pollQueues.map(String.init) ?? unknown],
      ["scheduler", identity.scheduler ?? unknown],
      ["nomerges", identity.nomerges.map(String.init) ?? unknown],
      ["discards", identity.discards ? "yes" : "no"],
      ["FUA", identity.fua.map { $0 ? "yes" : "no" } ?? unknown],
      ["read-only", identity.readOnly ? "yes" : "no"],
    ]
  }

  private var rotation: String {
    switch (subject.identity.rotationRate, subject.identity.rotational) {
    case (0?, _): "none, as the drive states"
    case (let rate?, _): "\(rate) rpm, as the drive states"
    case (nil, true?): "yes, says the kernel"
    case (nil, false?): "no, says the kernel"
    case (nil, nil): "unknown"
    }
  }

  private var healthRows: [[String]] {
    let before = subject.healthBefore
    let after = subject.healthAfter
    guard before != nil || after != nil else { return [] }
    func row(_ name: String, _ fact: (HealthRecord) -> String?) -> [String]? {
      let cells = [before.flatMap(fact), after.flatMap(fact)]
      guard cells.contains(where: { $0 != nil }) else { return nil }
      return [name] + cells.map { $0 ?? Quantity.missing }
    }
    func number(_ name: String, _ fact: (HealthRecord) -> UInt64?) -> [String]? {
      row(name) { fact($0).map(Quantity.count) }
    }
    return [
      row("read by", \.source),
      row("critical warning") { $0.criticalWarning.map { $0 == 0 ? "none" : "bits \($0)" } },
      row("SMART judgement") { $0.smartPassed.map { $0 ? "passed" : "failed" } },
      row("temperature") { $0.temperatureCelsius.map(Quantity.temperature(celsius:)) },
      number("media errors", \.mediaErrors),
      row("spare, and where it warns") { health in
        health.availableSparePercent.map { spare in
          "\(spare) %" + (health.availableSpareThresholdPercent.map { ", \($0) %" } ?? "")
        }
      },
      row("endurance used") { $0.percentageUsed.map { "\($0) %" } },
      row("written over its life") { $0.dataWrittenBytes.map(Quantity.capacity) },
      number("hours powered on", \.powerOnHours),
      number("unsafe shutdowns", \.unsafeShutdowns),
      number("times throttled for heat", \.thermalThrottleCount),
      number("minutes above warning temperature", \.warningTemperatureMinutes),
    ].compactMap { $0 }
  }
}
