import ArgumentParser
import Driver
import LinuxIO
import Measurements
import Reports
import StorageEngine
import Verdicts
import Workloads

/// `storebench bench store`: one workload on a tiered store, by flags.
struct BenchStoreCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "store",
    abstract: "Measures one workload on a tiered store made for it, without a verdict.",
    discussion: """
      The folder must be new or empty, or hold the store of an earlier bench store with --keep. It \
      is filled first, and removed at the end unless --keep is given. Every value that is read is \
      verified. No store of anybody else's is ever touched.

      WORKLOADS
        fill                         every key once
        random-read, point-lookup    get; point-lookup with --rate
        missing-keys                 get keys that are not there
        multi-get                    get --batch keys at once
        scan-forward, scan-backward  walk over --scan-length keys
        random-write, batch-write    put one key, or --batch keys at once
        read-while-writing           --read-percent, or --writers threads that only put
        ycsb-a … ycsb-f              the Yahoo! Cloud Serving Benchmark's six

      EXAMPLES
        storebench bench store /srv/scratch/bench --workload random-read --keys 5M
        storebench bench store /srv/scratch/bench --workload random-write --durability grouped:10ms
        storebench bench store /srv/scratch/bench --workload point-lookup --rate 50000 --poisson
        storebench bench store /srv/scratch/bench --workload ycsb-a --threads 2 --keep
        storebench bench store /srv/scratch/bench --workload scan-forward --value-size 1KiB
      """)

  @Argument(help: "A folder that is new or empty, or was kept by an earlier bench store.")
  var folder: String

  @Option(help: "One of those above.")
  var workload = "random-read"

  @Option(parsing: .unconditional, help: "Keys to fill the store with, such as 5M (default: 1M).")
  var keys: String?

  @Option(parsing: .unconditional, help: "Bytes of each value, such as 100 or 1KiB (default: 100).")
  var valueSize: String?

  @Option(help: "scattered: ascending numbers are random keys; or ascending (default: scattered).")
  var keyOrder: String?

  @Option(
    parsing: .unconditional,
    help: "Requests in flight for each thread (default: 32, and 1 where each asks for many keys).")
  var depth: Int?

  @Option(parsing: .unconditional, help: "Worker threads.")
  var threads = 1

  @Option(parsing: .unconditional, help: "Seconds to measure; a fill ends with its last key.")
  var seconds = 10.0

  @Option(parsing: .unconditional, help: "Seconds to run uncounted first.")
  var ramp = 0.5

  @Option(
    parsing: .unconditional,
    help: "Arrivals a second over all threads: an open loop instead of a closed one.")
  var rate: Double?

  @Flag(help: "Arrivals at random instead of evenly spaced, with --rate.")
  var poisson = false

  @Option(
    help:
      "uniform, zipf:THETA or hotcold:SPACE/ACCESS (default: uniform, and zipf:0.99 for YCSB).")
  var distribution: String?

  @Option(parsing: .unconditional, help: "Percent of reads, for read-while-writing (default: 90).")
  var readPercent: Int?

  @Option(parsing: .unconditional, help: "Threads that only put, for read-while-writing.")
  var writers = 0

  @Option(
    parsing: .unconditional,
    help: "Keys of each batch and multi-get (default: 1000; for a fill 1: single puts).")
  var batch: String?

  @Option(
    parsing: .unconditional, help: "Keys of each scan (default: 1000; at most 100 in YCSB E).")
  var scanLength: String?

  @Option(help: "What acknowledged means: sync, grouped:DELAY such as grouped:10ms, or async.")
  var durability = "sync"

  @Option(help: "Most bytes of memory for caches and write buffers, such as 256MiB.")
  var memory: String?

  @Flag(
    help:
      "Reads files past the page cache, so that the device answers what the store's caches do not.")
  var direct = false

  @Option(help: "Settings of the tiers: measured, or as-specified.")
  var settings = "measured"

  @Option(
    parsing: .unconditional, help: "Percent of each value that compresses to nothing (default: 0).")
  var compressible: Int?

  @Option(help: "CPUs to pin threads to, such as 0,2.")
  var cpus: String?

  @Option(parsing: .unconditional, help: "Seconds without any answer that count as a stall.")
  var stallLimit = 10.0

  @Option(parsing: .unconditional, help: "The seed; same seed, same keys and requests.")
  var seed: UInt64 = 1

  @Flag(help: "Leaves the store where it is, for the next bench store.")
  var keep = false

  @Flag(help: "Prints the record as JSON.")
  var json = false

  @Option(help: "Writes the record as JSON to a new file, too.")
  var out: String?

  func run() async throws {
    let stop = StopSignal.ofProcess
    stop.awaitRequests()
    do {
      try CommandFailure.refuseUnreadableArguments()
      let asked = try request()
      let bench = try StoreBench(asked, stop: stop) { text in
        StandardStream.error.write(PrintableText.line(text) + "\n")
      }
      let result = try bench.run()
      let record = try BenchStoreText.json(result, bench.plan, asked)
      // Printed first: a file that cannot be written loses nothing then.
      StandardStream.output.write(
        json ? record : BenchStoreText.text(result, bench.plan, asked))
      var failures = result.endFailures
      if let out {
        do throws(CommandFailure) { try Self.write(record, to: out) } catch {
          failures.append(error)
        }
      }
      // What was measured decides how the command ends; the others are told besides.
      do throws(CommandFailure) { try check(result, bench, stop) } catch {
        failures.insert(error, at: 0)
      }
      if let first = failures.first {
        throw CommandFailure(first.code, failures.map(\.message).joined(separator: "\n"))
      }
    } catch let error as WorkloadError {
      throw CommandFailure(error)
    }
  }

  private static func write(_ record: String, to path: String) throws(CommandFailure) {
    do throws(SystemError) {
      let file = try AppendFile(creating: path)
      try file.append(Array(record.utf8))
      try file.synchronize()
    } catch {
      throw CommandFailure(
        .unsuitable, "--out \(path): \(error); name a file that is not there yet")
    }
  }

  private func check(
    _ result: StoreBenchResult, _ bench: StoreBench, _ stop: StopSignal
  ) throws(CommandFailure) {
    if stop.requestedBy != nil || result.load.outcome != .completed {
      throw bench.failure(of: result.load, result.findings, folder)
    }
    guard result.load.round.operations > 0 else {
      throw CommandFailure(
        .inconclusive,
        "\(folder): no request of the window was completed; "
          + (rate == nil ? "measure for longer" : "ask for a lower --rate, or measure for longer"))
    }
  }
}
