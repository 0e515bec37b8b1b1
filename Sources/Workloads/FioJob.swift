/// The fio job that comes closest to a workload, for those who want to compare.
///
/// Where fio cannot do the same, a comment in the job says so.
public struct FioJob: Sendable {
  /// The job's name.
  public var name: String
  /// What is requested.
  public var spec: WorkloadSpec
  /// The file or device.
  public var filename: String
  /// Requests in flight for each thread.
  public var depth: Int
  /// Threads.
  public var threads: Int
  /// When requests are due; nil for a closed loop.
  public var arrival: ArrivalRate?
  /// Seconds to measure, to the millisecond.
  public var seconds: Double
  /// Seconds to run uncounted beforehand, to the millisecond.
  public var rampSeconds: Double
  /// How many such rounds are measured, each with its own ramp; nil for one.
  public var rounds: ClosedRange<Int>?
  /// Whether jobs that stand before it in the file are waited for.
  public var waitsForOthers = false
  /// The seed.
  public var seed: UInt64
  /// Percent of what is written that compresses to nothing.
  public var compressiblePercent: Int

  /// Describes a job.
  public init(
    name: String, spec: WorkloadSpec, filename: String, depth: Int, threads: Int,
    arrival: ArrivalRate? = nil, seconds: Double, rampSeconds: Double = 0, seed: UInt64,
    compressiblePercent: Int = 0
  ) {
    self.name = name
    self.spec = spec
    self.filename = filename
    self.depth = depth
    self.threads = threads
    self.arrival = arrival
    self.seconds = seconds
    self.rampSeconds = rampSeconds
    self.seed = seed
    self.compressiblePercent = compressiblePercent
  }

  /// The job file.
  public var text: String {
    var lines = remarks.map { "# \($0)" }
    lines.append("[\(sectionName)]")
    if waitsForOthers { lines.append("stonewall") }
    lines += target + engine + order + pace
    if spec.writes { lines += contents }
    return lines.joined(separator: "\n") + "\n"
  }
}

extension FioJob {
  private var workers: Int { Swift.max(threads, 1) }

  /// What a section header can hold; fio keeps `global` for itself.
  private var sectionName: String {
    let kept = name.map { character in
      character.isASCII && (character.isLetter || character.isNumber || "-_.".contains(character))
        ? character : "-"
    }
    let text = String(kept)
    return text.isEmpty || text.lowercased() == "global" ? "job-\(text)" : text
  }

  /// The filename as a job file holds it; nil where it cannot: fio takes `;` and `#` for comments
  /// and `$` for variables wherever they stand, and cuts spaces off the ends.
  private var escapedFilename: String? {
    let isPlain = filename.unicodeScalars.allSatisfy { scalar in
      scalar.value >= 0x20 && scalar.value != 0x7f && !";#$\"'".unicodeScalars.contains(scalar)
    }
    guard isPlain, !filename.isEmpty, filename.first != " ", filename.last != " " else {
      return nil
    }
    return filename.reduce(into: "") { escaped, character in
      if character == ":" || character == "\\" { escaped.append("\\") }
      escaped.append(character)
    }
  }

  private var remarks: [String] {
    var remarks: [String] = []
    if let rounds {
      let count =
        rounds.lowerBound == rounds.upperBound
        ? "\(rounds.lowerBound)" : "\(rounds.lowerBound) to \(rounds.upperBound)"
      remarks.append("one round of \(count), each with its ramp; run it as often to compare")
    }
    if escapedFilename == nil {
      remarks.append("fio's job files cannot hold this target's name: give it by --filename")
    }
    if spec.isSequential, spec.startBytes > 0 {
      remarks.append("fio begins each thread at its first byte, not \(spec.startBytes) bytes on")
    }
    if spec.blocks.parts.count > 1, !spec.isSequential {
      remarks.append("fio aligns all sizes to the smallest, not each to its own")
    }
    if spec.distribution == .zipf(theta: 1) {
      remarks.append("fio refuses a theta of exactly 1")
    }
    if case .hotCold = spec.distribution {
      remarks.append("fio keeps the hot blocks together instead of scattering them")
    }
    return remarks
  }

