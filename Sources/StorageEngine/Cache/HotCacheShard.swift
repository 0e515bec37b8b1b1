internal import LinuxIO
internal import RocksDB

/// One shard of the hot cache: S3-FIFO over two rings, under its owner's lock.
///
/// 1. A new entry joins the small queue, a tenth of the bytes; one that the ghost table remembers
///    joins the main queue.
/// 2. The oldest of the small queue moves on to the main queue if it was used at least twice, or
///    while the main queue has never been full; otherwise its hash becomes a ghost.
/// 3. The oldest of the main queue goes around once more for each use, else it leaves.
///
/// Source: Yang et al., "FIFO queues are all you need for cache eviction", SOSP 2023.
///
/// A fill is taken only where no change of a key on the same stripe was committed, or was being
/// committed, since the reader took its ticket: so no reader puts back what a writer replaced. And only
/// where memory for it was taken from the kernel before, so that nobody waits for that under the lock.
///
/// What readers without the lock look at (``lookup``) changes only in the turns of its owner's
/// `ChangeCount`.
struct HotCacheShard: ~Copyable {
  /// What a shard counted.
  struct Counts: Sendable, Equatable {
    var fills: UInt64 = 0
    var refusedFills: UInt64 = 0
    var fillsBeforeMemory: UInt64 = 0
    var evictions: UInt64 = 0
  }

  private var small: EntryRing
  private var main: EntryRing
  private var index: SlotIndex
  private var ghost: GhostTable
  /// What lookups read.
  let lookup: ShardLookup
  private var mainCount = 0
  /// Whether the main queue was ever full.
  private var isWarm = false
  /// Commits under way, by stripe.
  private var pending = [UInt32](repeating: 0, count: stripeCount)
  /// Commits done, by stripe.
  private var generation = [UInt32](repeating: 0, count: stripeCount)
  private(set) var counts = Counts()
  /// Bytes of the largest entry that was ever to come in, refused or not.
  private var largestBytes = 0
  /// Whether an entry ever had to leave the small queue, so that the main queue needs memory.
  ///
  /// Never false again: ghosts lead into the main queue, and there are none before.
  private var usesMain = false
  /// Of which part somebody is taking memory.
  private var taking: Part?
  /// Whether the index gave its memory back while it was being taken.
  private var hasLostIndex = false

  private static let stripeCount = 256

  /// A shard of `byteCount` bytes, its own tables included.
  init(byteCount: Int) throws(SystemError) {
    // Of the bytes, a tenth is for the index, a thirty-second for ghosts, the rest for entries.
    let lineCount = byteCount / 10 / SlotIndex.lineBytes
    let ghostSlots = max(64, byteCount / 256)
    let entryBytes = max(4096, byteCount - byteCount / 10 - byteCount / 32)
    // First all that may fail, then the parts: a shard is never half made.
    let small = try EntryRing(capacity: entryBytes / 10)
    let main = try EntryRing(capacity: entryBytes - entryBytes / 10)
    let index = try SlotIndex(lineCount: lineCount)
    lookup = ShardLookup(lines: index.lines, small: small.entries, main: main.entries)
    self.small = small
    self.main = main
    self.index = index
    ghost = GhostTable(slotCount: ghostSlots)
  }

  /// Entries now.
  var entryCount: Int { index.count }
  /// Bytes of entries, index and ghosts now.
  var byteCount: Int { small.usedBytes + main.usedBytes + index.byteCount + ghost.byteCount }
  /// Most bytes of one entry: larger ones would empty the small queue.
  var entryBytesMax: Int { small.capacity / 2 }

  // MARK: Reading

  /// Has the processor fetch what lookups of these hashes will need, all of it independent, so that it
  /// comes side by side instead of one after the other.
  func fetch(_ hashes: some Collection<UInt64>) {
    for hash in hashes { lookup.lines.fetch(UInt32(truncatingIfNeeded: hash)) }
    for hash in hashes { lookup.fetchEntry(UInt32(truncatingIfNeeded: hash)) }
  }

  /// Lends the value of a key and counts a use; nil where the key is not cached.
  ///
  /// - Parameters:
  ///   - hash: Of the key.
  ///   - key: Which.
  ///   - body: Takes the value and its version.
  /// - Returns: What `body` made of it.
  func read<R>(hash: UInt64, key: Span<UInt8>, _ body: (Span<UInt8>, Version) -> R) -> R? {
    guard let found = find(hash: UInt32(truncatingIfNeeded: hash), key: key) else { return nil }
    lookup.lines.countUse(of: found.slot)
    let header = found.header
    if found.isMain {
      return main.withValue(at: found.offset, header) { body($0, header.version) }
    }
    return small.withValue(at: found.offset, header) { body($0, header.version) }
  }

  /// What a reader takes before it reads the tiers; nil where a change is being committed.
  func ticket(hash: UInt64) -> UInt32? {
    let stripe = Self.stripe(hash)
    return pending[stripe] == 0 ? generation[stripe] : nil
  }

