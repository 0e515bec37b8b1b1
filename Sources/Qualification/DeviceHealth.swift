import LinuxIO
public import Measurements

/// What a drive says of its health, or why it could not be asked.
public struct DeviceHealth: Sendable, Equatable {
  /// The health; nil where it is unknown.
  public var record: HealthRecord?
  /// Why the health is unknown; nil where it is known.
  public var reason: String?

  /// Asks a disk with nvme-cli or smartctl, whichever is there; only reads.
  ///
  /// - Parameters:
  ///   - identity: The disk.
  ///   - folders: Where the programs are looked for; nil takes PATH and the system's sbin folders.
  ///   - timeLimit: How long a program may take before it is ended.
  /// - Returns: The health, or why it is unknown.
  public static func read(
    _ identity: DeviceIdentity, folders: [String]? = nil, timeLimit: Duration = .seconds(10)
  ) async -> DeviceHealth {
    let node = "/dev/" + identity.name
    guard ["nvme", "sata", "sas", "scsi", "usb"].contains(identity.transport) else {
      return DeviceHealth(
        record: nil, reason: "a \(identity.transport) device keeps no record of its health")
    }
    var absences: [String] = []
    let places = folders ?? SystemProgram.searchFolders
    if identity.transport == "nvme" {
      if let program = SystemProgram.find("nvme", in: places) {
        let answer = await SystemProgram.run(
          program, ["smart-log", node, "-o", "json"], timeLimit: timeLimit)
        let version = await SystemProgram.run(program, ["version"], timeLimit: timeLimit)
        if let output = answer.output,
          let record = HealthParser.nvme(output, source: source(program, version.output))
        {
          return DeviceHealth(record: record, reason: nil)
        }
        absences.append(
          "\(program): \(answer.reason ?? "its answer is not the JSON of smart-log")")
      } else {
        absences.append("nvme (package nvme-cli) is not installed")
      }
    }
    if let program = SystemProgram.find("smartctl", in: places) {
      let answer = await SystemProgram.run(program, ["-j", "-a", node], timeLimit: timeLimit)
      // Its exit code is a set of bits about the disk, so its output decides.
      if let output = answer.output, let record = HealthParser.smartctl(output, path: program) {
        return DeviceHealth(record: record, reason: nil)
      }
      let said = answer.output.flatMap { HealthParser.smartctlMessage($0) }
      absences.append(
        "\(program): \(said ?? answer.reason ?? "it says nothing of the drive's health")")
    } else {
      absences.append("smartctl (package smartmontools) is not installed")
    }
    return DeviceHealth(record: nil, reason: absences.joined(separator: "; "))
  }

  /// A program's path with the last word of the first line that its version option prints.
  static func source(_ program: String, _ version: [UInt8]?) -> String {
    guard let version else { return program }
    let line = String(decoding: version, as: UTF8.self).split(separator: "\n").first ?? ""
    let number = line.split(separator: " ").first { $0.first?.isNumber == true }
    return number.map { "\(program) \($0)" } ?? program
  }
}
