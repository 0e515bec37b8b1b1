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
    let plan = prefetch.note(
      key, hash: hash, wasCached: wasCached, client: client, isMissing: isMissing)
    if let plan { start(plan, by: prefetch) }
    var isCached = wasCached
    if !wasCached, mayWait, let (waited, came) = prefetch.flights.join(hash) {
      isCached = came
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
    if case .keys(let keys) = plan { flights.begin(keys.map(\.hash)) }
    @Sendable func end() {
      if case .keys(let keys) = plan { flights.end(keys.map(\.hash)) }
      flights.endPlan()
    }
    // Nobody is told of what fails, as nobody asked: it is read when it is asked for.
    @Sendable func fail() {
      if case .keys(let keys) = plan { cancel(keys.map(\.hash)) }
    }
    do throws(StoreError) {
      try parallelReader.submit { [self] in
        do throws(StoreError) { try carryOut(plan) } catch { fail() }
        end()
      }
    } catch {
      if case .run(_, let count, let client) = plan {
        prefetch.giveUpRun(of: count, by: client)
      }
      fail()
      end()
    }
  }

  private func cancel(_ hashes: [UInt64]) {
    for hash in hashes { prefetch?.ledger.cancel(hash) }
  }

  /// Reads keys into the cache.
  private func carryOut(_ plan: PrefetchEngine.Plan) throws(StoreError) {
    switch plan {
    case .keys(let keys): try readAhead(keys.map(\.key))
    case .run(let key, let count, let client):
      guard let prefetch else { return }
      var names: [[UInt8]] = []
      var byteCount = 0
      do throws(StoreError) {
        try snapshot().scan(KeyRange(from: key + [0], upTo: nil), limit: count) { key, value in
          // What the cache cannot take is read once only, by whoever asks for it.
          if cache?.admits(keyCount: key.count, valueCount: value.count) == true {
            names.append(key.copied())
          }
          byteCount += key.count + value.count
          return byteCount < Self.runBytesMax
        }
      } catch {
        prefetch.giveUpRun(of: count, by: client)
        throw error
      }
      var keys = prefetch.stillWanted(
        names, of: count, by: client, isMissing: isMissing)[...]
      prefetch.flights.begin(keys.map(\.hash))
      defer { prefetch.flights.end(keys.map(\.hash)) }
      // Part by part, so that who comes to the first does not wait for the last.
      while !keys.isEmpty {
        let part = keys.prefix(Self.partCount)
        do throws(StoreError) {
          try readAhead(part.map(\.key))
        } catch {
          cancel(keys.map(\.hash))
          throw error
        }
        prefetch.flights.end(part.map(\.hash))
        keys = keys.dropFirst(part.count)
      }
    }
  }

  private static var partCount: Int { 8 }
  /// Bytes of a run that are read at once: more would stand before what somebody waits for.
  private static var runBytesMax: Int { 256 << 10 }

  /// Looks keys up that the cache does not have, and fills it with them.
  private func readAhead(_ keys: [[UInt8]]) throws(StoreError) {
    guard let cache, !keys.isEmpty else { return }
    let hashes = keys.map { KeyHash.hash($0.span) }
    let misses = keys.indices.compactMap { index -> TierLookup.Miss? in
      let key = keys[index]
      let ticket = cache.ticketIfMissing(hash: hashes[index], key: key.span)
      return ticket.map { TierLookup.Miss(index: index, hash: hashes[index], ticket: $0) }
    }
    guard !misses.isEmpty else { return }
    // Not an access of the key: nobody has asked for it.
    var lookup = TierLookup(
      keys: keys, misses: misses, published: published, cache: cache, placement: nil)
    try lookup.look(in: try tiers()) { _, _ in }
    for miss in misses where isMissing(keys[miss.index], miss.hash) {
      prefetch?.ledger.cancel(miss.hash)
    }
  }
}
