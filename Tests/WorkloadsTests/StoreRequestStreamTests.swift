import Testing

@testable import Workloads

@Suite("A store's requests") struct StoreRequestStreamTests {
  private func stream(
    _ kind: StoreWorkloadKind, keys: UInt64 = 1000, worker: Int = 0, workers: Int = 1,
    depth: Int = 4, seed: UInt64 = 1, _ change: (inout StoreWorkload) -> Void = { _ in }
  ) -> StoreRequestStream {
    var workload = StoreWorkload(kind: kind, keyCount: keys, valueBytes: 100)
    change(&workload)
    return StoreRequestStream(
      workload, worker: worker, workers: workers, depth: depth, seed: seed)
  }

  private func requests(_ count: Int, _ stream: StoreRequestStream) -> [Request] {
    var stream = stream
    return (0..<count).map { stream.next(slot: UInt32($0 % 4)) }
  }

  private func words(_ requests: [Request]) -> [String] {
    requests.map { "\($0.operation) \($0.offset) \($0.length) \($0.count)" }
  }

  @Test("repeat themselves for the same seed only", arguments: StoreWorkloadKind.allCases)
  func repeats(kind: StoreWorkloadKind) {
    let first = words(requests(200, stream(kind)))
    #expect(first == words(requests(200, stream(kind))))
    // Fills and scans are in order, whatever the seed.
    guard ![.fill, .scanForward, .scanBackward].contains(kind) else { return }
    #expect(first != words(requests(200, stream(kind, seed: 2))))
    #expect(first != words(requests(200, stream(kind, worker: 1, workers: 2))))
  }

  @Test(
    "have the operations of their kind, in its proportions",
    arguments: [
      (.randomRead, [.read: 100]), (.pointLookup, [.read: 100]), (.missingKeys, [.read: 100]),
      (.multiGet, [.multiGet: 100]), (.scanForward, [.scanForward: 100]),
      (.scanBackward, [.scanBackward: 100]),
      (.randomWrite, [.write: 100]),
      (.batchWrite, [.batch: 100]), (.readWhileWriting, [.read: 90, .write: 10]),
      (.ycsbA, [.read: 50, .write: 50]), (.ycsbB, [.read: 95, .write: 5]),
      (.ycsbC, [.read: 100]), (.ycsbD, [.read: 95, .write: 5]),
      (.ycsbE, [.scanForward: 95, .write: 5]), (.ycsbF, [.read: 50, .readModifyWrite: 50]),
    ] as [(StoreWorkloadKind, [Operation: Double])])
  func proportions(kind: StoreWorkloadKind, percents: [Operation: Double]) {
    let all = requests(20_000, stream(kind))
    let counts = Dictionary(grouping: all, by: \.operation).mapValues(\.count)
    #expect(Set(counts.keys) == Set(percents.keys))
    for (operation, percent) in percents {
      #expect(abs(Double(counts[operation] ?? 0) / 200 - percent) < 1.5, "\(operation)")
    }
  }

