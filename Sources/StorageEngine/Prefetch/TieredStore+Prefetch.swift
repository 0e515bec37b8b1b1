internal import RocksDB

extension TieredStore {
  /// Takes note of an access, and has read ahead what may come next.
  ///
  /// - Parameters:
  ///   - key: What was asked for.
  ///   - hash: Of the key.
  ///   - wasCached: Whether the cache had it; where it did not, somebody may be reading it ahead.
  ///   - mayWait: Whether to wait for that reading.
  /// - Returns: Whether the cache has it now.
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
    var isCached = wasCached
    let walker = advice.isAwaiting ? client : nil
    if !wasCached, mayWait,
      let (waited, came) = prefetch.flights.join(hash, key: key, walker: walker)
    {
      isCached = came && cache?.ticketIfMissing(hash: hash, key: key) == nil
      prefetch.spend(waited, client: client)
    }
    prefetch.ledger.use(hash, wasCached: isCached)
    return isCached
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
    do throws(StoreError) {
      try parallelReader.submit { [self] in
        carryOut(plan, by: prefetch, isTaken: true)
        flights.endPlan()
      }
    } catch {
      carryOut(plan, by: prefetch, isTaken: false)
      flights.endPlan()
    }
  }

  /// Reads keys into the cache, or gives them up where no thread takes them.
  ///
  /// Nobody is told of what fails, as nobody asked: it is read when it is asked for.
  private func carryOut(_ plan: PrefetchEngine.Plan, by prefetch: PrefetchEngine, isTaken: Bool) {
    switch plan {
    case .keys(let keys):
      if isTaken { readAhead(keys, by: prefetch) } else { cancel(keys, by: prefetch) }
      prefetch.flights.end(keys.map(\.hash))
    case .run(let key, let count, let client):
      let found = isTaken ? readRun(behind: key, count: count, of: client, by: prefetch) : 0
      prefetch.endRun(count: found, of: count, by: client)
      prefetch.flights.endRun(of: client)
    }
  }

  /// Reads the keys behind one, part by part, so that who comes to the first does not wait for the last.
  ///
  /// - Returns: How many keys there were, of at most so many.
  private func readRun(
    behind key: [UInt8], count: Int, of client: Int, by prefetch: PrefetchEngine
  ) -> Int {
    var part: [[UInt8]] = []
    var found = 0
    var byteCount = 0
    func finishPart() {
      guard let last = part.last else { return }
      let wanted = prefetch.stillWanted(part, by: client, isMissing: isMissing)
      prefetch.flights.goOn(wanted.map(\.hash), upTo: last, of: client)
      readAhead(wanted, by: prefetch)
      prefetch.flights.end(wanted.map(\.hash))
      found += part.count
      part.removeAll(keepingCapacity: true)
    }
    // What was found before a failure counts.
    try? snapshot().scan(KeyRange(from: key + [0], upTo: nil), limit: count) { key, value in
      // What the cache cannot take is read once only, by whoever asks for it.
      if cache?.admits(keyCount: key.count, valueCount: value.count) == true {
        part.append(key.copied())
      }
      byteCount += key.count + value.count
      if part.count == Self.partCount { finishPart() }
      return byteCount < Self.runBytesMax
    }
    finishPart()
    return found
  }

  private func cancel(_ keys: [(key: [UInt8], hash: UInt64)], by prefetch: PrefetchEngine) {
    for key in keys { prefetch.ledger.cancel(key.hash) }
  }

  private static var partCount: Int { 8 }
  /// Bytes of a run that are read at once: more would stand before what somebody waits for.
  private static var runBytesMax: Int { 256 << 10 }

  /// Looks keys up that the cache does not have, and fills it with them.
  private func readAhead(_ keys: [(key: [UInt8], hash: UInt64)], by prefetch: PrefetchEngine) {
    guard let cache, !keys.isEmpty else { return }
    let misses = keys.indices.compactMap { index -> TierLookup.Miss? in
      let (key, hash) = keys[index]
      let ticket = cache.ticketIfMissing(hash: hash, key: key.span)
      return ticket.map { TierLookup.Miss(index: index, hash: hash, ticket: $0) }
    }
    guard !misses.isEmpty else { return }
    // Not an access of the key: nobody has asked for it.
    var lookup = TierLookup(
      keys: keys.map(\.key), misses: misses, published: published, cache: cache, placement: nil)
    do throws(StoreError) {
      try lookup.look(in: try tiers()) { _, _ in }
    } catch {
      return cancel(keys, by: prefetch)
    }
    cancel(misses.map { keys[$0.index] }.filter { isMissing($0.key, $0.hash) }, by: prefetch)
  }
}
