internal import CRocksDBShim
internal import Glibc

extension RocksDBError {
  /// Names the log file that stopped an opening, where the status text did not.
  ///
  /// RocksDB tells a damaged log only in its messages, as
  /// `…/000004.log: dropping 12 bytes; Corruption: checksum mismatch`.
  ///
  /// - Parameters:
  ///   - database: The folder.
  ///   - warnings: RocksDB's warnings; nil reads its file of messages, which each opening begins anew.
  /// - Returns: The error with the log's path and what RocksDB dropped of it; as it was where neither
  ///   is told.
  func namingDamagedLog(in database: String, warnings: String?) -> Self {
    guard code == .corruption, path == database else { return self }
    let messages = warnings ?? Self.beginning(of: database + "/LOG", byteLimit: 1 << 20)
    guard let drop = Self.droppedLog(messages) else { return self }
    var error = self
    error.path = "\(database)/\(drop.name)"
    error.message += " (\(drop.words))"
    return error
  }

  /// The first log of which RocksDB's messages say that something was dropped, and what they say.
  static func droppedLog(_ messages: String) -> (name: String, words: String)? {
    messages.firstMatch(of: /\/(\d+\.log): (dropping \d+ bytes; [^\n]*)/)
      .map { (String($0.1), String($0.2)) }
  }

  /// Names the table that stopped an opening, where RocksDB names the manifest that refers to it.
  ///
  /// - Parameters:
  ///   - database: The folder.
  ///   - options: How it was to be opened.
  /// - Returns: The error with the path of the first table that cannot be opened, and why; as it was
  ///   where all can.
  func namingDamagedTable(in database: String, _ options: NativeOptions) -> Self {
    guard code == .corruption, path.contains("/MANIFEST-"), let folder = opendir(database) else {
      return self
    }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { name in
        String(cString: UnsafeRawPointer(name).assumingMemoryBound(to: CChar.self))
      }
      if name.hasSuffix(".sst") { names.append(name) }
    }
    closedir(folder)
    for name in names.sorted() {
      var failure: UnsafeMutablePointer<CChar>?
      rocksdb_shim_can_open_table(options.options, database + "/" + name, &failure)
      guard let failure else { continue }
      var error = RocksDBError(taking: failure, database: database)
      error.path = database + "/" + name
      return error
    }
    return self
  }

  /// The text of a file up to a limit; empty where it cannot be read.
  private static func beginning(of path: String, byteLimit: Int) -> String {
    guard let file = fopen(path, "re") else { return "" }
    defer { fclose(file) }
    let bytes = [UInt8](unsafeUninitializedCapacity: byteLimit) { buffer, count in
      count = fread(buffer.baseAddress, 1, byteLimit, file)
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
