import Foundation
import StorageEngine

extension Case {
  /// Gets of keys that follow one another, on a drive that makes each wait: what reading ahead saves a
  /// client.
  ///
  /// All keys lie in the cold tier, a tenth of them fits the cache, and files are read directly. With
  /// `--walk 1` the client walks by 64 neighbours from a random key on; else by four keys far apart that
  /// always follow one another, as the records of a transfer do; with `--zipf 1` nothing follows anything: keys
  /// by Zipf's law, of skew 0.99. `--sequence FILE` names the keys instead, a number a line, in the turn in
  /// which they are asked for. `--training` gets, one after the other, let the store learn; the figures are
  /// of `--operations` more, other chains in other turns, between which the client works for `--wait`
  /// microseconds, as it does in the last thousand before them. `--prefetch` bytes are for reading ahead,
  /// 1 MiB by default; with 0 nothing is read ahead, and the cache is larger by `--spare` bytes, again 1 MiB.
  func chains() throws -> Fields {
    let wait = try arguments.number("wait", 0)
    let training = try arguments.number("training", 8000)
    let operations = max(1, try arguments.number("operations", 2000))
    guard training <= 1 << 32, operations <= 1 << 32 else {
      throw Arguments.Mistake(description: "--training and --operations are at most 2^32")
    }
    let asked = try sequence(training + operations)
    let store = try chainStore(Set(asked).sorted())
    var before = try store.statistics()
    var latencies = Latencies()
    var waitedSeconds = 0.0
    for (operation, number) in asked.enumerated() {
      if operation == training {
        before = try store.statistics()
        latencies = Latencies()
        waitedSeconds = 0
      }
      let key = keys.key(number)
      let begun = now()
      guard try store.get(key.span, { keys.isValue($0, of: number) }) == true else {
        throw WrongValue(number: number)
      }
      let took = now() - begun
      latencies.record(took)
      waitedSeconds += Double(took) / 1e9
      if wait > 0, operation >= training - 1000 { usleep(UInt32(clamping: wait)) }
    }
    let after = try store.statistics()
    try store.close()
    let used = Double(after.prefetchesUsed - before.prefetchesUsed)
    let settled = used + Double(after.prefetchesWasted - before.prefetchesWasted)
    let misses = Double(after.cacheMisses - before.cacheMisses)
    return [
      ("operations", "\(latencies.count)"),
      ("p50_ms", Self.text(latencies.milliseconds(0.5))),
      ("p90_ms", Self.text(latencies.milliseconds(0.9))),
      ("p99_ms", Self.text(latencies.milliseconds(0.99))),
      ("longest_ms", Self.text(Double(latencies.longest) / 1e6)),
      ("seconds", Self.text(waitedSeconds)),
      ("hit_ratio", Self.text(1 - misses / Double(max(1, latencies.count)))),
      ("prefetch_hits", Self.text(used)),
      ("prefetch_precision", Self.text(used / max(1, settled))),
    ]
  }

  /// The keys in the turn in which they are asked for.
  private func sequence(_ count: Int) throws -> [UInt64] {
    let path = arguments.text("sequence", "")
    guard path.isEmpty else {
      let numbers = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
        .map { line -> UInt64 in
          guard let number = UInt64(line) else {
            throw Arguments.Mistake(
              description: "\(path) has the line '\(line)', which is no number")
          }
          return number
        }
      guard numbers.count >= count else {
        throw Arguments.Mistake(
          description:
            "\(path) has \(numbers.count) numbers; --training and --operations take \(count)")
      }
      return Array(numbers.prefix(count))
    }
    let walks = try arguments.number("walk", 0) != 0
    let isZipf = try arguments.number("zipf", 0) != 0
    let length = walks ? 64 : 4
    guard keys.count >= UInt64(length) else {
      throw Arguments.Mistake(description: "--keys must be \(length) or more")
    }
    // Chains of four share no key; their order is by no means that of the keys.
    var order = Array(0..<keys.count)
    var random = Random(seed: 5)
    if !walks {
      for index in order.indices.dropFirst().reversed() {
        order.swapAt(index, Int(random.below(UInt64(index + 1))))
      }
    }
    if isZipf {
      let ranks = Self.zipf(order.count)
      return (0..<count).map { _ in order[Self.rank(in: ranks, &random)] }
    }
    let chainCount = UInt64(order.count / length)
    var asked: [UInt64] = []
    while asked.count < count {
      let chain = Int(random.below(chainCount))
      asked += order[chain * length..<(chain + 1) * length].prefix(count - asked.count)
    }
    return asked
  }

  /// How likely a rank or one before it is, by Zipf's law.
  private static func zipf(_ count: Int) -> [Double] {
    var sum = 0.0
    let sums = (1...count).map { rank in
      sum += pow(Double(rank), -0.99)
      return sum
    }
    return sums.map { $0 / sum }
  }

  private static func rank(in sums: [Double], _ random: inout Random) -> Int {
    let wanted = Double(random.below(1 << 53)) / Double(UInt64(1) << 53)
    var (low, high) = (0, sums.count - 1)
    while low < high {
      let middle = (low + high) / 2
      if sums[middle] <= wanted { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// A store of keys, all of which lie in cold.
  private func chainStore(_ numbers: [UInt64]) throws -> TieredStore {
    // So that no cache of blocks holds what is read ahead of time.
    var configuration = configuration.scaled(by: 1.0 / 128)
    configuration.placement = nil
    configuration.directReads = true
    let prefetch = try arguments.number("prefetch", 1 << 20)
    let tenth = numbers.count * (Keys.keyBytes + keys.valueBytes) / 10
    configuration.prefetchBytes = prefetch
    configuration.hotCacheBytes =
      tenth + (prefetch > 0 ? 0 : try arguments.number("spare", 1 << 20))
    let store = try create(configuration)
    // Small ones, for small write buffers.
    try fill(store, numbers, batchCount: 100)
    try store.move(.all, from: .hot, to: .cold)
    try store.flush()
    try store.compact()
    return store
  }
}
