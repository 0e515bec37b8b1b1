import ArgumentParser
import Driver
import LinuxIO
import Measurements
import Qualification
import Reports
import Verdicts
import Workloads

/// `storebench bench device`: one workload by flags, for engineers who would use fio.
struct BenchDeviceCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "device",
    abstract: "Measures one workload on a device or a file, without a verdict.",
    discussion: """
      Reads need nothing. Writes to a device need --destroy-data with its serial. A folder gets a \
      file of the tool's own, which is filled first and removed at the end.

      EXAMPLES
        storebench bench device /dev/nvme0n1 --workload random-read --block 4k --depth 32
        storebench bench device /srv/data --workload random-write --size 4GiB --seconds 30
        storebench bench device /dev/nvme0n1 --workload random-read --rate 50000 --poisson
        storebench bench device /dev/nvme0n1 --block 4k/60:16k/30:128k/10 --print-fio
        storebench bench device /dev/nvme0n1 --profile hot --scenario random-read-4k
        storebench bench device null: --depth 128         the driver's own cost
      """)

  @Argument(help: "A device, a folder, an image to read, null: or simulated:….")
  var target: String

  @Option(
    help: "random-read, random-write, random-mix, sequential-read or sequential-write.")
  var workload = "random-read"

  @Option(
    help:
      "A profile, a file or a built-in one, whose --scenario sets the workload; ./hot is a file, hot is built in."
  )
  var profile: String?

  @Option(help: "The scenario of --profile to run.")
  var scenario: String?

  @Option(help: "Block size, or sizes with shares such as 4k/60:16k/30:128k/10.")
  var block = "4k"

  @Option(parsing: .unconditional, help: "Requests in flight for each thread.")
  var depth = 32

  @Option(parsing: .unconditional, help: "Worker threads.")
  var threads = 1

  @Option(parsing: .unconditional, help: "Seconds to measure.")
  var seconds = 10.0

  @Option(parsing: .unconditional, help: "Seconds to run uncounted first.")
  var ramp = 0.5

  @Option(parsing: .unconditional, help: "Percent of reads, for random-mix; 70 unless given.")
  var readPercent: Int?

  @Option(help: "uniform, zipf:THETA or hotcold:SPACE/ACCESS.")
  var distribution = "uniform"

  @Option(
    parsing: .unconditional,
    help: "Arrivals a second over all threads: an open loop instead of a closed one.")
  var rate: Double?

  @Flag(help: "Arrivals at random instead of evenly spaced, with --rate.")
  var poisson = false

  @Option(parsing: .unconditional, help: "Bytes to use from the start, such as 8GiB.")
  var size: String?

  @Option(
    parsing: .unconditional,
    help: "Percent of what is written that compresses to nothing; 0 unless given.")
  var compressible: Int?

  @Option(help: "CPUs to pin threads to, such as 0,2; chosen by the device's node unless given.")
  var cpus: String?

  @Option(
    help:
      "How successors are submitted: ramp:FACTOR, batched, each, or auto: the fastest, found out during --ramp."
  )
  var submission = "auto"

  @Option(parsing: .unconditional, help: "Seconds without any answer that count as a stall.")
  var stallLimit = 10.0

  @Option(parsing: .unconditional, help: "The seed; same seed, same requests.")
  var seed: UInt64 = 1

  @Option(help: "Allows writing to the device with this serial; everything on it is lost.")
  var destroyData: String?

  @Flag(help: "Takes interrupts' place by polling; needs poll queues.")
  var poll = false

  @Flag(help: "Prints the record as JSON: the target, the settings and the round.")
  var json = false

  @Flag(help: "Prints the equivalent fio job and stops there.")
  var printFio = false

  func run() async throws {
    let stop = StopSignal.ofProcess
    guard !json || !printFio else {
      throw CommandFailure(.usage, "--print-fio prints a job, --json a record: give one")
    }
    stop.awaitRequests()
    do {
      let asked = try asScenario().request()
      let bench = try DeviceBench.open(asked)
      defer { bench.close() }
      guard compressible == nil || bench.writes else {
        throw CommandFailure(
          .usage,
          "--compressible shapes what is written, and this load writes nothing; leave it out")
      }
      if printFio {
        StandardStream.output.write(bench.fioJob)
        return
      }
      let result = try bench.run(stop: stop) { text in
        StandardStream.error.write("\(text)\n")
      }
      StandardStream.output.write(
        json
          ? try BenchText.json(result, bench, asked)
          : BenchText.text(result, bench.workload, plan: bench.plan))
      try check(result, stop)
    } catch let error as TargetFailure {
      throw CommandFailure(error)
    } catch let error as WorkloadError {
      throw CommandFailure(error)
    }
  }

  private func check(_ result: LoadResult, _ stop: StopSignal) throws(CommandFailure) {
    if let signal = stop.requestedBy {
      throw CommandFailure(stoppedBy: signal, kept: "the figures are those until then")
    }
    guard result.outcome == .completed else {
      let detail = result.detail.map { ": \($0)" } ?? ""
      throw CommandFailure(.fail, "\(target): \(FaultRule.phrase(result.outcome))\(detail)")
    }
    guard result.round.operations > 0 else {
      throw CommandFailure(
        .inconclusive,
        "\(target): no request of the window was completed; "
          + (rate == nil ? "measure for longer" : "ask for a lower --rate, or measure for longer"))
    }
  }

  func request() throws -> DeviceBenchRequest {
    guard let kind = WorkloadKind(rawValue: workload) else {
      throw CommandFailure(
        .usage,
        "--workload \(workload): is none of "
          + WorkloadKind.allCases.map(\.rawValue).joined(separator: ", "))
    }
    try FlagRange.require(1...4096, depth, "--depth")
    try FlagRange.require(1...1024, threads, "--threads")
    let (reads, compressing) = (readPercent ?? 70, compressible ?? 0)
    try FlagRange.require(0...100, reads, "--read-percent")
    try FlagRange.require(0...93, compressing, "--compressible")
    // A scenario states a share in any case.
    guard readPercent == nil || kind == .randomMix || scenario != nil else {
      throw CommandFailure(
        .usage, "--read-percent is for random-mix; leave it out for \(kind.rawValue)")
    }
    try FlagRange.require(0.001...604_800, seconds, "--seconds")
    try FlagRange.require(0...3600, ramp, "--ramp")
    try FlagRange.require(0.1...86_400, stallLimit, "--stall-limit")
    if let rate { try RateArgument.check(rate) }
    if poisson, rate == nil {
      throw CommandFailure(.usage, "--poisson spaces arrivals; say how many with --rate")
    }
    var request = DeviceBenchRequest(
      path: FileSystemPath(argument: target), kind: kind, blocks: try BlockSplit(parsing: block),
      depth: depth, threads: threads, seconds: seconds, seed: seed)
    request.name = scenario
    request.rampSeconds = ramp
    request.readPercent = reads
    request.distribution = try Distribution(parsing: distribution)
    request.arrival =
      rate.map { poisson ? .poisson(perSecond: $0) : .constant(perSecond: $0) } ?? .closed
    request.sizeBytes = try size.map(SizeArgument.bytes)
    request.compressiblePercent = compressing
    request.cpus = try cpus.map(CPUListArgument.cpus)
    request.submission = try submissionPolicy()
    request.stallLimit = Nanoseconds(seconds: stallLimit)
    request.destroySerial = destroyData
    request.polled = poll
    return request
  }

  private func submissionPolicy() throws(CommandFailure) -> SubmissionPolicy {
    switch submission.split(separator: ":", omittingEmptySubsequences: false).map(String.init) {
    case ["auto"]: return .automatic
    case ["batched"]: return .batched
    case ["each"]: return .each
    case let words where words.count == 2 && words[0] == "ramp":
      guard words[1].allSatisfy(\.isNumber), let factor = Int(words[1]), (2...64).contains(factor)
      else { break }
      return .ramp(factor: factor)
    default: break
    }
    throw CommandFailure(
      .usage, "--submission \(submission): is none of auto, ramp:2 to ramp:64, batched, each")
  }
}
