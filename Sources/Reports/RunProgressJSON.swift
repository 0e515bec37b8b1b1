import FoundationEssentials
public import Measurements

/// The line of `--progress json` for an event; `docs/results.md` explains its keys.
public enum RunProgressJSON {
  /// The version of the line's layout.
  public static let schema = 1

  /// One JSON object and a line feed; keys sorted, absent facts left out.
  public static func line(_ progress: RunProgress) -> String {
    var progress = progress
    // JSON has no infinities; a figure that is none is left out like one that is not known.
    progress.fractionDone = finite(progress.fractionDone)
    progress.operationsPerSecond = finite(progress.operationsPerSecond)
    progress.bytesPerSecond = finite(progress.bytesPerSecond)
    if let steady = progress.steadyState,
      !(steady.spread.isFinite && steady.slopeExcursion.isFinite)
    {
      progress.steadyState = nil
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(Line(progress: progress)) else { return "" }
    return String(decoding: data, as: UTF8.self) + "\n"
  }

  private static func finite(_ value: Double?) -> Double? {
    value.flatMap { $0.isFinite ? $0 : nil }
  }

  private struct Line: Encodable {
    var progress: RunProgress

    enum CodingKeys: String, CodingKey { case schema }

    func encode(to encoder: any Encoder) throws {
      try progress.encode(to: encoder)
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(RunProgressJSON.schema, forKey: .schema)
    }
  }
}
