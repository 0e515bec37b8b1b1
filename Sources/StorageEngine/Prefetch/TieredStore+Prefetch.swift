internal import RocksDB

extension TieredStore {
  /// Takes note of an access, and has read ahead what may come next.
  ///
  /// - Parameters:
  ///   - key: What was asked for.
  ///   - hash: Of the key.
  ///   - wasCached: Whether the cache had it; where it did not, somebody may be reading it ahead.
  ///   - mayWait: Whether to wait for that reading.
  /// - Returns: Whether the cache had it, or is to be asked again after that.
  @inline(__always)
  func watch(
    _ key: Span<UInt8>, hash: UInt64, wasCached: Bool, mayWait: Bool = true
  ) -> Bool {
    guard let gate = gates.prefetch else { return wasCached }
    let client = PrefetchEngine.client()
    if gate.rests(client) { return wasCached }
    return watch(key, hash: hash, wasCached: wasCached, mayWait: mayWait, client)
  }

  @inline(never)
  private func watch(
    _ key: Span<UInt8>, hash: UInt64, wasCached: Bool, mayWait: Bool, _ client: Int
  ) -> Bool {
    guard let prefetch else { return wasCached }
    let advice = prefetch.note(
      key, hash: hash, wasCached: wasCached, client: client, isMissing: isMissing)
    if let plan = advice.plan { start(plan, by: prefetch) }
    let walker = advice.awaitsRun ? client : nil
    guard !wasCached, mayWait,
      let waited = prefetch.flights.join(hash, key: key, walker: walker)
    else {
      prefetch.ledger.use(hash, wasCached: wasCached)
      return wasCached
    }
    prefetch.noteWait(waited, client: client)
    prefetch.ledger.use(hash, wasCached: cache?.holds(hash: hash, key: key) == true)
    return true
  }

  private func isMissing(_ key: [UInt8], _ hash: UInt64) -> Bool {
    cache?.ticketIfMissing(hash: hash, key: key.span) != nil
  }

  /// Has keys read by a reader's thread.
  private func start(_ plan: PrefetchEngine.Plan, by prefetch: PrefetchEngine) {
    let flights = prefetch.flights
    flights.beginPlan()
    switch plan {
    case .keys(let keys): flights.begin(keys.map(\.hash))
    case .run(let key, _, let client): flights.beginRun(of: client, behind: key)
    }
    // Nobody is told of what fails, as nobody asked: it is read when it is asked for.
    do throws(StoreError) {
      try parallelReader.submit { [self] in
        let found = carryOut(plan, by: prefetch)
        end(plan, found: found, by: prefetch)
      }
    } catch {
      if case .keys(let keys) = plan { cancel(keys, by: prefetch) }
      end(plan, found: 0, by: prefetch)
    }
  }

  /// Says that a plan is over, and how many keys were found.
  private func end(_ plan: PrefetchEngine.Plan, found: Int, by prefetch: PrefetchEngine) {
    switch plan {
    case .keys(let keys): prefetch.flights.end(keys.map(\.hash))
    case .run(_, let count, let client):
      prefetch.flights.endRun(of: client)
      // Last, as the client's next plan may begin with it.
      prefetch.endRun(count: found, of: count, by: client)
    }
    prefetch.flights.endPlan()
  }

  /// Reads keys into the cache; how many were asked for by name, or found behind a run.
  private func carryOut(_ plan: PrefetchEngine.Plan, by prefetch: PrefetchEngine) -> Int {
    switch plan {
    case .keys(let keys): return readAhead(keys, by: prefetch) ? keys.count : 0
    case .run(let key, let count, let client):
      return readRun(behind: key, count: count, of: client, by: prefetch)
    }
  }

  /// Reads the keys behind one, part by part, so that who comes to the first does not wait for the last.
  ///
  /// - Returns: How many keys there were, of at most so many.
  private func readRun(
    behind key: [UInt8], count: Int, of client: Int, by prefetch: PrefetchEngine
  ) -> Int {
    var part: [[UInt8]] = []
    var partBytes = 0
    var byteCount = 0
    let byteLimit = Self.runBytesMax(cacheBytes: cache?.byteLimit ?? 0)
    var found = 0
    var last = key
    /// Reads what was found since the last part; whether to go on.
    func finishPart() -> Bool {
      guard last != key,
        let wanted = prefetch.stillWanted(part, upTo: last, by: client, isMissing: isMissing)
      else { return false }
      prefetch.flights.goOn(wanted.map(\.hash), upTo: last, of: client)
      let isRead = readAhead(wanted, by: prefetch)
      prefetch.flights.end(wanted.map(\.hash))
      found += part.count
      part.removeAll(keepingCapacity: true)
      partBytes = 0
      return isRead
    }
    var goesOn = true
    // What was found before a failure counts.
    try? snapshot().scan(KeyRange(from: key + [0], upTo: nil), limit: count, by: Self.runPlan) {
      key, value in
      last = key.copied()
      let size = key.count + value.count
      byteCount += size
      // What the cache cannot take is read once only, by whoever asks for it.
      let isAdmitted =
        cache?.admits(keyCount: key.count, valueCount: value.count) == true
      if isAdmitted {
        part.append(last)
        partBytes += size
      }
      if !isAdmitted || part.count == Self.partCount || partBytes >= Self.partBytesMax {
        goesOn = finishPart()
      }
      return goesOn && byteCount < byteLimit
    }
    if goesOn, !part.isEmpty { _ = finishPart() }
    return found
  }

  private func cancel(_ keys: [(key: [UInt8], hash: UInt64)], by prefetch: PrefetchEngine) {
    for key in keys { prefetch.ledger.cancel(key.hash) }
  }

  /// What has moved leaves its entries where it was until they are compacted, values and all.
  ///
  /// To pass over more of them takes longer than to read the keys that are wanted; what lies behind them is read
  /// when it is asked for.
  private static var runPlan: ScanCachingRule.Plan {
    ScanCachingRule.Plan(fillsCache: true, readaheadBytes: 0, skippedMax: 32)
  }
  private static var partCount: Int { 8 }
  /// Bytes from which on a part of a run has no more keys.
  private static var partBytesMax: Int { 32 << 10 }
  /// Bytes of a run that are read at once in a cache of so many: more would stand before what somebody waits for,
  /// or push out of the cache's queue for new keys, a tenth of it, what was read ahead before.
  static func runBytesMax(cacheBytes: Int) -> Int { min(256 << 10, cacheBytes / 40) }

  /// Looks keys up that the cache does not have, and fills it with them; false where that failed.
  private func readAhead(
    _ keys: [(key: [UInt8], hash: UInt64)], by prefetch: PrefetchEngine
  ) -> Bool {
    guard let cache else { return false }
    let misses = keys.indices.compactMap { index -> TierLookup.Miss? in
      let (key, hash) = keys[index]
      let ticket = cache.ticketIfMissing(hash: hash, key: key.span)
      return ticket.map { TierLookup.Miss(index: index, hash: hash, ticket: $0) }
    }
    guard !misses.isEmpty else { return true }
    // Not an access of the key: nobody has asked for it.
    var lookup = TierLookup(
      keys: keys.map(\.key), misses: misses, published: published, cache: cache, placement: nil)
    do throws(StoreError) {
      try lookup.look(in: try tiers()) { _, _ in }
    } catch {
      cancel(keys, by: prefetch)
      return false
    }
    cancel(misses.map { keys[$0.index] }.filter { isMissing($0.key, $0.hash) }, by: prefetch)
    return true
  }
}
