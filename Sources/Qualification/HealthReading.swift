import LinuxIO
public import Measurements
import Subprocess

/// What a drive says of its health, or why it could not be asked.
public struct HealthReading: Sendable, Equatable {
  /// The health; nil where it is unknown.
  public var record: HealthRecord?
  /// Why the health is unknown; nil where it is known.
  public var absence: String?

  /// Asks a disk with nvme-cli or smartctl, whichever is there; only reads.
  ///
  /// - Parameters:
  ///   - identity: The disk.
  ///   - folders: Where the programs are looked for; nil takes PATH and the system's sbin folders.
  ///   - timeLimit: How long a program may take before it is ended.
  public static func read(
    of identity: DeviceIdentity, folders: [String]? = nil, timeLimit: Duration = .seconds(10)
  ) async -> HealthReading {
    let node = "/dev/" + identity.name
    guard ["nvme", "sata", "sas", "scsi", "usb"].contains(identity.transport) else {
      return HealthReading(
        record: nil, absence: "a \(identity.transport) device keeps no record of its health")
    }
    var absences: [String] = []
    let places = folders ?? searchFolders
    if identity.transport == "nvme" {
      if let program = find("nvme", in: places) {
        let answer = await run(program, ["smart-log", node, "-o", "json"], timeLimit: timeLimit)
        let version = await run(program, ["version"], timeLimit: timeLimit)
        if let output = answer.output,
          let record = HealthParser.nvme(output, source: source(program, version.output))
        {
          return HealthReading(record: record, absence: nil)
        }
        absences.append(
          "\(program): \(answer.absence ?? "its answer is not the JSON of smart-log")")
      } else {
        absences.append("nvme (package nvme-cli) is not installed")
      }
    }
    if let program = find("smartctl", in: places) {
      let answer = await run(program, ["-j", "-a", node], timeLimit: timeLimit)
      // Its exit code is a set of bits about the disk, so its output decides.
      if let output = answer.output, let record = HealthParser.smartctl(output, path: program) {
        return HealthReading(record: record, absence: nil)
      }
      let said = answer.output.flatMap { HealthParser.smartctlMessage($0) }
      absences.append(
        "\(program): \(said ?? answer.absence ?? "it says nothing of the drive's health")")
    } else {
      absences.append("smartctl (package smartmontools) is not installed")
    }
    return HealthReading(record: nil, absence: absences.joined(separator: "; "))
  }

  /// A program's path with the last word of the first line that its version option prints.
  static func source(_ program: String, _ version: [UInt8]?) -> String {
    guard let version else { return program }
    let line = String(decoding: version, as: UTF8.self).split(separator: "\n").first ?? ""
    let number = line.split(separator: " ").first { $0.first?.isNumber == true }
    return number.map { "\(program) \($0)" } ?? program
  }

  private static var searchFolders: [String] {
    let path =
      (KernelTree.live.bytes("/proc/self/environ") ?? []).split(separator: 0)
      .map { String(decoding: $0, as: UTF8.self) }
      .first { $0.hasPrefix("PATH=") }?.dropFirst(5) ?? ""
    return path.split(separator: ":").map(String.init).filter { $0.hasPrefix("/") }
      + ["/usr/sbin", "/sbin", "/usr/local/sbin", "/usr/bin"]
  }

  private static func find(_ name: String, in folders: [String]) -> String? {
    folders.lazy.map { "\($0)/\(name)" }.first {
      (try? FileStatus(path: FileSystemPath($0)))?.kind == .file
    }
  }

  private struct Answer: Sendable {
    var output: [UInt8]?
    var absence: String?
  }

  /// Runs a program with a limit of time and of output.
  private static func run(_ program: String, _ arguments: [String], timeLimit: Duration) async
    -> Answer
  {
    await withTaskGroup(of: Answer.self) { group in
      group.addTask {
        var options = PlatformOptions()
        options.teardownSequence = [
          .gracefulShutDown(allowedDurationToNextStep: .milliseconds(500))
        ]
        do {
          // Found by name in its own folder and nowhere else.
          let slash = program.lastIndex(of: "/") ?? program.startIndex
          let result = try await Subprocess.run(
            .name(String(program[slash...].dropFirst())), arguments: Arguments(arguments),
            environment: .inherit.updating([
              "PATH": String(program[..<slash]), "LC_ALL": "C",
            ]), platformOptions: options, output: .bytes(limit: 4 << 20))
          let output = result.standardOutput
          return output.isEmpty
            ? Answer(output: nil, absence: "no output (\(result.terminationStatus))")
            : Answer(output: output, absence: nil)
        } catch {
          return Answer(output: nil, absence: "\(error)")
        }
      }
      group.addTask {
        do {
          try await Task.sleep(for: timeLimit)
          return Answer(output: nil, absence: "no answer within \(timeLimit)")
        } catch {
          return Answer(output: nil, absence: "ended early")
        }
      }
      let first = await group.next() ?? Answer(output: nil, absence: "not run")
      group.cancelAll()
      return first
    }
  }
}
