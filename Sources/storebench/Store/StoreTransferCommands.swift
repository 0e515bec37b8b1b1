import ArgumentParser
import LinuxIO
import StorageEngine
import Verdicts

extension StoreCommand {
  /// `storebench store dump`.
  struct Dump: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Writes every key and value of one moment to a file.",
      discussion: """
        The format is that of db_dump and mdb_dump, so db_load and mdb_load read it, too.

        EXAMPLES
          storebench store dump /srv/store backup.dump
          storebench store dump /srv/store | zstd >backup.dump.zst
        """)

    @OptionGroup var options: StoreOptions

    @Argument(help: "A file that must not exist; standard output unless given, and for -.")
    var file: String?

    func run() throws {
      let path = file == "-" ? nil : file
      let output = try path.map { path throws(CommandFailure) in try Self.created(path) }
      try options.withStore(readOnly: true) { store in
        var pending = Array(DumpFormat.header.utf8)
        var failure: SystemError?
        func put(_ bytes: [UInt8]) -> Bool {
          guard let output else {
            StandardStream.output.write(bytes)
            return StandardStream.outputFailure == nil
          }
          do throws(SystemError) {
            try output.append(bytes)
            return true
          } catch {
            failure = error
            return false
          }
        }
        try store.scan { key, value in
          pending += DumpFormat.entry(key.copied(), value.copied())
          guard pending.count >= 1 << 18 else { return true }
          defer { pending.removeAll(keepingCapacity: true) }
          return put(pending)
        }
        if failure == nil { _ = put(pending + Array(DumpFormat.footer.utf8)) }
        if failure == nil, let output {
          do throws(SystemError) { try output.synchronize() } catch { failure = error }
        }
        if let failure {
          throw CommandFailure(
            .unsuitable, "\(failure); the dump is not whole and cannot be loaded")
        }
      }
    }

    private static func created(_ path: String) throws(CommandFailure) -> DumpFile {
      do {
        return DumpFile(try AppendFile(creating: path))
      } catch {
        throw CommandFailure(.usage, "\(error); name a file that does not exist")
      }
    }
  }

  /// `storebench store load`.
  struct Load: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract:
        "Puts every key and value of a dump into a store; those of the same name are replaced.",
      discussion: """
        Reads what dump wrote, and what db_dump and mdb_dump write; dumps may follow one another. One
        that is not whole, or wrong on some line, is told with that line. A file is read to its end
        before anything is loaded. What comes through a pipe is loaded as it comes, and how many keys
        were loaded before the mistake is told, too.

        EXAMPLES
          storebench store load /srv/store backup.dump
          mdb_dump -n old.mdb | storebench store load /srv/store
        """)

    @OptionGroup var options: StoreOptions

    @Argument(help: "The dump; standard input unless given, and for -.")
    var file: String?

    func run() throws {
      var input = try DumpFormat.Reader(try Self.opened(file))
      var count = 0
      do {
        try options.withStore(readOnly: false) { store in
          try input.check()
          var batch = StoreBatch()
          while let (key, value) = try input.entry() {
            batch.put(key, value)
            guard batch.count >= 1000 || batch.byteCount >= 1 << 20 else { continue }
            _ = try store.write(batch)
            count += batch.count
            batch.removeAll()
          }
          if !batch.isEmpty { _ = try store.write(batch) }
          count += batch.count
        }
      } catch let failure as CommandFailure where count > 0 {
        throw CommandFailure(
          failure.code, failure.message + "; \(Self.keys(count)) had been loaded before")
      }
      StandardStream.error.write("loaded \(Self.keys(count))\n")
    }

    private static func keys(_ count: Int) -> String { "\(count) \(count == 1 ? "key" : "keys")" }

    private static func opened(_ path: String?) throws(CommandFailure) -> InputFile {
      guard let path, path != "-" else { return InputFile() }
      do {
        return try InputFile(path)
      } catch {
        throw CommandFailure(.usage, "\(error)")
      }
    }
  }
}

/// A dump's file, shared by the closures that write it.
private final class DumpFile {
  private let file: AppendFile

  init(_ file: consuming AppendFile) { self.file = file }

  func append(_ bytes: [UInt8]) throws(SystemError) { try file.append(bytes) }

  func synchronize() throws(SystemError) { try file.synchronize() }
}
