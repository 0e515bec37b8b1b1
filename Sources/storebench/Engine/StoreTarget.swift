import Driver
import LinuxIO
import Measurements
import StorageEngine
import Workloads

/// A tiered store as a load target, one for each worker.
///
/// With one request in flight each is a plain call on the worker's thread, as most callers of a store
/// make them. With more, what memory tells is answered before `submit` returns, and the rest, commits,
/// scans and multi-gets by the store's threads, whose answers wait in the worker's box. Values are looked at
/// by the worker alone, scans by whoever walks.
final class StoreTarget: LoadTarget {
  /// As deep as the plan asks.
  let capabilities: TargetCapabilities
  private var work: StoreWork

  init(_ factory: StoreTargetFactory, _ workload: StoreWorkload, worker: Int, plan: LoadPlan) {
    var capabilities = TargetCapabilities(
      depth: plan.depth, mechanism: plan.depth == 1 ? "calls" : "completions")
    capabilities.waitsExactly = factory.isBeside
    self.capabilities = capabilities
    work = StoreWork(factory, workload, worker: worker, plan: plan)
  }

  /// Asks the store; takes all requests.
  func submit(_ requests: Span<Request>, _ timing: SubmitTiming) throws(TargetError) -> Int {
    for index in 0..<requests.count { work.begin(requests[index]) }
    return requests.count
  }

  /// Takes answers; without any it returns after 50 ms at most, so that a worker can look around.
  func poll(
    into completions: inout MutableSpan<Completion>, waitingAtMost: Nanoseconds?
  ) throws(TargetError) -> Int {
    work.poll(into: &completions, waitingAtMost: waitingAtMost)
  }

  /// CLOCK_MONOTONIC.
  func now() -> Nanoseconds { MonotonicClock.now() }

  /// The store spreads its own memory.
  func bufferNodes() -> [Int] { [] }
}

/// What a store target has under way.
struct StoreWork: ~Copyable {
  /// What a slot has under way.
  private struct Slot {
    var request: Request
    /// The ordinal of the key's last acknowledged put when the request was sent; 0 for none.
    var known: UInt32 = 0
    /// The ordinal of its put.
    var ordinal: UInt64 = 0
    /// Where the slot's last scan ended.
    var scanned: UInt64?
  }

  private let store: TieredStore
  private let keys: StoreKeys
  private let values: StoreValues
  private let findings: StoreFindings
  private let verified: VerifiedReads
  private let lanes: JobThreads
  private let box: StoreAnswerBox
  private let choice: StoreKeyChoice
  private let base: UInt64
  private let isFill: Bool
  private let scansOn: Bool
  private let keyCount: UInt64
  private let callsDirectly: Bool
  /// 0 where nothing is looked at.
  private let fullEvery: Int
  private var acknowledged: AcknowledgedPuts
  private var slots: [Slot]
  private var ordinal: UInt64 = 0
  private var readCount = 0
  private var key = [UInt8](repeating: 0, count: StoreKeys.byteCount)
  private var value: [UInt8]
  /// Answers that are not looked at yet, from `next` on.
  private var answers: [StoreAnswer] = []
  private var next = 0
  /// Answers to calls.
  private var completed: [Completion] = []

  init(_ factory: StoreTargetFactory, _ workload: StoreWorkload, worker: Int, plan: LoadPlan) {
    store = factory.store
    keys = factory.keys
    values = factory.values
    findings = factory.findings
    verified = factory.findings.verifiedReads()
    lanes = factory.lanes
    value = [UInt8](repeating: 0, count: factory.values.valueBytes)
    base = factory.generationBase
    box = StoreAnswerBox(depth: plan.depth)
    choice = StoreKeyChoice(workload, worker: worker, workers: plan.threads)
    acknowledged = AcknowledgedPuts(workload, keys: choice)
    isFill = workload.kind == .fill
    scansOn = workload.scansOn
    keyCount = workload.keyCount
    callsDirectly = plan.depth == 1
    if case .own(let every) = plan.check { fullEvery = max(every, 1) } else { fullEvery = 0 }
    slots = Array(
      repeating: Slot(request: Request(offset: 0, length: 0, operation: .read, slot: 0)),
      count: plan.depth)
    answers.reserveCapacity(plan.depth)
    completed.reserveCapacity(plan.depth)
  }

