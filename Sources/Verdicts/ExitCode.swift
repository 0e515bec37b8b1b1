/// Every exit code of the command with its meaning: the one table.
public enum ExitCode: Int32, Sendable, CaseIterable {
  /// Every gate passed.
  case pass = 0
  /// The subject may not serve the tier.
  case fail = 1
  /// The run does not say.
  case inconclusive = 2
  /// Nothing was touched.
  case refused = 3
  /// The environment stood in the way.
  case unsuitable = 4
  /// A mistake on the command line or in a profile.
  case usage = 64
  /// A mistake of the program.
  case `internal` = 70
  /// Ended by SIGINT or SIGHUP.
  case interrupted = 130
  /// Nobody read the results to their end, as a shell tells of SIGPIPE: what was cut off must not look
  /// whole.
  case unread = 141
  /// Ended by SIGTERM.
  case terminated = 143

  /// What it means, for `--help`.
  public var meaning: String {
    switch self {
    case .pass: "pass: every gate passed"
    case .fail:
      "fail: a gate failed, the device is of the wrong kind for the tier, or it was lost, stalled, "
        + "answered with errors or returned wrong data"
    case .inconclusive: "inconclusive: a gate was not decided or not measured"
    case .refused:
      "refused, nothing touched: the target is in use, carries data, or its serial does not match"
    case .unsuitable:
      "unsuitable environment: no io_uring, no permission, no space, host-bound or too noisy"
    case .usage: "usage: a mistake on the command line or in a profile"
    case .internal: "internal error: a mistake of the program"
    case .interrupted: "interrupted by SIGINT (Ctrl-C) or SIGHUP"
    case .unread: "cut off: whoever read standard output went away first"
    case .terminated: "interrupted by SIGTERM"
    }
  }

  /// All codes with their meanings, one a line, as `--help` shows them.
  public static var table: String {
    allCases.map { code in
      let number = "\(code.rawValue)"
      return String(repeating: " ", count: 5 - number.count) + number + "  " + code.meaning
    }.joined(separator: "\n")
  }
}
