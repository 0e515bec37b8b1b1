import Testing

@testable import LinuxIO

@Suite("Bytes that others may be writing")
struct UnsettledBytesTests {
  @Test("are compared to the last one", arguments: [0, 1, 7, 8, 9, 15, 16, 17, 64])
  func equality(size: Int) throws {
    var bytes = try MappedBytes(count: 256)
    let wanted = (0..<size).map { UInt8(truncatingIfNeeded: $0 + 1) }
    bytes.overwrite(at: 24, bytes: wanted.span)
    let look = bytes.unsettled
    let isEqual = look.equals(at: 24, wanted.span)
    #expect(isEqual)
    for place in wanted.indices {
      var other = wanted
      other[place] ^= 0x80
      let isEqual = look.equals(at: 24, other.span)
      #expect(!isEqual, "byte \(place) of \(size)")
    }
  }

  @Test("are copied as they are", arguments: [0, 1, 100, 1024])
  func copies(size: Int) throws {
    var bytes = try MappedBytes(count: 2048)
    let wanted = (0..<size).map { UInt8(truncatingIfNeeded: $0) }
    bytes.overwrite(at: 8, bytes: wanted.span)
    let copied = bytes.unsettled.withCopy(at: 8, count: size) { span in
      (0..<span.count).map { span[$0] }
    }
    #expect(copied == wanted)
  }

  @Test("hold numbers in little-endian order, as MappedBytes does")
  func numbers() throws {
    let bytes = try MappedBytes(count: 64)
    let look = bytes.unsettled
    look.overwrite(at: 8, word: 0x0102_0304_0506_0708)
    look.overwrite(at: 16, halfWord: 0x0A0B_0C0D)
    look.overwrite(at: 20, byte: 9)
    #expect(bytes.word(at: 8) == 0x0102_0304_0506_0708 && look.word(at: 8) == bytes.word(at: 8))
    #expect(look.halfWord(at: 16) == 0x0A0B_0C0D && look.byte(at: 16) == 0x0D)
    #expect(look.byte(at: 20) == 9)
  }
}

@Suite("A count of changes")
struct ChangeCountTests {
  @Test("has no turn while somebody writes, and tells of every change since a turn")
  func turns() throws {
    let changes = ChangeCount()
    let before = try #require(changes.reader.turn)
    #expect(changes.reader.isUnchanged(since: before))
    changes.change {
      #expect(changes.reader.turn == nil)
      #expect(!changes.reader.isUnchanged(since: before))
    }
    #expect(!changes.reader.isUnchanged(since: before))
    let after = try #require(changes.reader.turn)
    #expect(changes.reader.isUnchanged(since: after))
  }

  private struct Stop: Error {}

  @Test("ends its turn also where writing throws")
  func thrown() {
    let changes = ChangeCount()
    #expect(throws: Stop.self) { try changes.change { throw Stop() } }
    #expect(changes.reader.turn != nil)
  }
}

@Suite("Views that count no references")
struct UncountedViewTests {
  @Test("countdowns are due at zero, each by itself")
  func countdowns() {
    let countdowns = Countdowns(count: 3)
    countdowns.view.start(1, from: 2)
    #expect((0..<4).map { _ in countdowns.view.isDue(1) } == [false, false, true, true])
    #expect(countdowns.view.isDue(0) && countdowns.view.isDue(2))
  }

  @Test("a table holds what it was made of")
  func table() {
    let table = FixedTable([7, 8, 9])
    #expect(table.view.count == 3 && (0..<3).map { table.view[$0] } == [7, 8, 9])
    #expect(FixedTable<Int>([]).view.count == 0)
  }
}