  // MARK: Asking

  mutating func begin(_ request: Request) {
    let slot = Int(request.slot)
    slots[slot].request = request
    switch request.operation {
    case .read, .readModifyWrite:
      slots[slot].known = acknowledged.ordinal(of: request.offset)
      get(request)
    case .write: put(request)
    case .batch: putBatch(request)
    case .multiGet: multiGet(request)
    case .scanForward: scan(request, .forward)
    case .scanBackward: scan(request, .backward)
    case .flush, .discard: finish(request, .failed(95))
    }
  }

  private mutating func get(_ request: Request) {
    let isMissing = request.length == 0
    if callsDirectly {
      keys.write(isMissing ? request.offset | StoreKeys.countMax : request.offset, into: &key)
      let (values, full) = (values, isFullDue())
      let identity = keys.identity(request.offset)
      do throws(StoreError) {
        let check = try store.get(key) { value in
          values.check(value, identity: identity, full: full)
        }
        look(at: check, of: request)
      } catch {
        finish(request, failure(error))
      }
      return
    }
    let wanted = isMissing ? keys.missingKey(request.offset) : keys.key(request.offset)
    let (box, slot, findings) = (box, request.slot, findings)
    let (values, full) = (values, isFullDue())
    let identity = keys.identity(request.offset)
    var cached: (finding: StoreFinding, generation: UInt64)?
    let isCached = store.get(wanted) { value in
      cached = values.check(value, identity: identity, full: full)
    } completion: { result in
      switch result {
      case .success(let value): box.put(StoreAnswer(slot: slot, content: .value(value)))
      case .failure(let error):
        findings.note(error.description)
        box.put(StoreAnswer(slot: slot, content: .failed(error.errno)))
      }
    }
    if isCached { look(at: cached, of: request) }
  }

  private mutating func put(_ request: Request) {
    ordinal += 1
    slots[Int(request.slot)].ordinal = ordinal
    let number = request.offset
    let value = values.value(identity: keys.identity(number), generation: base &+ ordinal)
    if callsDirectly {
      keys.write(number, into: &key)
      do throws(StoreError) {
        try store.put(key, value)
        finish(request, .acknowledged)
      } catch {
        finish(request, failure(error))
      }
      return
    }
    store.put(keys.key(number), value, completion: acknowledgement(of: request))
  }

  private mutating func putBatch(_ request: Request) {
    ordinal += 1
    slots[Int(request.slot)].ordinal = ordinal
    var batch = StoreBatch()
    var draw = SeededGenerator(seed: request.offset)
    for index in 0..<UInt64(request.count) {
      let number = isFill ? request.offset &+ index : choice.nextOwn(&draw)
      keys.write(number, into: &key)
      values.write(identity: keys.identity(number), generation: base &+ ordinal, into: &value)
      batch.put(key.span, value.span)
    }
    if callsDirectly {
      do throws(StoreError) {
        try store.write(batch)
        finish(request, .acknowledged)
      } catch {
        finish(request, failure(error))
      }
      return
    }
    store.write(batch, completion: acknowledgement(of: request))
  }

  private func acknowledgement(
    of request: Request
  ) -> @Sendable (Result<Version, StoreError>) -> Void {
    let (box, slot, findings) = (box, request.slot, findings)
    return { result in
      switch result {
      case .success: box.put(StoreAnswer(slot: slot, content: .acknowledged))
      case .failure(let error):
        findings.note(error.description)
        box.put(StoreAnswer(slot: slot, content: .failed(error.errno)))
      }
    }
  }

