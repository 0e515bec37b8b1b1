import LinuxIO
import Measurements
import Workloads

/// One worker's ring on an open file, with its buffers, what is written and what is checked.
struct BlockQueue: ~Copyable {
  private var ring: Ring
  // Closed before the buffers go, as far as properties are destroyed in this order; the kernel
  // holds the pages of registered buffers for itself.
  private var buffers: BufferArena
  private let firstWriteBuffer: Int
  private let contents: SectorContents
  /// Of each sector of each slot's write buffer, slot by slot; empty where nothing is written.
  private let payloadHashes: [UInt64]
  private let sectorsPerSlot: Int
  private let name: String
  private var inspection: ReadInspection
  private var generation: UInt64

  /// Takes a ring and buffers, registers them with each other and fills the write buffers.
  init(
    ring: consuming Ring, buffers: consuming BufferArena, descriptor: Int32, name: String,
    worker: Int, plan: LoadPlan, workload: WorkloadSpec
  ) {
    let contents = SectorContents(
      runID: plan.runID, compressiblePercent: plan.compressiblePercent)
    let firstWriteBuffer = buffers.slotCount - plan.depth
    let slotBytes = buffers.slotBytes
    var payloadHashes: [UInt64] = []
    if workload.writes {
      let seed = SeededGenerator.derivedSeed(plan.seed, phase: "contents", worker: worker)
      payloadHashes.reserveCapacity(plan.depth * slotBytes / SectorContents.bytesPerSector)
      for slot in 0..<plan.depth {
        buffers.withWords(of: firstWriteBuffer + slot, byteCount: slotBytes) { words in
          contents.fill(&words, seed: seed &+ UInt64(slot))
          payloadHashes += contents.payloadHashes(of: words.span)
        }
      }
    }
    ring.setFile(descriptor)
    ring.registerBuffers(of: buffers)
    self.ring = ring
    self.buffers = buffers
    self.firstWriteBuffer = firstWriteBuffer
    self.contents = contents
    self.payloadHashes = payloadHashes
    sectorsPerSlot = slotBytes / SectorContents.bytesPerSector
    self.name = name
    inspection = ReadInspection(plan.check, contents: contents, depth: plan.depth)
    generation = UInt64(worker) << 48
  }

  /// How requests reach the device, after all fallbacks.
  var mechanism: String {
    let words = [
      "io_uring", ring.mode.description, ring.hasFixedBuffers ? "fixed-buffers" : "",
      ring.hasFixedFile ? "fixed-file" : "",
    ]
    return words.filter { !$0.isEmpty }.joined(separator: " ")
  }

  /// Prepares the requests in order; a full ring accepts fewer.
  @inline(__always)
  mutating func submit(
    _ requests: Span<Request>, _ timing: SubmitTiming
  ) throws(TargetError) -> Int {
    var accepted = 0
    while accepted < requests.count, prepare(requests[accepted]) { accepted += 1 }
    if case .now = timing {
      let code = ring.submit()
      guard code == 0 else { throw TargetError(submittingTo: name, errno: code) }
    }
    return accepted
  }

  /// Submits what is prepared and takes what has completed.
  @inline(__always)
  mutating func poll(
    into completions: inout MutableSpan<Completion>, waitingAtMost: Nanoseconds?
  ) throws(TargetError) -> Int {
    let code = ring.submitAndWait(atMost: waitingAtMost)
    guard code == 0 else { throw TargetError(submittingTo: name, errno: code) }
    let count = min(ring.readyCount(), completions.count)
    for index in 0..<count {
      let entry = ring.completion(at: index)
      let slot = Int(truncatingIfNeeded: entry.token)
      completions[index] = Completion(
        slot: UInt32(truncatingIfNeeded: slot), result: entry.result,
        check: inspection.look(at: slot, of: buffers, result: entry.result))
    }
    ring.consume(count)
    return count
  }

  /// Where the buffers' pages lie.
  func bufferNodes() -> [Int] { buffers.nodes() }

  @inline(__always)
  private mutating func prepare(_ request: Request) -> Bool {
    let slot = Int(request.slot)
    let token = UInt64(request.slot)
    inspection.expect(request)
    switch request.operation {
    case .read:
      return ring.read(
        into: buffers, slot: slot, length: request.length, offset: request.offset, token: token)
    case .write:
      generation &+= 1
      let (contents, hashes, stamp) = (contents, payloadHashes, generation)
      let first = slot &* sectorsPerSlot
      buffers.withWords(of: firstWriteBuffer + slot, byteCount: Int(request.length)) { words in
        contents.stamp(
          &words, payloadHashes: hashes, from: first, offset: request.offset, generation: stamp)
      }
      return ring.write(
        from: buffers, slot: firstWriteBuffer + slot, length: request.length,
        offset: request.offset, token: token)
    case .flush:
      return ring.flush(token: token)
    case .discard:
      return ring.discard(offset: request.offset, length: UInt64(request.length), token: token)
    case .batch, .readModifyWrite, .multiGet, .scanForward, .scanBackward:
      // A device has no keys; the driver ends a load whose request is not accepted.
      return false
    }
  }
}

extension Ring {
  /// Opens the ring of a load.
  static func open(depth: Int, mode: RingMode, name: String) throws(TargetError) -> Ring {
    // At depth 1 there is no reap to fragment, and work deferred to the waiting call saves its
    // wake-up: on zram 140K against 122K requests a second, fio 140K.
    var mode = mode
    if depth == 1 { mode.deferredTaskRun = true }
    do {
      return try Ring(depth: depth, mode: mode)
    } catch {
      throw TargetError(opening: name, error)
    }
  }
}

extension BufferArena {
  /// Maps the buffers of a load.
  static func open(
    plan: LoadPlan, workload: WorkloadSpec, node: Int?, name: String
  ) throws(TargetError) -> BufferArena {
    // A mix needs two buffers a slot: a read must not destroy what the slot's next write sends.
    let mixed = workload.reads && workload.writes
    do {
      return try BufferArena(
        slotCount: mixed ? 2 * plan.depth : plan.depth,
        slotBytes: Int(workload.blocks.maxBytes), node: node)
    } catch {
      throw TargetError(opening: name, error)
    }
  }
}

extension TargetError {
  init(opening name: String, _ error: SystemError) {
    let remedy =
      switch error.errno {
      case 1: "io_uring is forbidden here: look at kernel.io_uring_disabled and seccomp profiles"
      case 38: "this kernel has no io_uring: Linux 5.11 or newer is needed"
      case 12: "not enough memory, or raise the memory lock limit (ulimit -l)"
      default: "the load cannot begin"
      }
    self.init(
      operation: error.call, errno: error.errno,
      description: "cannot load \(name): \(error); \(remedy)")
  }

  init(submittingTo name: String, errno: Int32) {
    self.init(
      operation: "io_uring_enter", errno: errno,
      description: "\(name): \(SystemError(call: "io_uring_enter", errno: errno))")
  }
}
