internal import CRocksDB

/// Changes that are written together: after a crash all of them are there, or none.
///
/// The corresponding C calls are `rocksdb_writebatch_*`. A batch can be cleared and filled again,
/// which keeps its memory. Later changes of a batch win over earlier ones of the same key.
public struct WriteBatch: ~Copyable, @unchecked Sendable {
  let batch: OpaquePointer

  /// Makes an empty batch.
  public init() {
    batch = rocksdb_writebatch_create()
  }

  deinit { rocksdb_writebatch_destroy(batch) }

  /// How many changes it holds; a range of deletes counts as one.
  public var count: Int { Int(rocksdb_writebatch_count(batch)) }

  /// Bytes that it will take in the log; 12 when empty.
  public var byteCount: Int {
    var bytes = 0
    _ = rocksdb_writebatch_data(batch, &bytes)
    return bytes
  }

  /// Sets a key to a value.
  public mutating func put(_ key: RawSpan, _ value: RawSpan) {
    key.withSlice { key, keyBytes in
      value.withSlice { value, valueBytes in
        rocksdb_writebatch_put(batch, key, keyBytes, value, valueBytes)
      }
    }
  }

  /// Sets a key to a value.
  public mutating func put(_ key: [UInt8], _ value: [UInt8]) {
    key.withSlice { key, keyBytes in
      value.withSlice { value, valueBytes in
        rocksdb_writebatch_put(batch, key, keyBytes, value, valueBytes)
      }
    }
  }

  /// Sets a key to two pieces put together, such as a header and a value.
  public mutating func put(_ key: RawSpan, _ head: RawSpan, _ tail: RawSpan) {
    key.withSlice { key, keyBytes in
      head.withSlice { head, headBytes in
        tail.withSlice { tail, tailBytes in
          // The list says where key and value are; one key piece, two value pieces.
          withUnsafePointer(to: Optional(key)) { keys in
            withUnsafePointer(to: keyBytes) { keySizes in
              withPair(Optional(head), Optional(tail)) { values in
                withPair(headBytes, tailBytes) { valueSizes in
                  rocksdb_writebatch_putv(batch, 1, keys, keySizes, 2, values, valueSizes)
                }
              }
            }
          }
        }
      }
    }
  }

  /// Removes a key, whether it is there or not.
  public mutating func delete(_ key: RawSpan) {
    key.withSlice { rocksdb_writebatch_delete(batch, $0, $1) }
  }

  /// Removes a key, whether it is there or not.
  public mutating func delete(_ key: [UInt8]) {
    key.withSlice { rocksdb_writebatch_delete(batch, $0, $1) }
  }

  /// Removes all keys from `start` up to, and without, `end`.
  public mutating func deleteRange(from start: [UInt8], to end: [UInt8]) {
    start.withSlice { start, startBytes in
      end.withSlice { end, endBytes in
        rocksdb_writebatch_delete_range(batch, start, startBytes, end, endBytes)
      }
    }
  }

  /// Takes everything out again.
  public mutating func clear() {
    rocksdb_writebatch_clear(batch)
  }
}

/// Lends two values as a C array of two.
private func withPair<T, R>(_ first: T, _ second: T, _ body: (UnsafePointer<T>) -> R) -> R {
  withUnsafeTemporaryAllocation(of: T.self, capacity: 2) { pair in
    let start = pair.baseAddress.unsafelyUnwrapped
    start.initialize(to: first)
    (start + 1).initialize(to: second)
    defer { start.deinitialize(count: 2) }
    return body(UnsafePointer(start))
  }
}
