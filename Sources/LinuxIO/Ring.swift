internal import CLibURing
internal import Glibc
public import Measurements

/// How a ring was set up.
public struct RingMode: Sendable, Equatable, CustomStringConvertible {
  /// Only the opening thread submits (Linux 6.0).
  public var singleIssuer = true
  /// Completions wait for the next system call instead of interrupting the thread (Linux 5.19).
  public var cooperativeTaskRun = true
  /// Completion work runs only in the waiting call (Linux 6.1).
  public var deferredTaskRun = false
  /// The thread polls the device's poll queues instead of taking interrupts.
  public var polled = false

  /// The mode that measured best on virtio, zram, NVMe and null_blk: whole reaps.
  public init() {}

  /// The words that are recorded.
  public var description: String {
    var words: [String] = []
    if singleIssuer { words.append("single-issuer") }
    if deferredTaskRun {
      words.append("defer-taskrun")
    } else if cooperativeTaskRun {
      words.append("coop-taskrun")
    }
    if polled { words.append("iopoll") }
    return words.isEmpty ? "plain" : words.joined(separator: " ")
  }

  var flags: UInt32 {
    var flags: UInt32 = 0
    if singleIssuer { flags |= 1 << 12 }  // IORING_SETUP_SINGLE_ISSUER
    if deferredTaskRun {
      flags |= 1 << 13  // IORING_SETUP_DEFER_TASKRUN
    } else if cooperativeTaskRun {
      flags |= 1 << 8  // IORING_SETUP_COOP_TASKRUN
    }
    if polled { flags |= 1 << 0 }  // IORING_SETUP_IOPOLL
    return flags
  }
}

/// What a ring says of a finished request.
public struct RingCompletion: Sendable {
  /// The caller's number.
  public var token: UInt64
  /// Bytes moved, or minus the errno.
  public var result: Int32

  /// An answer.
  public init(token: UInt64, result: Int32) {
    self.token = token
    self.result = result
  }
}

/// An io_uring of fixed depth; dropping it closes the kernel ring.
///
/// The corresponding C calls are `io_uring_queue_init_params` and `io_uring_queue_exit`. One thread
/// owns a ring: it is neither copyable nor `Sendable`.
public struct Ring: ~Copyable {
  /// Requests prepared or submitted and not yet reaped; never above `depth`.
  public private(set) var inFlight = 0
  /// The deepest ring that the kernel makes (`IORING_MAX_ENTRIES`).
  public static let maxDepth = 32768
  /// Most requests in flight.
  public let depth: Int
  /// How the ring was set up, after falling back to what the kernel has.
  public let mode: RingMode
  /// Whether file 0 is registered.
  public private(set) var hasFixedFile = false
  /// Whether buffers are registered.
  public private(set) var hasFixedBuffers = false

  private let ring: UnsafeMutablePointer<io_uring>
  private var fileDescriptor: Int32 = -1

  /// Opens a ring for `depth` requests in flight.
  ///
  /// Flags that the kernel does not know are left out one after the other.
  ///
  /// - Throws: `SystemError`, with `EPERM` or `ENOSYS` where rings are forbidden or unknown, and
  ///   `ENOMEM` where the memory lock limit is too small (Linux before 5.12).
  public init(depth: Int, mode wanted: RingMode = RingMode()) throws(SystemError) {
    precondition(depth > 0 && depth <= Self.maxDepth)
    let ring = UnsafeMutablePointer<io_uring>.allocate(capacity: 1)
    ring.initialize(to: io_uring())
    var mode = wanted
    while true {
      var parameters = io_uring_params()
      parameters.flags = mode.flags
      let code = io_uring_queue_init_params(UInt32(depth), ring, &parameters)
      if code == 0 { break }
      if code == -EINVAL, mode.deferredTaskRun {
        mode.deferredTaskRun = false
      } else if code == -EINVAL, mode.singleIssuer {
        mode.singleIssuer = false
      } else if code == -EINVAL, mode.cooperativeTaskRun {
        mode.cooperativeTaskRun = false
      } else {
        ring.deallocate()
        throw SystemError(call: "io_uring_setup", errno: -code)
      }
    }
    // Spares a reference count on each system call; Linux before 5.18 says no and loses nothing.
    _ = io_uring_register_ring_fd(ring)
    self.ring = ring
    self.depth = depth
    self.mode = mode
  }

  deinit {
    // The kernel takes a ring apart after the process has gone on, and until then a registered file
    // keeps its device busy. With requests in flight giving it back would wait for them.
    if inFlight == 0 {
      if hasFixedFile { _ = io_uring_unregister_files(ring) }
      if hasFixedBuffers { _ = io_uring_unregister_buffers(ring) }
    }
    io_uring_queue_exit(ring)
    ring.deallocate()
  }

  /// Makes `descriptor` the file of all requests, registered where the kernel allows it.
  public mutating func setFile(_ descriptor: Int32) {
    fileDescriptor = descriptor
    var descriptors = [descriptor]
    hasFixedFile = io_uring_register_files(ring, &descriptors, 1) == 0
  }

  /// Registers each slot of the arena as a fixed buffer, where the memory lock limit allows it.
  ///
  /// The arena must outlive the ring's last request.
  public mutating func registerBuffers(of arena: borrowing BufferArena) {
    guard arena.slotCount <= 16384 else { return }
    let vectors = (0..<arena.slotCount).map { slot in
      iovec(iov_base: arena.base + slot * arena.slotBytes, iov_len: arena.slotBytes)
    }
    hasFixedBuffers = io_uring_register_buffers(ring, vectors, UInt32(vectors.count)) == 0
  }