  /// A ticket for a key that is not cached, and that nobody asked for; nil where none is needed or to
  /// be had.
  func ticketIfMissing(hash: UInt64, key: Span<UInt8>) -> UInt32? {
    holds(hash: hash, key: key) ? nil : ticket(hash: hash)
  }

  /// Whether a key is cached; nobody asked for it.
  func holds(hash: UInt64, key: Span<UInt8>) -> Bool {
    find(hash: UInt32(truncatingIfNeeded: hash), key: key) != nil
  }

  // MARK: Changing

  /// Takes in what a reader found, unless a writer was faster.
  mutating func fill(
    hash: UInt64, key: Span<UInt8>, value: Span<UInt8>, version: Version, from tier: Tier,
    ticket: UInt32
  ) {
    let stripe = Self.stripe(hash)
    guard pending[stripe] == 0, generation[stripe] == ticket else {
      counts.refusedFills &+= 1
      return
    }
    let short = UInt32(truncatingIfNeeded: hash)
    // Two readers of one key: the second has nothing to add.
    guard find(hash: short, key: key) == nil else { return }
    let size = EntryRing.entryBytes(keyCount: key.count, valueCount: value.count)
    expect(size)
    guard hasMemory(size) else {
      counts.fillsBeforeMemory &+= 1
      return
    }
    counts.fills &+= 1
    let header = EntryRing.Header(
      keyCount: key.count, valueCount: value.count, hash: short, version: version,
      tier: tier)
    insert(header, key: key, value: value, intoMain: ghost.take(short, depth: mainCount))
  }

  /// Says that a change of a key is being committed.
  mutating func beginChange(hash: UInt64) { pending[Self.stripe(hash)] &+= 1 }

  /// Says that the change is committed, or has failed: without a value the key is dropped.
  mutating func endChange(hash: UInt64, key: Span<UInt8>, value: Span<UInt8>?, version: Version) {
    let stripe = Self.stripe(hash)
    pending[stripe] &-= 1
    generation[stripe] &+= 1
    guard let found = find(hash: UInt32(truncatingIfNeeded: hash), key: key) else { return }
    let (isMain, offset) = (found.isMain, found.offset)
    var header = found.header
    if let value {
      // A batch may name a key twice; its changes come in order.
      guard header.version < version else { return }
      if value.count == header.valueCount {
        if isMain {
          main.replaceValue(at: offset, with: value, version: version)
        } else {
          small.replaceValue(at: offset, with: value, version: version)
        }
        return
      }
    }
    let uses = lookup.lines.uses(of: found.slot)
    index.remove(slot: found.slot, hash: header.hash)
    if isMain {
      main.markDead(at: offset)
      mainCount -= 1
    } else {
      small.markDead(at: offset)
    }
    guard let value else { return }
    let size = EntryRing.entryBytes(keyCount: key.count, valueCount: value.count)
    expect(size)
    guard hasMemory(size) else { return }
    header.valueCount = value.count
    header.version = version
    header.tier = .hot
    insert(header, key: key, value: value, uses: uses, intoMain: isMain)
  }

  /// Says in which tier the value of a key lies now, if that version of it is cached.
  mutating func noteTier(_ tier: Tier, hash: UInt64, key: Span<UInt8>, version: Version) {
    guard let found = find(hash: UInt32(truncatingIfNeeded: hash), key: key) else { return }
    guard found.header.version == version else { return }
    if found.isMain {
      main.setTier(tier, at: found.offset)
    } else {
      small.setTier(tier, at: found.offset)
    }
  }

  /// The slots that lead to entries.
  var slotCount: Int { index.slotCount }

  /// The keys behind some slots whose values lie below the hot tier, and where.
  func keysBelow(slots: Range<Int>) -> [(key: [UInt8], tier: Tier)] {
    var keys: [(key: [UInt8], tier: Tier)] = []
    for slot in slots {
      let place = lookup.lines.place(of: slot)
      guard place != 0 else { continue }
      let (offset, isMain) = (ShardLookup.offset(place), ShardLookup.isMain(place))
      let header = isMain ? main.header(at: offset) : small.header(at: offset)
      guard header.tier != .hot else { continue }
      let key = isMain ? main.key(at: offset, header) : small.key(at: offset, header)
      keys.append((key, header.tier))
    }
    return keys
  }

  /// Forgets everything; fills under way are refused.
  mutating func removeAll() {
    small.removeAll()
    main.removeAll()
    index.removeAll()
    hasLostIndex = taking == .index
    ghost.removeAll()
    mainCount = 0
    isWarm = false
    for stripe in generation.indices { generation[stripe] &+= 1 }
  }

  // MARK: Memory

  /// A part of the shard whose memory is to be taken.
  enum Part: Sendable { case index, small, main }

  /// Has memory taken from now on for what may come in with an entry of so many bytes.
  private mutating func expect(_ size: Int) {
    assert(size <= entryBytesMax)
    largestBytes = max(largestBytes, size)
    // A full index has an entry leave as well, by way of a main queue that is empty.
    if index.isFull || !small.hasRoom(size) { usesMain = true }
    small.expect(size)
    main.expect(mainBytes(size))
  }

