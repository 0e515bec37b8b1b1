internal import CRocksDB

/// Writes a table file of ascending keys, for ``Database/ingest(files:moving:)``.
///
/// The corresponding C calls are `rocksdb_sstfilewriter_*`. One thread at a time. A file that is not
/// finished is of no use; remove it.
public struct TableFileWriter: ~Copyable {
  /// The file.
  public let path: String

  private let writer: OpaquePointer
  private let environment: OpaquePointer
  private let options: NativeOptions

  /// Begins a file.
  ///
  /// - Parameters:
  ///   - path: The file; one that is there is written over.
  ///   - options: Blocks, filter and compression are taken from these.
  /// - Throws: `ioError`, `noSpace` or `notFound` where the file cannot be made.
  public init(
    at path: String, options: DatabaseOptions = DatabaseOptions()
  ) throws(RocksDBError) {
    let native = NativeOptions(options, path: "", readOnly: true)
    let environment: OpaquePointer = rocksdb_envoptions_create()
    let writer: OpaquePointer = rocksdb_sstfilewriter_create(environment, native.options)
    var failure: UnsafeMutablePointer<CChar>?
    rocksdb_sstfilewriter_open(writer, path, &failure)
    if let failure {
      rocksdb_sstfilewriter_destroy(writer)
      rocksdb_envoptions_destroy(environment)
      throw RocksDBError(taking: failure, database: path)
    }
    self.path = path
    self.writer = writer
    self.environment = environment
    self.options = native
  }

  deinit {
    rocksdb_sstfilewriter_destroy(writer)
    rocksdb_envoptions_destroy(environment)
  }

  /// Adds a key, which must be above all before.
  ///
  /// - Throws: `invalidArgument` where it is not, or the file's failure.
  public mutating func put(_ key: RawSpan, _ value: RawSpan) throws(RocksDBError) {
    var failure: UnsafeMutablePointer<CChar>?
    key.withSlice { key, keyBytes in
      value.withSlice { value, valueBytes in
        rocksdb_sstfilewriter_put(writer, key, keyBytes, value, valueBytes, &failure)
      }
    }
    if let failure { throw RocksDBError(taking: failure, database: path) }
  }

  /// Adds the delete of a key, which must be above all before.
  ///
  /// - Throws: `invalidArgument` where it is not, or the file's failure.
  public mutating func delete(_ key: RawSpan) throws(RocksDBError) {
    var failure: UnsafeMutablePointer<CChar>?
    key.withSlice { rocksdb_sstfilewriter_delete(writer, $0, $1, &failure) }
    if let failure { throw RocksDBError(taking: failure, database: path) }
  }

  /// Completes the file and puts it on the drive.
  ///
  /// - Returns: Its bytes.
  /// - Throws: `invalidArgument` where no key was added, or the file's failure.
  public consuming func finish() throws(RocksDBError) -> UInt64 {
    var failure: UnsafeMutablePointer<CChar>?
    rocksdb_sstfilewriter_finish(writer, &failure)
    if let failure { throw RocksDBError(taking: failure, database: path) }
    var bytes: UInt64 = 0
    rocksdb_sstfilewriter_file_size(writer, &bytes)
    return bytes
  }
}