  /// Prepares a read into a slot of the arena; false where the ring is full.
  @inline(__always)
  public mutating func read(
    into arena: borrowing BufferArena, slot: Int, length: UInt32, offset: UInt64, token: UInt64
  ) -> Bool {
    guard let entry = nextEntry() else { return false }
    if hasFixedBuffers {
      io_uring_prep_read_fixed(
        entry, target, arena.pointer(slot), length, offset, Int32(truncatingIfNeeded: slot))
    } else {
      io_uring_prep_read(entry, target, arena.pointer(slot), length, offset)
    }
    finish(entry, token)
    return true
  }

  /// Prepares a write from a slot of the arena; false where the ring is full.
  ///
  /// - Parameters:
  ///   - arena: What is registered, or any where nothing is.
  ///   - slot: The slot of the arena that holds the data.
  ///   - length: Bytes, at most a slot.
  ///   - offset: First byte in the file.
  ///   - token: Comes back with the completion.
  ///   - forceUnitAccess: Completes only once the data are durable (`RWF_DSYNC`, which the kernel
  ///     carries out with FUA where the device has it).
  /// - Returns: Whether it was prepared.
  @inline(__always)
  public mutating func write(
    from arena: borrowing BufferArena, slot: Int, length: UInt32, offset: UInt64, token: UInt64,
    forceUnitAccess: Bool = false
  ) -> Bool {
    guard let entry = nextEntry() else { return false }
    if hasFixedBuffers {
      io_uring_prep_write_fixed(
        entry, target, arena.pointer(slot), length, offset, Int32(truncatingIfNeeded: slot))
    } else {
      io_uring_prep_write(entry, target, arena.pointer(slot), length, offset)
    }
    if forceUnitAccess { entry.pointee.rw_flags = Int32(2) }  // RWF_DSYNC
    finish(entry, token)
    return true
  }

  /// Prepares a flush of the device's volatile cache; false where the ring is full.
  public mutating func flush(token: UInt64) -> Bool {
    guard let entry = nextEntry() else { return false }
    io_uring_prep_fsync(entry, target, 1)  // IORING_FSYNC_DATASYNC
    finish(entry, token)
    return true
  }

  /// Prepares a discard, after which the range reads as zeros; false where the ring is full.
  public mutating func discard(offset: UInt64, length: UInt64, token: UInt64) -> Bool {
    guard let entry = nextEntry() else { return false }
    let mode = Int32(3)  // FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE
    io_uring_prep_fallocate(
      entry, target, mode, Int(truncatingIfNeeded: offset), Int(truncatingIfNeeded: length))
    finish(entry, token)
    return true
  }

  /// Hands everything prepared to the kernel without waiting.
  ///
  /// - Returns: 0, or the errno.
  @inline(__always)
  public mutating func submit() -> Int32 {
    let code = io_uring_submit(ring)
    return code < 0 && code != -EINTR && code != -EAGAIN && code != -EBUSY ? -code : 0
  }

  /// Hands everything prepared to the kernel and waits for a completion.
  ///
  /// - Parameter atMost: How long to wait; nil waits until one arrives or the thread is kicked.
  /// - Returns: 0 (also after a kick or the time's end), or the errno.
  @inline(__always)
  public mutating func submitAndWait(atMost: Nanoseconds?) -> Int32 {
    let code: Int32
    if let atMost {
      if atMost.rawValue <= 0 {
        return submitAndPeek()
      }
      var time = __kernel_timespec(
        tv_sec: atMost.rawValue / 1_000_000_000, tv_nsec: atMost.rawValue % 1_000_000_000)
      var entry: UnsafeMutablePointer<io_uring_cqe>?
      code = io_uring_submit_and_wait_timeout(ring, &entry, 1, &time, nil)
    } else {
      code = io_uring_submit_and_wait(ring, 1)
    }
    switch code {
    case 0...: return 0
    case -EINTR, -ETIME, -EAGAIN, -EBUSY: return 0
    default: return -code
    }
  }

  /// How many completions are there: a snapshot of the queue's tail.
  @inline(__always)
  public func readyCount() -> Int { Int(io_uring_cq_ready(ring)) }

  /// A completion of those that ``readyCount()`` told of, counted from 0, and again from 0 after
  /// ``consume(_:)``.
  @inline(__always)
  public func completion(at index: Int) -> RingCompletion {
    let head = ring.pointee.cq.khead.pointee
    let place = (head &+ UInt32(truncatingIfNeeded: index)) & ring.pointee.cq.ring_mask
    let entry = ring.pointee.cq.cqes + Int(place)
    return RingCompletion(token: entry.pointee.user_data, result: entry.pointee.res)
  }

  /// Gives the first `count` completions back to the kernel; they are no longer in flight.
  @inline(__always)
  public mutating func consume(_ count: Int) {
    precondition(count >= 0 && count <= inFlight)
    io_uring_cq_advance(ring, UInt32(count))
    inFlight -= count
  }

  /// Cooperative rings deliver completions only inside a system call, so one is made.
  private mutating func submitAndPeek() -> Int32 {
    let code = io_uring_submit_and_get_events(ring)
    return code < 0 && code != -EINTR && code != -EAGAIN && code != -EBUSY ? -code : 0
  }

  @inline(__always)
  private var target: Int32 { hasFixedFile ? 0 : fileDescriptor }

  @inline(__always)
  private mutating func nextEntry() -> UnsafeMutablePointer<io_uring_sqe>? {
    guard inFlight < depth, let entry = io_uring_get_sqe(ring) else { return nil }
    return entry
  }

  @inline(__always)
  private mutating func finish(_ entry: UnsafeMutablePointer<io_uring_sqe>, _ token: UInt64) {
    entry.pointee.user_data = token
    if hasFixedFile { entry.pointee.flags |= 1 }  // IOSQE_FIXED_FILE
    inFlight += 1
  }
}
