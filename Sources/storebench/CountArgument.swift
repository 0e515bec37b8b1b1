import LinuxIO
import Verdicts
import Workloads

/// Reads counts on the command line, such as `5M` or `100000`.
enum CountArgument {
  /// The count; k, M and G count in 1000.
  static func count(_ text: String, flag: String) throws(CommandFailure) -> UInt64 {
    let units: [(String, Double)] = [("k", 1e3), ("m", 1e6), ("g", 1e9)]
    let lower = text.lowercased().filter { $0 != "_" }
    let unit = units.first { lower.hasSuffix($0.0) }
    let digits = lower.dropLast(unit == nil ? 0 : 1)
    let plain = digits.allSatisfy { $0.isASCII && ($0.isNumber || $0 == ".") }
    let counted = plain ? Double(digits).map { $0 * (unit?.1 ?? 1) } : nil
    // 2.3M is whole, but 2.3 × 1e6 in binary is not quite.
    guard let number = counted, (1...1e15).contains(number),
      abs(number - number.rounded()) <= max(1e-6, number * 1e-15)
    else {
      throw CommandFailure(
        .usage, "\(flag) \(text): is not a count; write it as 5M, 100k or a whole number from 1")
    }
    return UInt64(number.rounded())
  }
}

/// Reads lists of CPUs.
enum CPUListArgument {
  /// Numbers with commas between them, of CPUs that this process may use.
  static func cpus(_ text: String) throws(CommandFailure) -> [Int] {
    let usable = NUMATopology.current().cpus
    let parts = text.split(separator: ",", omittingEmptySubsequences: false)
    let numbers = parts.compactMap { Int($0) }.filter(usable.contains)
    guard numbers.count == parts.count else {
      throw CommandFailure(
        .usage,
        "--cpus \(text): give numbers of CPUs that this process may use, with commas between them: "
          + usable.map(String.init).joined(separator: ","))
    }
    return numbers
  }
}

/// Refuses rates that no open loop can have.
enum RateArgument {
  /// Arrivals a second, as `--rate` gives them.
  static func check(_ rate: Double) throws(CommandFailure) {
    do {
      try ArrivalRate.constant(perSecond: rate).validate()
    } catch {
      throw CommandFailure(.usage, "--rate: \(error)")
    }
  }
}

/// Refuses numbers outside their range.
enum FlagRange {
  static func require<Value: Comparable>(
    _ range: ClosedRange<Value>, _ value: Value, _ flag: String
  ) throws(CommandFailure) {
    guard range.contains(value) else {
      throw CommandFailure(
        .usage, "\(flag) \(value): must be from \(range.lowerBound) to \(range.upperBound)")
    }
  }
}