  /// Whether an entry of so many bytes can come in without a wait for the kernel.
  private func hasMemory(_ size: Int) -> Bool {
    index.hasMemory && small.hasMemory(size) && (!usesMain || main.hasMemory(mainBytes(size)))
  }

  /// Most bytes that leave the small queue for the main queue when an entry of so many comes in: as much as
  /// the entry and what is left of a lap that is too short for it, and the last one that leaves may be as
  /// large as any.
  private func mainBytes(_ size: Int) -> Int { 2 * size + largestBytes }

  /// What somebody should take now, outside of the lock, and then say ``took(_:)``; nil for nothing, and
  /// while somebody is at it.
  mutating func pagesToTake() -> (Part, MappedPages)? {
    guard taking == nil else { return nil }
    let found: (Part, MappedPages)? =
      if !index.hasMemory {
        (.index, index.pages)
      } else if let pages = small.nextPages {
        (.small, pages)
      } else if usesMain || small.usedBytes > small.capacity / 2 {
        // Not before: for a store that reads little beside its writes it would be memory for nothing, and to
        // clear it takes processors from the writes.
        main.nextPages.map { (.main, $0) }
      } else {
        nil
      }
    taking = found?.0
    return found
  }

  /// Says that the pages of a part were taken.
  mutating func took(_ part: Part) {
    taking = nil
    switch part {
    case .index:
      if !hasLostIndex { index.tookPages() }
      hasLostIndex = false
    case .small: small.tookPages()
    case .main: main.tookPages()
    }
  }

  // MARK: Queues

  private mutating func insert(
    _ header: EntryRing.Header, key: Span<UInt8>, value: Span<UInt8>, uses: UInt8 = 0,
    intoMain: Bool
  ) {
    let size = header.entryBytes
    guard size <= entryBytesMax else { return }
    while index.isFull {
      if main.isEmpty { evictFromSmall() } else { evictFromMain(sparing: false) }
    }
    if intoMain {
      makeRoomInMain(size)
      let offset = main.append(header, key: key, value: value)
      index.insert(hash: header.hash, place: ShardLookup.place(offset, isMain: true), uses: uses)
      mainCount += 1
    } else {
      while !small.hasRoom(size) { evictFromSmall() }
      let offset = small.append(header, key: key, value: value)
      index.insert(
        hash: header.hash, place: ShardLookup.place(offset, isMain: false), uses: uses)
    }
  }

  private mutating func evictFromSmall() {
    guard !small.isEmpty else { return }
    let offset = small.tailOffset
    let header = small.header(at: offset)
    defer { small.dropTail() }
    guard header.isAlive,
      let slot = index.slot(hash: header.hash, place: ShardLookup.place(offset, isMain: false))
    else { return }
    let size = header.entryBytes
    let fillsMain = !isWarm && main.hasRoom(size)
    if !fillsMain { isWarm = true }
    let uses = lookup.lines.uses(of: slot)
    guard uses >= 2 || fillsMain else {
      index.remove(slot: slot, hash: header.hash)
      ghost.insert(header.hash)
      counts.evictions &+= 1
      return
    }
    makeRoomInMain(size)
    let moved = main.append(entryOf: small, at: offset, size: size)
    index.replace(
      slot: slot, place: ShardLookup.place(moved, isMain: true), uses: fillsMain ? uses : 0)
    mainCount += 1
  }

  private mutating func makeRoomInMain(_ size: Int) {
    // Each entry may go around three times; beyond the bound the oldest leaves whatever its use,
    // so that no caller waits for a whole lap.
    var spared = 0
    while !main.hasRoom(size) {
      evictFromMain(sparing: spared < Self.sparedMax)
      spared += 1
    }
  }

  private static let sparedMax = 128

  private mutating func evictFromMain(sparing: Bool) {
    guard !main.isEmpty else { return }
    isWarm = true
    let offset = main.tailOffset
    let header = main.header(at: offset)
    guard header.isAlive,
      let slot = index.slot(hash: header.hash, place: ShardLookup.place(offset, isMain: true))
    else {
      main.dropTail()
      return
    }
    let uses = lookup.lines.uses(of: slot)
    if sparing, uses > 0 {
      if let moved = main.recycleTail(size: header.entryBytes) {
        index.replace(slot: slot, place: ShardLookup.place(moved, isMain: true), uses: uses - 1)
        return
      }
    } else {
      main.dropTail()
    }
    index.remove(slot: slot, hash: header.hash)
    mainCount -= 1
    counts.evictions &+= 1
  }

  // MARK: Places

  private func find(hash: UInt32, key: Span<UInt8>) -> ShardLookup.Found? {
    lookup.find(hash: hash, key: key)
  }

  /// Other bits than those that choose the shard and the slot.
  @inline(__always)
  private static func stripe(_ hash: UInt64) -> Int { Int(truncatingIfNeeded: hash &>> 40 & 0xFF) }
}
