/// The word that a misspelt one was probably meant to be.
struct Suggestion {
  /// The nearest of `candidates`; nil where none is near enough to be a slip of the fingers.
  static func nearest(to word: String, among candidates: [String]) -> String? {
    let limit = Swift.max(2, word.count / 3)
    return ranked(word, candidates).first { $0.distance <= limit }?.candidate
  }

  /// The nearest of `candidates`, however far away.
  static func closest(to word: String, among candidates: [String]) -> String? {
    ranked(word, candidates).first?.candidate
  }

  /// `; did you mean 'x'?`, or an empty text.
  static func hint(for word: String, among candidates: [String]) -> String {
    nearest(to: word, among: candidates).map { "; did you mean '\($0)'?" } ?? ""
  }

  private static func ranked(
    _ word: String, _ candidates: [String]
  ) -> [(candidate: String, distance: Int)] {
    // Anything longer is no slip of the fingers, and the distance takes time by length squared.
    guard word.utf8.count <= 200 else { return [] }
    return candidates.map { ($0, distance(word, $0)) }.sorted {
      // Punctuation is forgotten sooner than a digit is doubled: 'p9999' is 'p99.99', not 'p99.9'.
      ($0.1, distance(letters(word), letters($0.0))) < (
        $1.1, distance(letters(word), letters($1.0))
      )
    }
  }

  private static func letters(_ text: String) -> String {
    text.filter { $0.isLetter || $0.isNumber }
  }

  /// Levenshtein's distance: single insertions, deletions and substitutions.
  static func distance(_ left: String, _ right: String) -> Int {
    let left = Array(left.lowercased().unicodeScalars)
    let right = Array(right.lowercased().unicodeScalars)
    var previous = Array(0...right.count)
    for (row, scalar) in left.enumerated() {
      var current = [row + 1]
      for (column, other) in right.enumerated() {
        let substituted = previous[column] + (scalar == other ? 0 : 1)
        current.append(
          Swift.min(substituted, Swift.min(previous[column + 1], current[column]) + 1))
      }
      previous = current
    }
    return previous[right.count]
  }
}
