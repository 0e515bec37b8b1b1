public import ArgumentParser
import LinuxIO
import Measurements
import Qualification
import Reports
public import Verdicts

extension Tier: ExpressibleByArgument {}
extension QualificationMode: ExpressibleByArgument {}

/// Which gates are judged.
enum LayerChoice: String, ExpressibleByArgument, CaseIterable {
  case raw
  case engine
  case all
}

/// How progress is shown on standard error.
enum ProgressForm: String, ExpressibleByArgument, CaseIterable {
  case text
  case json
  case none
}

/// `storebench qualify`: from a device to a verdict.
struct QualifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "qualify",
    abstract: "Judges whether a device may serve a tier; the exit code is the verdict.",
    discussion: """
      Without --destroy-data a device is only read. A folder is always safe: the run works in a \
      file of its own there, leaves the reserve of free space, and removes the file at its end. \
      Gates of the layer engine are measured on a store that the run makes and removes: in such \
      a folder, or on a device that may be written in a file system of its own.

      EXAMPLES
        storebench qualify --tier hot /dev/nvme0n1 --dry-run
        storebench qualify --tier hot /dev/nvme0n1 --destroy-data S64GNE0R --mode nightly
        storebench qualify --tier warm /srv/data --size 8GiB
        storebench qualify --tier hot /srv/data --layer engine
        storebench qualify --tier hot /dev/nvme0n1 --set raw/random-read-4k/iops=400K
        storebench qualify --tier hot simulated:read-iops=700000,write-iops=400000

      EXIT CODES
      \(ExitCode.table)
      """)

  @Argument(help: "A whole device, a folder, a file to create, an image to read, or simulated:….")
  var target: String

  @Option(help: "The tier to judge for: hot, warm or cold.")
  var tier: Tier?

  @Option(
    help:
      "Which gates: raw (the device alone), engine (the store on it alone), or all, one after the other."
  )
  var layer: LayerChoice = .all

  @Option(
    help:
      "A profile file, or the name of a built-in one, instead of the tier's own; for a file of such a name write ./hot."
  )
  var profile: String?

  @Option(
    name: .customLong("set"),
    help:
      "KEY=VALUE for any key of the profile or the limit of a gate; such a run is uncertifiable.")
  var overrides: [String] = []

  @Option(help: "quick (minutes, indicative only) or nightly (tens of minutes).")
  var mode: QualificationMode = .quick

  @Option(help: "Allows writing to the device with this serial; everything on it is lost.")
  var destroyData: String?

  @Option(
    parsing: .unconditional, help: "Bytes to use of the device or in the file, such as 8GiB.")
  var size: String?

  @Option(help: "Where the run's folder goes.")
  var out = "results"

  @Option(
    parsing: .unconditional,
    help: "The seed of all choices, a whole number from 0 to 2^64 - 1; random unless given.")
  var seed: UInt64?

  @Flag(help: "Checks and quotes time, bytes and endurance, and stops there.")
  var dryRun = false

  @Flag(help: "Prints the run's record as JSON instead of the verdict.")
  var json = false

  @Flag(help: "Prints nothing but the verdict's last lines.")
  var quiet = false

  @Flag(help: "Prints the equivalent fio job of each scenario of the device and stops there.")
  var printFio = false

  @Option(help: "How progress is shown on standard error: text, json or none.")
  var progress: ProgressForm = .text

  func run() async throws {
    try checkFlags()
    let choice = ProfileChoice(tier: tier, file: profile)
    let tierProfile = try choice.load(mode: mode, overrides: overrides)
    let request = QualificationRequest(
      path: FileSystemPath(argument: target), destroySerial: destroyData,
      sizeBytes: try size.map(SizeArgument.bytes), profile: tierProfile,
      profileSource: try choice.source().file, overrides: overrides, mode: mode,
      layer: layer.rawValue, seed: seed ?? UInt64.random(in: 1...(1 << 53)),
      command: CommandLine.arguments, version: Storebench.version)
    let stop = StopSignal.ofProcess
    stop.awaitRequests()
    let qualification = try await open(request)
    defer { qualification.close() }
    // After the target, of which there is more to say.
    if !printFio { try checkOutput() }

    let shown = quiet || progress == .none ? nil : ProgressOutput(form: progress)
    shown?.header(
      qualification.header, title: tierProfile.demonstration ? tierProfile.summary : nil,
      // A dry run prints it as its result.
      includingPlan: !dryRun || json)
    for note in qualification.header.notes ?? [] { shown?.note(note) }
    if printFio {
      StandardStream.output.write(try qualification.fioJobs())
      return
    }
    if dryRun {
      StandardStream.output.write(
        json
          ? try encoded(qualification.header)
          : DryRunText.text(
            of: qualification.header, profile: tierProfile))
      return
    }
    try await carryOut(qualification, stop, shown)
  }

  /// Refuses flags that would be passed over in silence.
  private func checkFlags() throws(CommandFailure) {
    guard !out.isEmpty else {
      throw CommandFailure(.usage, "--out is empty; name a folder, or leave it out for 'results'")
    }
    guard !json || !printFio else {
      throw CommandFailure(.usage, "--print-fio prints jobs, --json a record: give one")
    }
    guard !printFio || layer != .engine else {
      throw CommandFailure(
        .usage, "--print-fio --layer engine: fio knows no store's scenarios; choose --layer raw")
    }
  }

  /// Refuses where no result could be written, also for a dry run: the run that follows must not fail by it.
  private func checkOutput() throws(CommandFailure) {
    do {
      try ResultFolder.check(in: out)
    } catch {
      throw CommandFailure(error)
    }
  }

  private func open(_ request: QualificationRequest) async throws(CommandFailure)
    -> DeviceQualification
  {
    do {
      return try await DeviceQualification.open(request, engine: TieredStoreEngineFactory())
    } catch {
      throw CommandFailure(error)
    }
  }

  private func carryOut(
    _ qualification: DeviceQualification, _ stop: StopSignal, _ shown: ProgressOutput?
  ) async throws {
    let header = qualification.header
    let folder = try makeFolder(header)
    do {
      // Before the run: whatever becomes of it, what it was judged by is beside its journal.
      try folder.write(header.profile.text, to: folder.profilePath)
    } catch {
      throw CommandFailure(error)
    }
    var failure: TargetFailure?
    do {
      try await qualification.run(
        journalPath: folder.journalPath, samplesPath: folder.samplesPath, stop: stop
      ) { shown?.show($0) }
    } catch {
      failure = error
    }
    // The device is free again before anybody reads the verdict.
    qualification.close()
    shown?.end()
    let record = qualification.record
    do {
      try folder.write(record)
    } catch {
      throw CommandFailure(error)
    }
    if json { StandardStream.output.write(try encoded(record)) }
    if let failure { throw CommandFailure(failure) }
    if !json {
      let style = TerminalStyle.of(.output)
      let text = TerminalReport(style: style).verdict(of: record, reportPath: folder.reportPath)
      StandardStream.output.write(quiet ? Self.lastLines(text) : text)
    }
    if let signal = stop.requestedBy {
      throw CommandFailure(
        stoppedBy: signal, kept: "what was measured until then is in \(folder.path)")
    }
    guard let code = record.verdict.flatMap({ Verdicts.ExitCode(rawValue: $0.exitCode) }) else {
      throw CommandFailure(.internal, "the run ended without a verdict; see \(folder.path)")
    }
    guard code == .pass else { throw CommandFailure(code) }
  }

  private func makeFolder(_ header: RunRecord) throws(CommandFailure) -> ResultFolder {
    do {
      return try ResultFolder(
        in: out, startedAt: header.startedAt, host: header.machine.hostname,
        device: header.subjects.first.map(ResultFolder.deviceName) ?? "none", tier: header.tier)
    } catch {
      throw CommandFailure(error)
    }
  }

  private func encoded(_ record: RunRecord) throws(CommandFailure) -> String {
    do {
      return String(decoding: try RunRecordJSON.encode(record), as: UTF8.self) + "\n"
    } catch {
      throw CommandFailure(.internal, "\(error)")
    }
  }

  /// What follows the empty line behind the gates.
  private static func lastLines(_ text: String) -> String {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    guard let gap = lines.firstIndex(of: "") else { return text }
    return lines[(gap + 1)...].joined(separator: "\n")
  }
}
