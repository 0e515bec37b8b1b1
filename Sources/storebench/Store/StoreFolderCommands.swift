import ArgumentParser
import FoundationEssentials
import LinuxIO
import Reports
import StorageEngine
import Verdicts

extension StoreCommand {
  /// `storebench store create`.
  struct Create: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Makes an empty store in a folder that is new or empty.",
      discussion: """
        The folders of tiers are remembered. --settings and --memory hold for this command only, \
        as every command takes its own.

        EXAMPLES
          storebench store create /srv/store
          storebench store create /srv/store --warm /mnt/ssd/warm --cold /mnt/hdd/cold
        """)

    @OptionGroup var options: StoreOptions

    @Option(
      help:
        "The hot tier's folder, on a drive of its own; a relative path begins in the store's."
    )
    var hot: String?

    @Option(
      help:
        "The warm tier's folder, on a drive of its own; a relative path begins in the store's."
    )
    var warm: String?

    @Option(
      help:
        "The cold tier's folder, on a drive of its own; a relative path begins in the store's."
    )
    var cold: String?

    func run() throws {
      var configuration = try options.configuration(readOnly: false)
      for (tier, folder) in [
        (StorageEngine.Tier.hot, hot), (StorageEngine.Tier.warm, warm),
        (StorageEngine.Tier.cold, cold),
      ] {
        if let folder { configuration.tierFolders[tier] = folder }
      }
      do throws(StoreError) {
        try TieredStore.create(at: options.store, configuration: configuration).close()
      } catch {
        throw CommandFailure(error)
      }
    }
  }

  /// `storebench store stat`.
  struct Stat: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Prints what a store holds, tier by tier.",
      discussion: """
        Keys are counted up to 100 000 in each tier. Beyond that their number is RocksDB's \
        estimate, which counts a key again for each time that it was written since the last \
        compaction.

        EXAMPLE
          storebench store stat /srv/store --json
        """)

    @OptionGroup var options: StoreOptions

    @Flag(help: "Prints JSON.")
    var json = false

    /// What is printed of a tier.
    private struct TierFigures: Encodable {
      var tier: String
      var fileBytes: UInt64
      var keyCount: UInt64
      var keyCountIsExact: Bool
    }

    /// What is printed.
    private struct Figures: Encodable {
      var store: String
      var tiers: [TierFigures]
    }

    func run() throws {
      let tiers = try options.withStore(readOnly: true) { store in
        let statistics = try store.statistics()
        return StorageEngine.Tier.allCases.compactMap { tier -> TierFigures? in
          guard let figures = statistics.tiers[tier] else { return nil }
          // What cannot be read is verify's to tell, not a reason to say nothing at all.
          let counted = try? store.keyCount(of: tier)
          return TierFigures(
            tier: tier.rawValue, fileBytes: figures.fileBytes,
            keyCount: counted ?? figures.keyCountEstimate, keyCountIsExact: counted != nil)
        }
      }
      if json {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let figures = Figures(store: options.store, tiers: tiers)
        StandardStream.output.write(Array(try encoder.encode(figures)) + [UInt8(ascii: "\n")])
        return
      }
      for tier in tiers {
        let padding = String(repeating: " ", count: 6 - tier.tier.count)
        let keys = Quantity.count(tier.keyCount) + (tier.keyCount == 1 ? " key" : " keys")
        StandardStream.output.write(
          "\(tier.tier)\(padding)\(tier.keyCountIsExact ? "" : "about ")\(keys), "
            + "\(Quantity.bytes(tier.fileBytes)) in files\n")
      }
    }
  }

  /// `storebench store verify`.
  struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Reads everything, compares every checksum and names what is damaged.",
      discussion: """
        Exits with 1 where anything is. Where a tier does not open, its message says why, and the \
        others are read all the same.

        EXAMPLE
          storebench store verify /srv/store
        """)

    @OptionGroup var options: StoreOptions

    func run() throws {
      let configuration = try options.configuration(readOnly: true)
      let found: Verification
      do throws(StoreError) {
        found = try TieredStore.verify(options.store, configuration: configuration)
      } catch {
        throw CommandFailure(error)
      }
      for damage in found.damages {
        StandardStream.output.write(PrintableText.line(damage.description) + "\n")
      }
      var failures = found.failures.map(CommandFailure.init)
      if !found.damages.isEmpty {
        let places =
          "\(found.damages.count) \(found.damages.count == 1 ? "place is" : "places are")"
        failures.append(
          CommandFailure(
            .fail,
            "\(options.store): \(places) damaged; restore all tiers from one checkpoint, or load a "
              + "dump into a new store"))
      }
      if let first = failures.first {
        throw CommandFailure(
          failures.contains { $0.code == .fail } ? .fail : first.code,
          failures.map(\.message).joined(separator: "\n"))
      }
      StandardStream.output.write("every checksum is right\n")
    }
  }

  /// `storebench store checkpoint`.
  struct Checkpoint: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Makes a second store of this moment, sharing files on the same file system.",
      discussion: """
        All tiers are put below the target, also those on drives of their own; their files are \
        copied where the target lies on another file system.

        Shared files are damaged together: against a bad drive choose a target on another one. Damage \
        is copied as it is, so verify the checkpoint.

        EXAMPLE
          storebench store checkpoint /srv/store /srv/store-2026-11-23
        """)

    @OptionGroup var options: StoreOptions

    @Argument(help: "A folder that is new or empty.")
    var target: String

    func run() throws {
      try options.withStore(readOnly: false) { try $0.checkpoint(to: target) }
    }
  }
}
