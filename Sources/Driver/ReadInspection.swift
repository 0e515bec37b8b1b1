import LinuxIO
import Workloads

/// Looks at what reads returned: at all, at some or at none of it, as the plan says.
struct ReadInspection {
  private let check: ReadCheck
  private let contents: SectorContents
  /// Where each slot's request begins; `nothing` where it is no read.
  private var offsets: [UInt64]
  private var readCount = 0

  private static let nothing = UInt64.max

  init(_ check: ReadCheck, contents: SectorContents, depth: Int) {
    self.check = check
    self.contents = contents
    offsets = Array(repeating: Self.nothing, count: depth)
  }

  /// Notes what a slot is about to ask for.
  @inline(__always)
  mutating func expect(_ request: Request) {
    if check == .none { return }
    offsets[Int(request.slot)] = request.operation == .read ? request.offset : Self.nothing
  }

  /// What the data of a slot's answer are; `result` is its bytes, or minus an errno.
  @inline(__always)
  mutating func look(at slot: Int, of buffers: borrowing BufferArena, result: Int32) -> BlockCheck {
    switch check {
    case .none:
      return .unchecked
    case .constant(let every):
      guard isRead(slot, result), isDue(every) else { return .unchecked }
      return buffers.withReadOnlyWords(of: slot, byteCount: Int(result)) { words in
        SectorContents.isConstant(words) ? .unwritten : .unchecked
      }
    case .own(let every):
      guard isRead(slot, result) else { return .unchecked }
      let full = isDue(every)
      return buffers.withReadOnlyWords(of: slot, byteCount: Int(result)) { words in
        switch contents.check(words, offset: offsets[slot], full: full) {
        case .intact: .intact
        case .unwritten: .unwritten
        case .foreignRun, .misplaced, .corrupt: .corrupt
        }
      }
    }
  }

  @inline(__always)
  private func isRead(_ slot: Int, _ result: Int32) -> Bool {
    result > 0 && offsets[slot] != Self.nothing
  }

  @inline(__always)
  private mutating func isDue(_ every: Int) -> Bool {
    defer { readCount &+= 1 }
    return readCount % max(every, 1) == 0
  }
}
