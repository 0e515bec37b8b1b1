public import LinuxIO
public import Measurements
public import Workloads

/// A block device or a file, loaded through io_uring with O_DIRECT.
public final class BlockTarget: LoadTarget {
  /// What this target can do and how requests reach it, after all fallbacks.
  public let capabilities: TargetCapabilities

  private var ring: Ring
  // The ring is closed before the buffers go: properties are destroyed in this order.
  private var buffers: BufferArena
  private let firstWriteBuffer: Int
  private let contents: SectorContents
  private let check: ReadCheck
  private let name: String
  private var offsets: [UInt64]
  private var isRead: [Bool]
  private var generation: UInt64
  private var readCount = 0
  private var reaped: [RingCompletion]

  /// Opens a ring on an open file and fills the write buffers.
  ///
  /// - Throws: `TargetError` where io_uring is forbidden or memory is short.
  init(
    descriptor: Int32, name: String, worker: Int, plan: LoadPlan, node: Int?, mode: RingMode
  ) throws(TargetError) {
    let contents = SectorContents(
      runID: plan.runID, compressiblePercent: plan.compressiblePercent)
    // At depth 1 there is no reap to fragment, and work deferred to the waiting call saves its
    // wake-up: on zram 140K against 122K requests a second, fio 140K.
    var mode = mode
    if plan.depth == 1 { mode.deferredTaskRun = true }
    // A mix needs two buffers a slot: a read must not destroy what the slot's next write sends.
    let mixed = plan.workload.reads && plan.workload.writes
    firstWriteBuffer = mixed ? plan.depth : 0
    do {
      ring = try Ring(depth: plan.depth, mode: mode)
      buffers = try BufferArena(
        slotCount: mixed ? 2 * plan.depth : plan.depth,
        slotBytes: Int(plan.workload.blocks.maxBytes), node: node)
    } catch {
      throw TargetError(opening: name, error)
    }
    ring.setFile(descriptor)
    ring.registerBuffers(of: buffers)
    self.contents = contents
    self.name = name
    check = plan.check
    offsets = Array(repeating: 0, count: plan.depth)
    isRead = Array(repeating: true, count: plan.depth)
    reaped = Array(repeating: RingCompletion(token: 0, result: 0), count: plan.depth)
    generation = UInt64(worker) << 48
    let words = [
      "io_uring", ring.mode.description, ring.hasFixedBuffers ? "fixed-buffers" : "",
      ring.hasFixedFile ? "fixed-file" : "",
    ]
    capabilities = TargetCapabilities(
      depth: plan.depth, writes: true,
      mechanism: words.filter { !$0.isEmpty }.joined(separator: " "))
    guard plan.workload.writes else { return }
    let seed = SeededGenerator.derivedSeed(plan.seed, phase: "contents", worker: worker)
    for slot in 0..<plan.depth {
      buffers.withWords(of: firstWriteBuffer + slot, byteCount: buffers.slotBytes) { words in
        contents.fill(&words, seed: seed &+ UInt64(slot))
      }
    }
  }

  /// Prepares the requests in order; a full ring accepts fewer.
  public func submit(_ requests: Span<Request>, _ timing: SubmitTiming) throws(TargetError) -> Int {
    var accepted = 0
    while accepted < requests.count, prepare(requests[accepted]) { accepted += 1 }
    if case .now = timing {
      let code = ring.submit()
      guard code == 0 else { throw TargetError(submittingTo: name, errno: code) }
    }
    return accepted
  }

  /// Submits what is prepared and takes what has completed.
  public func poll(
    into completions: inout MutableSpan<Completion>, waitingAtMost: Nanoseconds?
  ) throws(TargetError) -> Int {
    let code = ring.submitAndWait(atMost: waitingAtMost)
    guard code == 0 else { throw TargetError(submittingTo: name, errno: code) }
    var entries = reaped.mutableSpan
    let count = ring.reap(into: &entries)
    for index in 0..<min(count, completions.count) {
      let entry = entries[index]
      let slot = Int(truncatingIfNeeded: entry.token)
      let looks = check != .none && isRead[slot] && entry.result > 0
      completions[index] = Completion(
        slot: UInt32(truncatingIfNeeded: slot), result: entry.result,
        check: looks ? look(at: slot, byteCount: Int(entry.result)) : .unchecked)
    }
    return count
  }

  /// CLOCK_MONOTONIC.
  public func now() -> Nanoseconds { MonotonicClock.now() }

  /// Where the buffers' pages lie.
  public func bufferNodes() -> [Int] { buffers.nodes() }

  private func prepare(_ request: Request) -> Bool {
    let slot = Int(request.slot)
    let token = UInt64(request.slot)
    switch request.operation {
    case .read:
      offsets[slot] = request.offset
      isRead[slot] = true
      return ring.read(
        into: buffers, slot: slot, length: request.length, offset: request.offset, token: token)
    case .write:
      isRead[slot] = false
      generation &+= 1
      let (offset, stamp) = (request.offset, generation)
      buffers.withWords(of: firstWriteBuffer + slot, byteCount: Int(request.length)) { words in
        contents.stamp(&words, offset: offset, generation: stamp)
      }
      return ring.write(
        from: buffers, slot: firstWriteBuffer + slot, length: request.length,
        offset: request.offset, token: token)
    case .flush:
      isRead[slot] = false
      return ring.flush(token: token)
    case .discard:
      isRead[slot] = false
      return ring.discard(offset: request.offset, length: UInt64(request.length), token: token)
    }
  }

  private func look(at slot: Int, byteCount: Int) -> BlockCheck {
    readCount &+= 1
    let offset = offsets[slot]
    switch check {
    case .none:
      return .unchecked
    case .constant(let every):
      guard (readCount &- 1) % max(every, 1) == 0 else { return .unchecked }
      return buffers.withReadOnlyWords(of: slot, byteCount: byteCount) { words in
        SectorContents.isConstant(words) ? .unwritten : .unchecked
      }
    case .own(let every):
      let full = (readCount &- 1) % max(every, 1) == 0
      return buffers.withReadOnlyWords(of: slot, byteCount: byteCount) { words in
        switch contents.check(words, offset: offset, full: full) {
        case .intact: .intact
        case .unwritten: .unwritten
        case .foreignRun, .misplaced, .corrupt: .corrupt
        }
      }
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

/// Opens rings on one open file, for all workers together.
public struct BlockTargetFactory: LoadTargetFactory {
  /// The open file; the caller keeps it open until the load has ended.
  public var descriptor: Int32
  /// The path, for messages.
  public var name: String
  /// The NUMA node of the device.
  public var numaNode: Int?
  /// How rings are set up.
  public var mode: RingMode

  /// Loads an open file.
  ///
  /// - Parameters:
  ///   - descriptor: Open with O_DIRECT; for a workload that writes, for writing.
  ///   - name: The path, for messages.
  ///   - numaNode: The NUMA node of the device; nil where it is not known.
  ///   - mode: How rings are set up.
  public init(descriptor: Int32, name: String, numaNode: Int?, mode: RingMode = RingMode()) {
    self.descriptor = descriptor
    self.name = name
    self.numaNode = numaNode
    self.mode = mode
  }

  /// Opens a ring for one worker.
  public func makeTarget(worker: Int, plan: LoadPlan) throws(TargetError) -> BlockTarget {
    try BlockTarget(
      descriptor: descriptor, name: name, worker: worker, plan: plan, node: numaNode, mode: mode)
  }
}
