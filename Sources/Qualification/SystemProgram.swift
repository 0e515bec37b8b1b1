import LinuxIO
import Subprocess

/// A program of the system, run with a limit of time and of output.
enum SystemProgram {
  /// Folders of PATH, and the system's own, where root's programs lie.
  static var searchFolders: [String] {
    let path =
      (KernelTree.live.bytes("/proc/self/environ") ?? []).split(separator: 0)
      .map { String(decoding: $0, as: UTF8.self) }
      .first { $0.hasPrefix("PATH=") }?.dropFirst(5) ?? ""
    return path.split(separator: ":").map(String.init).filter { $0.hasPrefix("/") }
      + ["/usr/sbin", "/sbin", "/usr/local/sbin", "/usr/bin"]
  }

  /// The path of a program; nil where no folder has it.
  static func find(_ name: String, in folders: [String]) -> String? {
    folders.lazy.map { "\($0)/\(name)" }.first {
      (try? FileStatus(path: FileSystemPath($0)))?.kind == .file
    }
  }

  /// What a program said.
  struct Answer: Sendable {
    /// What it wrote; nil where it wrote nothing or did not run.
    var output: [UInt8]?
    /// Why there is no output.
    var reason: String?
    /// Whether it ended by itself, and said that all went well.
    var succeeded = false
    /// What it wrote on standard error.
    var complaint = ""
  }

  /// Runs a program with a limit of time and of output.
  static func run(_ program: String, _ arguments: [String], timeLimit: Duration) async
    -> Answer
  {
    await withTaskGroup(of: Answer.self) { group in
      group.addTask {
        var options = PlatformOptions()
        // A session of its own, so that its children end with it and a Ctrl-C meant for the run
        // does not cut a reading off.
        options.createSession = true
        options.teardownSequence = [
          .send(
            signal: .terminate, toProcessGroup: true,
            allowedDurationToNextStep: .milliseconds(300)),
          .send(signal: .kill, toProcessGroup: true, allowedDurationToNextStep: .milliseconds(300)),
        ]
        do {
          // Its own folder comes first, so that the name finds what was found above.
          let slash = program.lastIndex(of: "/") ?? program.startIndex
          let result = try await Subprocess.run(
            .name(String(program[slash...].dropFirst())), arguments: Arguments(arguments),
            environment: .inherit.updating([
              "PATH": "\(program[..<slash]):/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C",
            ]), platformOptions: options, output: .bytes(limit: 4 << 20),
            error: .string(limit: 64 << 10))
          let output = result.standardOutput
          var answer =
            output.isEmpty
            ? Answer(output: nil, reason: "no output (\(result.terminationStatus))")
            : Answer(output: output, reason: nil)
          answer.succeeded = result.terminationStatus.isSuccess
          answer.complaint = result.standardError
          return answer
        } catch {
          return Answer(output: nil, reason: "\(error)")
        }
      }
      group.addTask {
        do {
          try await Task.sleep(for: timeLimit)
          return Answer(output: nil, reason: "no answer within \(timeLimit)")
        } catch {
          return Answer(output: nil, reason: "ended early")
        }
      }
      let first = await group.next() ?? Answer(output: nil, reason: "not run")
      group.cancelAll()
      return first
    }
  }
}
