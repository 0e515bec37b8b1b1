public import Measurements

/// Lists what stands against a certificate.
public struct CertifiableRule: Sendable {
  /// The only mode that carries out the whole method.
  public static let certifiableMode = "full"

  /// Everything that stands against a certificate, apart from the gates' own outcomes.
  public static func objections(_ record: RunRecord, profile: TierProfile) -> [String] {
    var found: [String] = []
    if record.mode != certifiableMode {
      found.append(
        "mode \(record.mode) is indicative only, and this release has no mode that certifies")
    }
    if record.layer != "all" {
      found.append("only layer \(record.layer) was chosen; the gates of the others were left out")
    }
    if !record.profile.overrides.isEmpty {
      found.append("values were overridden: \(record.profile.overrides.joined(separator: ", "))")
    }
    if profile.demonstration { found.append("the profile is a demonstration") }
    if profile.readOnly { found.append("the profile leaves out all write gates") }
    if record.tool.build != "release" {
      found.append("the program is a \(record.tool.build) build")
    }
    if record.subjects.isEmpty { found.append("no subject was recorded") }
    for subject in record.subjects { found += objections(subject) }
    if record.interruptedBy != nil { found.append("the run was interrupted") }
    return found
  }

  private static func objections(_ subject: SubjectRecord) -> [String] {
    var found: [String] = []
    switch subject.form {
    case .device: break
    case .file: found.append("\(subject.path) is not a whole device")
    case .null, .simulated: found.append("\(subject.path) is not a device")
    }
    let identity = subject.identity
    if identity.kind == .unknown {
      found.append("\(identity.name) is of unknown kind (\(identity.transport))")
    }
    if subject.shared { found.append("\(identity.name) was in use and shared") }
    if let memory = subject.memory { found.append("\(identity.name) lies in memory: \(memory)") }
    if subject.memory == nil, isMemory(identity) { found.append("\(identity.name) lies in memory") }
    if (identity.serial ?? "").isEmpty, subject.form == .device {
      found.append("\(identity.name) states no serial number")
    }
    return found
  }

  /// tmpfs, RAM disks and their like.
  static func isMemory(_ identity: DeviceIdentity) -> Bool {
    ["tmpfs", "ramfs", "ram", "zram", "brd", "memory", "pmem"].contains(identity.transport)
      || ["ram", "zram", "tmpfs", "ramfs"].contains {
        identity.name.hasPrefix($0) && identity.name.dropFirst($0.count).allSatisfy(\.isNumber)
      }
  }
}
