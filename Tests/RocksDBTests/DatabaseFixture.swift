import RocksDB

/// The bytes of a text.
func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

/// A key of fixed width, so that keys ascend with their numbers.
func key(_ number: Int) -> [UInt8] {
  let digits = String(number)
  return bytes("key" + String(repeating: "0", count: 8 - digits.count) + digits)
}

/// Options of a database that is made where it is missing.
func making(_ change: (inout DatabaseOptions) -> Void = { _ in }) -> DatabaseOptions {
  var options = DatabaseOptions()
  options.createIfMissing = true
  change(&options)
  return options
}

/// The failure of a call; nil where it went well.
func failure(of call: () throws(RocksDBError) -> Void) -> RocksDBError? {
  do {
    try call()
    return nil
  } catch {
    return error
  }
}

/// Texts along a walk, each `key=value`.
func texts(
  _ iterator: consuming RocksDB.Iterator,
  _ direction: RocksDB.Iterator.Direction = .forward, limit: Int = .max
) throws -> [String] {
  var texts: [String] = []
  try iterator.walk(direction) { key, value in
    let key = String(decoding: [UInt8](copying: key), as: UTF8.self)
    let value = String(decoding: [UInt8](copying: value), as: UTF8.self)
    texts.append("\(key)=\(value)")
    return texts.count < limit
  }
  return texts
}

extension Database {
  /// Sets keys to values in one batch.
  func put(_ pairs: KeyValuePairs<String, String>, sync: Bool = false) throws(RocksDBError) {
    var batch = WriteBatch()
    for (key, value) in pairs { batch.put(bytes(key), bytes(value)) }
    try write(&batch, sync: sync)
  }

  /// The value of a key as text.
  func text(_ key: String) throws(RocksDBError) -> String? {
    try get(bytes(key)).map { String(decoding: $0, as: UTF8.self) }
  }
}