  private var target: [String] {
    var lines = escapedFilename.map { ["filename=\($0)"] } ?? []
    lines.append("offset=\(spec.rangeStartBytes)")
    // Threads share a random range, but divide a sequential one.
    let block = UInt64(Swift.max(spec.blocks.maxBytes, 1))
    let share = spec.rangeBytes / UInt64(workers) / block * block
    if spec.isSequential, workers > 1, share > 0 {
      lines += ["size=\(share)", "offset_increment=\(share)"]
    } else {
      lines.append("size=\(spec.rangeBytes)")
    }
    return lines
  }

  private var engine: [String] {
    [
      "ioengine=io_uring", "direct=1", "fixedbufs=1", "registerfiles=1", "iodepth=\(depth)",
      "thread=1", "numjobs=\(workers)", "group_reporting=1",
    ]
  }

  private var order: [String] {
    var lines = ["randrepeat=1", "randseed=\(seed & 0x7fff_ffff_ffff_ffff)"]
    switch spec.kind {
    case .randomRead: lines.append("rw=randread")
    case .randomWrite: lines.append("rw=randwrite")
    case .randomMix: lines += ["rw=randrw", "rwmixread=\(spec.readPercent)"]
    case .sequentialRead: lines.append("rw=read")
    case .sequentialWrite: lines.append("rw=write")
    }
    let split = spec.blocks.parts.count > 1
    lines.append(split ? "bssplit=\(spec.blocks)" : "bs=\(spec.blocks.maxBytes)")
    guard !spec.isSequential else { return lines }
    lines.append("norandommap=1")
    switch spec.distribution {
    case .uniform: break
    case .zipf(let theta):
      lines.append("random_distribution=zipf:\(theta == 1 ? 1.0001 : theta)")
    case .hotCold(let space, let access):
      lines.append("random_distribution=zoned:\(access)/\(space):\(100 - access)/\(100 - space)")
    }
    return lines
  }

  private var pace: [String] {
    var lines = [
      "time_based=1", "runtime=\(Self.time(Swift.max(seconds, 0.001)))",
      "ramp_time=\(Self.time(rampSeconds))", "lat_percentiles=1", "clat_percentiles=0",
    ]
    guard let arrival else { return lines }
    lines.append("rate_iops=\(rates(arrival.perSecond / Double(workers)))")
    if case .poisson = arrival { lines.append("rate_process=poisson") }
    return lines
  }

  /// A time as fio takes it: whole seconds, or milliseconds where there is a fraction.
  private static func time(_ seconds: Double) -> String {
    let bounded = Swift.min(Swift.max(seconds, 0), 1e9)
    let milliseconds = UInt64(exactly: (bounded * 1000).rounded()) ?? 0
    return milliseconds % 1000 == 0 ? "\(milliseconds / 1000)s" : "\(milliseconds)ms"
  }

  /// fio's rates are whole numbers for each thread, and for reads and writes apart.
  private func rates(_ perThread: Double) -> String {
    guard spec.reads, spec.writes else { return Self.rate(perThread) }
    let reads = perThread * Double(spec.readPercent) / 100
    return "\(Self.rate(reads)),\(Self.rate(perThread - reads))"
  }

  private static func rate(_ perSecond: Double) -> String {
    String(UInt32(exactly: Swift.min(Swift.max(perSecond, 1), 4e9).rounded()) ?? 1)
  }

  private var contents: [String] {
    let percent = Swift.min(Swift.max(compressiblePercent, 0), 100)
    guard percent > 0 else { return ["refill_buffers=1"] }
    return [
      "refill_buffers=1", "buffer_compress_percentage=\(percent)", "buffer_compress_chunk=512",
    ]
  }
}
