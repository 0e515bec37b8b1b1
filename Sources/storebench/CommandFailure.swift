import FoundationEssentials
import Glibc
import LinuxIO
import Qualification
import Reports
import Verdicts
import Workloads

/// Why a command ends with a code other than 0, with what is printed on standard error.
struct CommandFailure: Error {
  /// The documented exit code.
  var code: Verdicts.ExitCode
  /// What happened, where, and what to do; empty where all was said.
  var message: String

  init(_ code: Verdicts.ExitCode, _ message: String = "") {
    self.code = code
    self.message = message
  }

  /// A signal ended the run before it was over.
  init(stoppedBy signal: Int32, kept: String) {
    let name = StopSignal.name(of: signal)
    self.init(signal == 15 ? .terminated : .interrupted, "stopped by \(name); \(kept)")
  }

  init(_ failure: TargetFailure) {
    self.init(failure.exitCode, failure.description)
  }

  init(_ error: ProfileErrors) { self.init(.usage, error.description) }

  init(_ error: WorkloadError) { self.init(.usage, error.description) }

  init(_ error: ResultFolderError) { self.init(.unsuitable, error.description) }
}

extension CommandFailure {
  /// What the kernel said, in its words, of a file that could not be read or written.
  static func reason(_ error: any Error) -> String {
    if let error = error as? SystemError { return SystemError.text(of: error.errno) }
    guard let posix = (error as? CocoaError)?.underlying as? POSIXError else { return "\(error)" }
    return SystemError.text(of: posix.code.rawValue)
  }
}

extension CommandFailure: CustomStringConvertible {
  /// What people read, also where one message quotes another.
  var description: String { message }
}

extension TargetFailure {
  /// The documented exit code of the category.
  var exitCode: Verdicts.ExitCode {
    switch category {
    case .refused: .refused
    case .environment: .unsuitable
    case .usage: .usage
    case .changed: .fail
    }
  }
}
