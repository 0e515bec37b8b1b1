import ArgumentParser
import LinuxIO
import Measurements
import Reports
import StorageEngine
import Verdicts

/// `storebench store`: the tiered store, by hand.
struct StoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "store", abstract: "Makes, reads, writes and checks a tiered store.",
    discussion: """
      A store is a folder. Its hot, warm and cold tiers lie below it, or on drives of their own. \
      Every write is on the drive before the command ends.

      EXAMPLES
        storebench store create /srv/store --cold /mnt/hdd/cold
        storebench store put /srv/store user:1 Ada
        storebench store scan /srv/store --prefix user: --limit 10
        storebench store dump /srv/store backup.dump
        storebench store verify /srv/store
        storebench store serve /srv/store
      """,
    subcommands: [
      Create.self, Stat.self, Get.self, Put.self, Delete.self, Scan.self, Load.self, Dump.self,
      Verify.self, Checkpoint.self, Tiers.self, Serve.self,
    ])
}

/// Where a store is and how much memory it may take.
struct StoreOptions: ParsableArguments {
  @Argument(help: "The store's folder.")
  var store: String

  @Option(help: "Settings of the tiers, for this command: measured, or as-specified.")
  var settings = "measured"

  @Option(help: "Most memory for caches and write buffers of this command, such as 256MiB.")
  var memory: String?

  /// The configuration that was asked for, scaled to the memory that it may take.
  ///
  /// - Parameters:
  ///   - readOnly: Whether nothing may be changed.
  ///   - isService: Whether the store stays open and learns from its use.
  /// - Returns: The configuration.
  /// - Throws: What is wrong with the arguments.
  func configuration(
    readOnly: Bool, isService: Bool = false
  ) throws(CommandFailure) -> StoreConfiguration {
    try CommandFailure.refuseUnreadableArguments()
    guard !store.isEmpty else {
      throw CommandFailure(.usage, "the name of the store's folder is empty; name a folder")
    }
    var configuration: StoreConfiguration
    switch settings {
    case "measured": configuration = .measured
    case "as-specified": configuration = .asSpecified
    default:
      throw CommandFailure(.usage, "--settings \(settings): is neither measured nor as-specified")
    }
    configuration.readOnly = readOnly
    if !isService {
      // A command is over before there is anything to learn.
      configuration.placement = nil
      configuration.prefetchBytes = 0
    }
    if let memory {
      configuration.memoryBudgetBytes = try SizeArgument.bytes(memory, flag: "--memory")
    }
    return configuration.fitted()
  }

  /// Opens the store, lends it and closes it, whatever happens.
  func withStore<R>(
    readOnly: Bool, _ body: (TieredStore) throws -> R
  ) throws -> R {
    let configuration = try configuration(readOnly: readOnly)
    do {
      let store = try TieredStore.open(store, configuration: configuration)
      let result: R
      do {
        result = try body(store)
      } catch {
        try? store.close()
        throw error
      }
      if !readOnly { Self.awaitCompaction(in: store) }
      try store.close()
      return result
    } catch let error as StoreError {
      throw CommandFailure(error)
    }
  }

  /// Lets a compaction that is due come to its end, for a moment.
  ///
  /// Closing breaks it off. Where each command is over at once, none would ever end, and every opening
  /// would leave one more small table.
  private static func awaitCompaction(in store: TieredStore) {
    let end = MonotonicClock.now() + compactionWait
    _ = try? store.waitForBackgroundWork { MonotonicClock.now() < end }
  }

  /// A quarter of a second: small tables take less, and large ones go on at another opening.
  private static let compactionWait = Nanoseconds(250_000_000)
}

extension StoreConfiguration {
  /// The same configuration, scaled to the memory that it may take.
  func fitted() -> StoreConfiguration {
    guard let machine = MachineMemory.usableBytes() else { return self }
    var configuration = self
    // Some parts have a least size, so the rest shrinks until the sum fits, if it ever does; a little
    // more than what is asked each time, or it would come ever closer and not arrive.
    for round in 0..<1024 {
      let factor = MemoryBudget(of: configuration, machineBytes: machine).factor
      guard factor < 1 else { break }
      configuration = configuration.scaled(by: round == 0 ? factor : 0.97 * factor)
    }
    return configuration
  }
}

extension CommandFailure {
  /// Refuses arguments that are not UTF-8: repaired, one key or folder would be taken for another.
  static func refuseUnreadableArguments() throws(CommandFailure) {
    guard let found = ProcessArguments.firstUnreadable else { return }
    throw CommandFailure(
      .usage,
      "argument \(found.position), '\(found.text)', is not UTF-8; give keys and values with --hex "
        + "or through standard input, and name folders and files in UTF-8")
  }

  init(_ error: StoreError) {
    if let text = Self.readOnlyText(error) {
      self.init(.unsuitable, text)
      return
    }
    let code: Verdicts.ExitCode =
      switch error {
      case .notAStore, .newerFormat, .readOnly, .tooLarge, .invalidArgument: .usage
      case .exists, .inUse: .refused
      case .corruption, .damagedFormat, .failed, .poisoned: .fail
      case .noSpace, .refused, .system, .noMemory, .wrongFolder: .unsuitable
      case .closed: .internal
      }
    self.init(code, Self.memoryText(error) ?? error.description)
  }

  /// What to do where nothing can be written because of how a file system is mounted, which is not
  /// the fault of a drive; nil for other errors.
  private static func readOnlyText(_ error: StoreError) -> String? {
    guard case .failed(let tier, let path, let cause) = error,
      cause.contains("Read-only file system")
    else { return nil }
    return "the \(tier.rawValue) tier's file system is mounted read-only: '\(path)' cannot be "
      + "written; mount it for writing (where nobody mounted it so, the kernel did after an error: "
      + "look at its log)"
  }

  /// The flag that gives a store the memory that it needs at the least; nil for other errors.
  private static func memoryText(_ error: StoreError) -> String? {
    guard case .noMemory(let needed, let allowed, _) = error else { return nil }
    let machine = MachineMemory.usableBytes().map {
      UInt64(Double($0) * MemoryBudget.shareOfMachine)
    }
    let mebibytes = (needed + (1 << 20) - 1) >> 20
    let remedy =
      machine.map { $0 < needed } == true
      ? "no flag makes it smaller; use a machine or a control group with more memory"
      : "give --memory \(mebibytes)MiB or more, or leave --memory out"
    return "the store takes at least \(Quantity.bytes(needed)) of memory for its caches and write "
      + "buffers, and may use \(Quantity.bytes(allowed)); \(remedy)"
  }
}
