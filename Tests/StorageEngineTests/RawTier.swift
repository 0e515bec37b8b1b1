import RocksDB

@testable import StorageEngine

/// Writes under the store's feet.
enum RawTier {
  static func put(_ tier: TierDatabase, _ key: [UInt8], _ stored: [UInt8]) throws {
    var batch = WriteBatch()
    batch.put(key, stored)
    try tier.database.write(&batch, sync: false)
  }
}
