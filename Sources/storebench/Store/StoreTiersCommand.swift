import ArgumentParser
import LinuxIO
import Measurements
import Reports
import StorageEngine
import Verdicts

extension StoreCommand {
  /// `storebench store tiers`.
  struct Tiers: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Prints what lies where: by bytes, keys, age and use.",
      discussion: """
        A line for each tier:
          files           bytes of its tables; what is still in a log comes into one later
          keys            keys in it; 'about' where that is RocksDB's estimate
          age of files    of the newest and the oldest file of data
          used a day, p99 half of its keys are read or written no more often than so many times a day,
                          one in a hundred more often than the second number; rates over the last days,
                          of a store that was used for less than an hour as if it were one
          hot, warm, cold the share of its keys, deleted ones that are still stored among them, that
                          belong to each tier by their use, and move there at the next
                          reclassification (down once the store was watched for a day)
        Use is what the process that last wrote to the store knew when it closed it or \
        reclassified ('store serve' does, by the hour): – where no such process was. Up to \
        100 000 keys of each tier are looked at, the first in their order.

        EXAMPLES
          storebench store tiers /srv/store
          storebench store tiers /srv/store --watch 5
        """)

    @OptionGroup var options: StoreOptions

    @Option(help: "Prints it again after so many seconds, until it is stopped.")
    var watch: Double?

    @Flag(help: "Prints JSON.")
    var json = false

    /// What is printed of a tier.
    private struct Figures: Encodable {
      var tier: String
      var fileBytes: UInt64
      var keyCount: UInt64
      var keyCountIsExact: Bool
      var newestFileSeconds: Double?
      var oldestFileSeconds: Double?
      var usedPerDayMedian: Double?
      var usedPerDayP99: Double?
      /// Shares of the keys that belong to each tier by their use.
      var belonging: [String: Double]?
    }

    func run() throws {
      if let watch, !(0.1...86400).contains(watch) {
        throw CommandFailure(.usage, "--watch \(watch): give seconds from 0.1 to 86400")
      }
      while true {
        let reports = try options.withStore(readOnly: true) { try $0.tierReports() }
        let figures = StorageEngine.Tier.allCases.compactMap { tier in
          reports[tier].map { Self.figures($0, tier) }
        }
        StandardStream.output.write(json ? try BenchFigures.json(figures) : Self.text(figures))
        guard let watch, try Self.wait(watch) else { return }
        StandardStream.output.write(json ? "" : "\n")
      }
    }

    /// Waits; false where the process was told to stop, or nobody reads any more.
    private static func wait(_ seconds: Double) throws -> Bool {
      let end = MonotonicClock.now() + Nanoseconds(Int64(seconds * 1e9))
      while MonotonicClock.now() < end {
        if StopSignal.ofProcess.isRequested || StandardStream.outputIsUnread { return false }
        MonotonicClock.sleep(Nanoseconds(50_000_000))
      }
      return true
    }

    private static func figures(_ report: TierReport, _ tier: StorageEngine.Tier) -> Figures {
      Figures(
        tier: tier.rawValue, fileBytes: report.fileBytes, keyCount: report.keyCount,
        keyCountIsExact: report.keyCountIsExact, newestFileSeconds: report.newestFileSeconds,
        oldestFileSeconds: report.oldestFileSeconds,
        usedPerDayMedian: report.heat?.medianPerDay, usedPerDayP99: report.heat?.p99PerDay,
        belonging: report.heat.map { heat in
          Dictionary(
            uniqueKeysWithValues: StorageEngine.Tier.allCases.map {
              ($0.rawValue, Double(heat.belonging[$0] ?? 0) / Double(max(1, heat.keyCount)))
            })
        })
    }

    private static func text(_ tiers: [Figures]) -> String {
      var rows = [
        ["tier", "files", "keys", "age of files", "used a day", "p99", "hot", "warm", "cold"]
      ]
      for tier in tiers {
        let keys = (tier.keyCountIsExact ? "" : "about ") + Quantity.count(tier.keyCount)
        let ages = [tier.newestFileSeconds, tier.oldestFileSeconds].compactMap { $0 }.map {
          seconds in
          Quantity.duration(Nanoseconds(Int64(seconds * 1e9)))
        }
        var row = [tier.tier, Quantity.bytes(tier.fileBytes), keys]
        row.append(
          ages.isEmpty ? "–" : ages[0] == ages[1] ? ages[0] : ages.joined(separator: " to "))
        row += [tier.usedPerDayMedian, tier.usedPerDayP99].map { rate in
          rate.map { Quantity.plain(($0 * 10).rounded() / 10) } ?? "–"
        }
        row += StorageEngine.Tier.allCases.map { other in
          tier.belonging?[other.rawValue].map { Quantity.percent(fraction: $0) } ?? "–"
        }
        rows.append(row)
      }
      let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
      return rows.map { row in
        let cells = row.enumerated().map { column, cell in
          let padding = String(repeating: " ", count: widths[column] - cell.count)
          return column == 0 ? cell + padding : padding + cell
        }
        return cells.joined(separator: "  ") + "\n"
      }.joined()
    }
  }
}