  @Test("move so many bytes: key and value of each entry, none of a missing key")
  func lengths() {
    #expect(requests(50, stream(.randomRead)).allSatisfy { $0.length == 116 && $0.count == 1 })
    #expect(requests(50, stream(.missingKeys)).allSatisfy { $0.length == 0 })
    #expect(
      requests(50, stream(.batchWrite) { $0.entries = 7 }).allSatisfy {
        $0.length == 7 * 116 && $0.count == 7
      })
    let scans = requests(5000, stream(.ycsbE) { $0.entries = 10 })
      .filter { $0.operation == .scanForward }
    #expect(Set(scans.map(\.count)) == Set(1...10))
    #expect(scans.allSatisfy { $0.length == $0.count * 116 })
  }

  @Test(
    "of a fill name every key once, then all again",
    arguments: [
      (1000, 1, 1), (1000, 3, 1), (1000, 3, 64), (10, 4, 3), (3, 5, 2), (1, 1, 100),
    ] as [(UInt64, Int, Int)])
  func fill(keys: UInt64, workers: Int, entries: Int) {
    var seen: [UInt64] = []
    for worker in 0..<workers {
      var stream = stream(.fill, keys: keys, worker: worker, workers: workers) {
        $0.entries = entries
      }
      while !stream.covered {
        let request = stream.next(slot: 0)
        #expect(request.operation == (entries == 1 ? .write : .batch))
        #expect(request.length == request.count * 116)
        seen += request.offset..<(request.offset + UInt64(request.count))
      }
      let again = stream.next(slot: 0)
      if again.count > 0 { #expect(seen.contains(again.offset)) }
    }
    #expect(seen.sorted() == Array(0..<keys))
  }

  @Test("stay within the keys of the fill", arguments: ["uniform", "zipf:0.99", "hotcold:10/90"])
  func range(text: String) throws {
    let distribution = try Distribution(parsing: text)
    for kind in [StoreWorkloadKind.randomRead, .randomWrite, .ycsbA, .ycsbF, .scanForward] {
      for worker in 0..<3 {
        let all = requests(
          3000,
          stream(kind, keys: 17, worker: worker, workers: 3) { $0.distribution = distribution })
        #expect(all.allSatisfy { $0.offset < 17 })
      }
    }
  }

  @Test("put each key by one worker alone, and reach all of them", arguments: [1, 2, 3, 7])
  func owners(workers: Int) {
    var owner: [UInt64: Int] = [:]
    for worker in 0..<workers {
      for request in requests(
        5000, stream(.randomWrite, keys: 50, worker: worker, workers: workers))
      {
        #expect(owner[request.offset, default: worker] == worker)
        owner[request.offset] = worker
      }
    }
    #expect(owner.count == 50)
  }

  @Test("of writers of their own only put, and those of the others only read")
  func writers() {
    for worker in 0..<4 {
      let all = requests(
        500, stream(.readWhileWriting, worker: worker, workers: 4) { $0.writers = 1 })
      #expect(all.allSatisfy { $0.operation == (worker == 3 ? .write : .read) })
    }
  }

  @Test("insert keys beside those of the fill, each once over all workers")
  func inserts() {
    var numbers: [UInt64] = []
    for worker in 0..<3 {
      numbers += requests(4000, stream(.ycsbD, worker: worker, workers: 3))
        .filter { $0.operation == .write }.map(\.offset)
    }
    #expect(numbers.count > 300 && Set(numbers).count == numbers.count)
    #expect(numbers.allSatisfy { $0 >= 1000 })
  }

  @Test("read no insert before its slot was used again")
  func latest() {
    var stream = stream(.ycsbD, depth: 8)
    var random = SeededGenerator(seed: 5)
    var inFlight = [UInt64?](repeating: nil, count: 8)
    var done: Set<UInt64> = []
    var readsOfInserts = 0
    for _ in 0..<20_000 {
      // Slots come back in no order, and the last one only now and then.
      let slot = Int(random.next(below: random.next(below: 50) == 0 ? 8 : 7))
      if let number = inFlight[slot] { done.insert(number) }
      inFlight[slot] = nil
      let request = stream.next(slot: UInt32(slot))
      if request.operation == .write {
        inFlight[slot] = request.offset
      } else if request.offset >= 1000 {
        readsOfInserts += 1
        #expect(done.contains(request.offset))
      }
    }
    #expect(readsOfInserts > 1000)
  }

  @Test("of scans begin equally far apart, from a rank on")
  func ranks() {
    var first: [UInt64] = []
    for worker in 0..<2 {
      first += requests(4, stream(.scanForward, worker: worker, workers: 2) { $0.firstRank = 900 })
        .map(\.offset)
    }
    #expect(first == [900, 25, 150, 275, 400, 525, 650, 775])
  }

  @Test("expand to the same keys wherever they are expanded")
  func several() {
    let workload = StoreWorkload(kind: .multiGet, keyCount: 1000, valueBytes: 100)
    let choice = StoreKeyChoice(workload, worker: 0, workers: 2)
    func numbers() -> [UInt64] {
      var draw = SeededGenerator(seed: 77)
      return (0..<100).map { _ in choice.next(&draw) }
    }
    #expect(numbers() == numbers() && Set(numbers()).count > 50)
  }
}

@Suite("What a worker was acknowledged") struct AcknowledgedPutsTests {
  private func puts(
    _ kind: StoreWorkloadKind, worker: Int = 0, workers: Int = 1, keys: UInt64 = 10
  ) -> AcknowledgedPuts {
    let workload = StoreWorkload(kind: kind, keyCount: keys, valueBytes: 100)
    return AcknowledgedPuts(
      workload, keys: StoreKeyChoice(workload, worker: worker, workers: workers))
  }

  @Test("is the last put of each of its own keys")
  func own() {
    var puts = puts(.ycsbA, worker: 1, workers: 3)
    puts.acknowledge(4, ordinal: 5)
    puts.acknowledge(4, ordinal: 3)
    puts.acknowledge(5, ordinal: 6)
    puts.acknowledge(1000, ordinal: 7)
    #expect(puts.ordinal(of: 4) == 5)
    #expect(puts.ordinal(of: 7) == 0)
    #expect(puts.ordinal(of: 5) == 0, "another worker's")
    #expect(puts.ordinal(of: 1000) == 0, "beyond what is remembered")
    puts.acknowledge(4, ordinal: 1 << 40)
    #expect(puts.ordinal(of: 4) == 5, "beyond 32 bits the last one stays")
  }

  @Test(
    "takes memory only where reads are held against it",
    arguments: [
      (.ycsbA, true), (.ycsbF, true), (.readWhileWriting, true), (.randomRead, false),
      (.randomWrite, false), (.fill, false), (.batchWrite, false),
    ] as [(StoreWorkloadKind, Bool)])
  func memory(kind: StoreWorkloadKind, remembers: Bool) {
    #expect(puts(kind).remembers == remembers)
  }
}