  private mutating func multiGet(_ request: Request) {
    var draw = SeededGenerator(seed: request.offset)
    let numbers = (0..<request.count).map { _ in choice.next(&draw) }
    let wanted = numbers.map { keys.key($0) }
    guard callsDirectly else {
      let (box, slot, findings) = (box, request.slot, findings)
      store.multiGet(wanted) { result in
        switch result {
        case .success(let found): box.put(StoreAnswer(slot: slot, content: .values(found)))
        case .failure(let error):
          findings.note(error.description)
          box.put(StoreAnswer(slot: slot, content: .failed(error.errno)))
        }
      }
      return
    }
    do throws(StoreError) {
      try lookDirectly(at: wanted, numbers, of: request)
    } catch {
      finish(request, failure(error))
    }
  }

  /// Looks at values as they are lent, in whatever order.
  private mutating func lookDirectly(
    at wanted: [[UInt8]], _ numbers: [UInt64], of request: Request
  ) throws(StoreError) {
    let (keys, values, every) = (keys, values, fullEvery)
    var found = 0
    var wrong: (finding: StoreFinding, number: UInt64)?
    try store.multiGet(wanted) { index, value in
      let number = numbers[index]
      let check = values.check(
        value, identity: keys.identity(number), full: every > 0 && index % every == 0)
      if check.finding != .intact, wrong == nil { wrong = (check.finding, number) }
      found += 1
    }
    if let wrong {
      complete(request, wrong.finding, wrong.number)
    } else {
      complete(request, found == wanted.count ? .intact : .missing, request.offset)
    }
  }

  private mutating func scan(_ request: Request, _ direction: ScanDirection) {
    let slot = Int(request.slot)
    let before = scansOn ? slots[slot].scanned : nil
    let start =
      before.map { keys.key($0) }
      ?? (scansOn ? keys.bound(rank: request.offset, of: keyCount) : keys.key(request.offset))
    let scan = StoreScan(
      keys: keys, values: values, direction: direction, count: Int(request.count),
      fullEvery: max(fullEvery, 1))
    let store = store
    perform(request) { () throws(StoreError) in
      .scanned(
        try scan.run(on: store, from: start, including: before == nil))
    }
  }

  /// Calls the store here, or on a lane where others are in flight.
  private mutating func perform(
    _ request: Request, _ body: @escaping @Sendable () throws(StoreError) -> StoreAnswer.Content
  ) {
    if callsDirectly {
      do throws(StoreError) {
        finish(request, try body())
      } catch {
        finish(request, failure(error))
      }
      return
    }
    let (box, slot, findings) = (box, request.slot, findings)
    do throws(SystemError) {
      let isTaken = try lanes.submit {
        do throws(StoreError) {
          box.put(StoreAnswer(slot: slot, content: try body()))
        } catch {
          findings.note(error.description)
          box.put(StoreAnswer(slot: slot, content: .failed(error.errno)))
        }
      }
      if !isTaken { finish(request, failure(.closed(path: store.path))) }
    } catch {
      findings.note(error.description)
      finish(request, .failed(error.errno))
    }
  }

  private func failure(_ error: StoreError) -> StoreAnswer.Content {
    findings.note(error.description)
    return .failed(error.errno)
  }

  // MARK: Looking at answers

  mutating func poll(
    into completions: inout MutableSpan<Completion>, waitingAtMost limit: Nanoseconds?
  ) -> Int {
    gather(upTo: completions.count)
    if completed.isEmpty, callsDirectly || limit?.rawValue ?? 1 > 0 {
      wait(limit)
      gather(upTo: completions.count)
    }
    let count = min(completed.count, completions.count)
    for index in 0..<count { completions[index] = completed[index] }
    completed.removeFirst(count)
    return count
  }

