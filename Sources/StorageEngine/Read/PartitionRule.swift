/// Where a range is cut so that its parts hold about the same bytes: pure.
enum PartitionRule {
  /// A table file as far as it matters here.
  struct File: Sendable {
    var smallestKey: [UInt8]
    var byteCount: Int
  }

  /// Cuts a range at the beginnings of files, after each share of the bytes.
  ///
  /// Files overlap, so that the shares are only about equal. What lies before the first beginning in
  /// the range belongs to the first part.
  ///
  /// - Returns: Ranges in ascending order that together are the range, at most `count` of them.
  static func partitions(of range: KeyRange, files: [File], count: Int) -> [KeyRange] {
    let inside =
      files
      .filter { range.contains($0.smallestKey) }
      .sorted { $0.smallestKey.lexicographicallyPrecedes($1.smallestKey) }
    let total = inside.reduce(0) { $0 + $1.byteCount }
    guard count > 1, total > 0 else { return [range] }
    var cuts: [[UInt8]] = []
    var sum = 0
    for file in inside {
      // So many bytes lie before this file's beginning, as far as files follow one another.
      if sum * count >= total * (cuts.count + 1), cuts.count < count - 1,
        cuts.last != file.smallestKey
      {
        cuts.append(file.smallestKey)
      }
      sum += file.byteCount
    }
    let bounds: [[UInt8]?] = [range.lower] + cuts.map { Optional($0) } + [range.upper]
    return zip(bounds, bounds.dropFirst()).map { KeyRange(from: $0, upTo: $1) }
  }
}
