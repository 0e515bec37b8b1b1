import ArgumentParser
import LinuxIO
import Reports
import StorageEngine
import Verdicts

/// `storebench cost`: what the drives for data in three tiers cost.
struct CostCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cost",
    abstract: "Prints what drives for data in three tiers cost, and what all-hot would.",
    discussion: """
      A terabyte is 10^12 bytes. A store's bytes are those of its tables, compressed as they are, \
      without what is still in a log.

      EXAMPLES
        storebench cost --hot 1TB --warm 19TB --cold 80TB
        storebench cost --store /srv/store --replicas 3 --cold-price 15
      """)

  @Option(help: "Data in the hot tier, such as 1TB.")
  var hot: String?

  @Option(help: "Data in the warm tier.")
  var warm: String?

  @Option(help: "Data in the cold tier.")
  var cold: String?

  @Option(help: "A store's folder, whose files are counted instead.")
  var store: String?

  @Option(help: "Dollars for a terabyte of NVMe.")
  var hotPrice = 300.0

  @Option(help: "Dollars for a terabyte of SATA SSD.")
  var warmPrice = 100.0

  @Option(help: "Dollars for a terabyte of HDD.")
  var coldPrice = 20.0

  @Option(help: "Copies of all data, each on drives of its own; 1 counts no replicas.")
  var replicas = 1

  @Flag(help: "Prints JSON.")
  var json = false

  /// What is printed of a tier.
  private struct TierFigures: Encodable {
    var tier: String
    var bytes: UInt64
    var dollarsPerTerabyte: Double
    var dollars: Double
  }

  /// What is printed.
  private struct Figures: Encodable {
    var tiers: [TierFigures]
    var copies: Int
    var dollars: Double
    var allHotDollars: Double
    var saving: Double?
  }

  func run() throws {
    let model = try model()
    let bytes = try bytes()
    let cost = model.cost(of: bytes)
    let figures = Figures(
      tiers: StorageEngine.Tier.allCases.map {
        TierFigures(
          tier: $0.rawValue, bytes: bytes[$0], dollarsPerTerabyte: model.prices[$0] ?? 0,
          dollars: cost.tiers[$0] ?? 0)
      },
      copies: model.copies, dollars: cost.total, allHotDollars: cost.allHot, saving: cost.saving)
    StandardStream.output.write(json ? try BenchFigures.json(figures) : Self.text(figures))
  }

  private func model() throws(CommandFailure) -> CostModel {
    guard (1...1000).contains(replicas) else {
      throw CommandFailure(.usage, "--replicas \(replicas): give 1 to 1000 copies")
    }
    let prices = [
      (StorageEngine.Tier.hot, hotPrice), (StorageEngine.Tier.warm, warmPrice),
      (StorageEngine.Tier.cold, coldPrice),
    ]
    for (tier, price) in prices where !(0...1e6).contains(price) {
      throw CommandFailure(
        .usage,
        "--\(tier.rawValue)-price \(price): is not a price in dollars for a terabyte, from 0 to 10^6"
      )
    }
    return CostModel(prices: Dictionary(uniqueKeysWithValues: prices), copies: replicas)
  }

  private func bytes() throws -> TierBytes {
    let given = [hot, warm, cold].compactMap { $0 }
    if let store {
      guard given.isEmpty else {
        throw CommandFailure(
          .usage, "--store: counts a store's own bytes; leave out --hot, --warm and --cold")
      }
      let options = try StoreOptions.parse(["--", store])
      return try options.withStore(readOnly: true) { store in
        let statistics = try store.statistics()
        var bytes = TierBytes()
        for tier in StorageEngine.Tier.allCases {
          bytes[tier] = statistics.tiers[tier]?.fileBytes ?? 0
        }
        return bytes
      }
    }
    guard !given.isEmpty else {
      throw CommandFailure(.usage, "give --hot, --warm and --cold, such as 1TB, or --store")
    }
    func size(_ text: String?, _ flag: String) throws(CommandFailure) -> UInt64 {
      guard let text else { return 0 }
      return try SizeArgument.bytes(text, flag: flag, least: 0)
    }
    return TierBytes(
      hot: try size(hot, "--hot"), warm: try size(warm, "--warm"), cold: try size(cold, "--cold"))
  }

  private static func text(_ figures: Figures) -> String {
    var rows = [["tier", "data", "a terabyte", "cost"]]
    for tier in figures.tiers {
      rows.append([
        tier.tier, Quantity.capacity(tier.bytes), dollars(tier.dollarsPerTerabyte),
        dollars(tier.dollars),
      ])
    }
    rows.append(["all", "", "", dollars(figures.dollars)])
    rows.append(["all hot", "", "", dollars(figures.allHotDollars)])
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    var text = ""
    for row in rows {
      var line = ""
      for (column, cell) in row.enumerated() {
        let padding = String(repeating: " ", count: widths[column] - cell.count)
        line += column == 0 ? cell + padding : "  " + padding + cell
      }
      text += line + "\n"
    }
    if let saving = figures.saving {
      text += "\nsaved: \(percent(saving)), \(dollars(figures.allHotDollars - figures.dollars))\n"
    }
    text +=
      figures.copies == 1
      ? "one copy of all data; replicas are not counted\n"
      : "\(figures.copies) copies of all data\n"
    return text
  }

  /// One decimal, as the documented example has it.
  private static func percent(_ share: Double) -> String {
    let tenths = Int((share * 1000).rounded())
    let sign = tenths < 0 ? "-" : ""
    return "\(sign)\(tenths.magnitude / 10).\(tenths.magnitude % 10) %"
  }

  /// Such as `$3,800.00`.
  private static func dollars(_ amount: Double) -> String {
    let cents = UInt64((amount.magnitude * 100).rounded())
    let digits = String(cents / 100)
    var grouped = ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index).isMultiple(of: 3) { grouped += "," }
      grouped.append(digit)
    }
    let rest = cents % 100
    return (amount < 0 ? "-$" : "$") + grouped + (rest < 10 ? ".0\(rest)" : ".\(rest)")
  }
}