  /// Waits for an answer, in slices: a worker looks around between them.
  private func wait(_ limit: Nanoseconds?) {
    let slice = min(limit ?? Self.patience, Self.patience)
    guard slice.rawValue > 0 else { return }
    if callsDirectly { MonotonicClock.sleep(slice) } else { box.wait(atMost: slice) }
  }

  private static var patience: Nanoseconds { Nanoseconds(50_000_000) }

  /// Looks at answers in the box until so many are completed.
  private mutating func gather(upTo count: Int) {
    guard !callsDirectly else { return }
    while completed.count < count {
      if next == answers.count {
        answers.removeAll(keepingCapacity: true)
        next = 0
        box.exchange(&answers)
        guard !answers.isEmpty else { return }
      }
      let answer = answers[next]
      next += 1
      finish(slots[Int(answer.slot)].request, answer.content)
    }
  }

  private mutating func finish(_ request: Request, _ content: StoreAnswer.Content) {
    switch content {
    case .value(let value):
      let identity = keys.identity(request.offset)
      let full = isFullDue()
      look(at: value.map { values.check($0.span, identity: identity, full: full) }, of: request)
    case .values(let found): look(at: found, of: request)
    case .scanned(let outcome):
      slots[Int(request.slot)].scanned = outcome.last
      complete(request, outcome.finding, outcome.number)
    case .acknowledged:
      note(request)
      complete(request, nil, request.offset)
    case .failed(let errno):
      completed.append(Completion(slot: request.slot, result: -errno))
    }
  }

  /// Notes what is acknowledged, where reads will be held against it.
  private mutating func note(_ request: Request) {
    guard acknowledged.remembers else { return }
    let ordinal = slots[Int(request.slot)].ordinal
    guard request.operation == .batch else {
      acknowledged.acknowledge(request.offset, ordinal: ordinal)
      return
    }
    var draw = SeededGenerator(seed: request.offset)
    for _ in 0..<request.count {
      acknowledged.acknowledge(choice.nextOwn(&draw), ordinal: ordinal)
    }
  }

  /// Judges a get; nil where the key is not there.
  private mutating func look(
    at check: (finding: StoreFinding, generation: UInt64)?, of request: Request
  ) {
    if request.length == 0 {
      complete(request, check == nil ? .intact : .unexpected, request.offset)
      return
    }
    guard let check else {
      complete(request, .missing, request.offset)
      return
    }
    var finding = check.finding
    let known = slots[Int(request.slot)].known
    if finding == .intact, known > 0, check.generation < base &+ UInt64(known) {
      finding = .lostWrite
    }
    if request.operation == .readModifyWrite, finding == .intact {
      verified.increment()
      put(request)
    } else {
      complete(request, finding, request.offset)
    }
  }

  private mutating func look(at found: [[UInt8]?], of request: Request) {
    guard found.count == Int(request.count) else {
      complete(request, .incomplete, request.offset)
      return
    }
    var draw = SeededGenerator(seed: request.offset)
    for value in found {
      let number = choice.next(&draw)
      let finding = value.map {
        values.check($0.span, identity: keys.identity(number), full: isFullDue()).finding
      }
      guard finding == .intact else {
        complete(request, finding ?? .missing, number)
        return
      }
    }
    complete(request, .intact, request.offset)
  }

  private mutating func complete(_ request: Request, _ finding: StoreFinding?, _ number: UInt64) {
    var completion = Completion(
      slot: request.slot, result: Int32(truncatingIfNeeded: request.length))
    if let finding {
      completion.check = finding == .intact ? .intact : .corrupt
      if finding == .intact {
        verified.increment()
      } else {
        findings.note(finding, number: number)
      }
    }
    completed.append(completion)
  }

  private mutating func isFullDue() -> Bool {
    guard fullEvery > 0 else { return false }
    defer { readCount &+= 1 }
    return readCount % fullEvery == 0
  }
}
