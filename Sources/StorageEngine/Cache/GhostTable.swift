/// Hashes of entries that left the small queue unused: who comes back soon was wanted after all.
///
/// A queue of fixed memory: buckets of four, each slot a hash and the count of arrivals at its
/// time. A slot is forgotten once as many others have arrived as the main queue holds entries.
struct GhostTable {
  private var slots: [UInt64]
  private let mask: Int
  private var arrivals: UInt32 = 1

  /// A table of about `slotCount` slots, rounded down to a power of two.
  init(slotCount: Int) {
    let buckets = max(16, slotCount / 4)
    let rounded = 1 << (Int.bitWidth - 1 - buckets.leadingZeroBitCount)
    slots = [UInt64](repeating: 0, count: rounded * 4)
    mask = rounded - 1
  }

  var byteCount: Int { slots.count * 8 }

  mutating func insert(_ hash: UInt32) {
    let base = (Int(hash) & mask) * 4
    var oldest = base
    var oldestAge: UInt32 = 0
    for slot in base..<base + 4 {
      if slots[slot] == 0 || UInt32(truncatingIfNeeded: slots[slot] >> 32) == hash {
        oldest = slot
        break
      }
      let age = arrivals &- UInt32(truncatingIfNeeded: slots[slot])
      if age >= oldestAge {
        oldestAge = age
        oldest = slot
      }
    }
    slots[oldest] = UInt64(hash) << 32 | UInt64(arrivals)
    arrivals &+= 1
  }

  /// Whether the hash is remembered among the last `depth` arrivals; it is forgotten then.
  mutating func take(_ hash: UInt32, depth: Int) -> Bool {
    let base = (Int(hash) & mask) * 4
    for slot in base..<base + 4
    where slots[slot] != 0 && UInt32(truncatingIfNeeded: slots[slot] >> 32) == hash {
      let age = arrivals &- UInt32(truncatingIfNeeded: slots[slot])
      slots[slot] = 0
      return Int(age) <= depth
    }
    return false
  }

  mutating func removeAll() {
    for slot in slots.indices { slots[slot] = 0 }
    arrivals = 1
  }
}
