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
        The format is that of db_dump and mdb_dump, so db_load and mdb_load read it, too. A file \
        that cannot be written whole is removed again. mdb_load makes a database of 1 MiB unless \
        the header has a line mapsize=BYTES, which sed can add.

        EXAMPLES
          storebench store dump /srv/store backup.dump
          sed 's/^HEADER=END$/mapsize=1073741824\\n&/' backup.dump | mdb_load -n new.mdb
          storebench store dump /srv/store | zstd >backup.dump.zst
        """)

    @OptionGroup var options: StoreOptions

    @Argument(help: "A file that must not exist; standard output unless given, and for -.")
    var file: String?

    func run() throws {
      guard let file, file != "-" else {
        try options.withStore(readOnly: true) { store in
          try Self.dump(store) { bytes in
            StandardStream.output.write(bytes)
            return StandardStream.outputGoesOn
          }
        }
        return
      }
      try options.withStore(readOnly: true) { store in
        // From here on a signal must not end the process before the file is removed.
        StopSignal.ofProcess.awaitRequests()
        let output = try Self.created(file)
        do {
          try Self.dump(store, to: output)
        } catch {
          FileSystemPath(file).removeFile()
          throw error
        }
      }
    }

    private static func dump(_ store: TieredStore, to output: DumpFile) throws {
      let stop = StopSignal.ofProcess
      var failure: SystemError?
      try dump(store) { bytes in
        guard !stop.isRequested else { return false }
        do throws(SystemError) {
          try output.append(bytes)
          return true
        } catch {
          failure = error
          return false
        }
      }
      if let signal = stop.requestedBy {
        throw CommandFailure(stoppedBy: signal, kept: "the dump was not whole and is removed")
      }
      if failure == nil {
        do throws(SystemError) { try output.synchronize() } catch { failure = error }
      }
      if let failure {
        throw CommandFailure(.unsuitable, "\(failure); the dump was not whole and is removed")
      }
    }

    /// Hands the dump on, part by part, until `put` wants no more.
    private static func dump(_ store: TieredStore, put: ([UInt8]) -> Bool) throws {
      var pending = Array(DumpFormat.header.utf8)
      var isWanted = true
      try store.scan { key, value in
        pending += DumpFormat.entry(key.copied(), value.copied())
        guard pending.count >= 1 << 18 else { return true }
        isWanted = put(pending)
        pending.removeAll(keepingCapacity: true)
        return isWanted
      }
      if isWanted { _ = put(pending + Array(DumpFormat.footer.utf8)) }
    }

    private static func created(_ path: String) throws(CommandFailure) -> DumpFile {
      do {
        return DumpFile(try AppendFile(creating: path))
      } catch {
        throw CommandFailure(
          .usage, "\(error); name a file that does not exist, in a folder that does")
      }
    }
  }

  /// `storebench store load`.
  struct Load: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract:
        "Puts every key and value of a dump into a store; those of the same name are replaced.",
      discussion: """
        Reads what dump wrote, and what db_dump and mdb_dump write; dumps may follow one \
        another. One that is not whole, or wrong on some line, is told with that line. A file is \
        read to its end before anything is loaded. What comes through a pipe is loaded as it \
        comes, and how many keys were loaded before the mistake is told, too.

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
        throw CommandFailure(.usage, "\(error); name a dump that is there and may be read")
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
