/// The file `MOVES` in a tier's folder: how far the other tiers had come when keys last moved.
///
/// Tiers of different moments, as after one of them alone was restored, are each whole by themselves. But keys that one
/// gave away are missing where the other is older than that, and an older one has again what was deleted from it. So:
///
/// 1. Once a tier's drive holds what it took from another, and before it leaves that one, the others note how far the
///    drive has come; and again once what a tier gave away is gone from its drive.
/// 2. Opening compares that with what it finds, before a tier is changed where that can be.
///
/// It tells of a tier that is older than what the others have seen of it. Not synced: it outlives the process, and what
/// a power cut leaves of it is true. A store without any is taken as it is.
struct MoveMark: Sendable, Equatable {
  static let fileName = "MOVES"

  /// RocksDB's numbers of changes that the other tiers held; none where nothing moved.
  private(set) var sequences: [Tier: UInt64] = [:]

  /// One that tells of no move.
  init() {}

  /// Notes that a tier held all changes up to one.
  ///
  /// - Returns: Whether that is news.
  @discardableResult
  mutating func note(_ tier: Tier, at sequence: UInt64) -> Bool {
    guard sequence > sequences[tier] ?? 0 else { return false }
    sequences[tier] = sequence
    return true
  }

  /// The file's text, always of the same length.
  var text: String {
    MarkFile.text(Tier.allCases.map { ($0.rawValue, sequences[$0] ?? 0) })
  }

  /// Reads the file's text; nil where it is none.
  init?(reading text: String) {
    guard let values = MarkFile.values(of: Tier.allCases.map(\.rawValue), reading: text)
    else { return nil }
    for (tier, value) in zip(Tier.allCases, values) where value > 0 { sequences[tier] = value }
  }

  /// What a tier's folder says; nil where it says nothing.
  ///
  /// - Throws: As ``MarkFile/read(_:of:in:consequence:parse:)``.
  static func read(_ tier: Tier, in folder: String) throws(StoreError) -> MoveMark? {
    try MarkFile.read(
      fileName, of: tier, in: folder,
      consequence:
        "so that nobody knows whether the tiers are of one moment; only where they are, remove it",
      parse: MoveMark.init(reading:))
  }

  /// Writes the file; without it less can be told, and nothing is lost.
  ///
  /// - Returns: Whether it was written.
  func write(in folder: String) -> Bool {
    MarkFile.write(text, to: folder + "/" + Self.fileName, syncs: false)
  }

  /// What is wrong with tiers that do not belong together.
  ///
  /// - Parameters:
  ///   - marks: What each says.
  ///   - found: RocksDB's number of each one's newest change; those without are not compared.
  ///   - folder: Where each lies.
  /// - Returns: Nil for nothing.
  static func fault(
    _ marks: [Tier: MoveMark], found: [Tier: UInt64], in folder: (Tier) -> String
  ) -> StoreError? {
    for tier in Tier.allCases {
      guard let newest = found[tier] else { continue }
      let others = Tier.allCases.filter { newest < marks[$0]?.sequences[tier] ?? 0 }
      guard let noted = others.compactMap({ marks[$0]?.sequences[tier] }).max() else { continue }
      let files = others.map { "'\(folder($0))/\(fileName)'" }.joined(separator: " and ")
      return .corruption(
        tier: tier, file: folder(tier),
        cause:
          "it ends with change \(newest), and had come to change \(noted) when keys last moved, so that it is of "
          + "an earlier moment than the others, or its log has lost its end; only where there is no checkpoint and no "
          + "dump, remove \(files): keys that moved since are then lost, or what was deleted comes back"
      )
    }
    return nil
  }
}
