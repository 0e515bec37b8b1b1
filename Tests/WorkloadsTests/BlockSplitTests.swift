import Testing
import Workloads

@Suite("A block split") struct BlockSplitTests {
  @Test(
    "is read and written back in its shortest form",
    arguments: [
      ("4k", "4k"), ("512", "512"), ("4096", "4k"), ("128K", "128k"), ("1m", "1m"),
      ("1024k", "1m"), ("1536", "1536"), ("64M", "64m"), ("8k/100", "8k"),
      ("4k/60:16k/30:128k/10", "4k/60:16k/30:128k/10"), ("4096/99:512/1", "4k/99:512/1"),
    ])
  func read(text: String, canonical: String) throws {
    let split = try BlockSplit(parsing: text)
    #expect(split.description == canonical)
    #expect(BlockSplit(split.description) == split)
    #expect(split.parts.map(\.percent).reduce(0, +) == 100)
  }

  @Test(
    "names what is wrong with a text",
    arguments: [
      ("", "''"), ("k", "'k'"), ("4q", "'4q'"), ("-4k", "'-4k'"), ("+4k", "'+4k'"),
      (" 4k", "' 4k'"), ("0", "'0'"), ("256", "'256'"), ("65m", "'65m'"), ("1000", "1000"),
      ("99999999999999999999k", "'99999999999999999999k'"), ("4294967295m", "'4294967295m'"),
      ("4k:8k", "'4k'"), ("4k/50:8k", "'8k'"), ("4k/50/1:8k/50", "'4k/50/1'"),
      ("4k/50:8k/49", "99 %"), ("4k/50:8k/51", "101 %"), ("4k/0:8k/100", "0 %"),
      ("4k/x:8k/100", "'x'"), ("4k/:8k/100", "''"), ("4k/50:4096/50", "4k occurs twice"),
      ("4k/60:", "''"), ("4k/99999999999:8k/1", "'99999999999'"), ("٤k", "'٤k'"),
    ])
  func refused(text: String, named: String) {
    #expect(BlockSplit(text) == nil)
    do {
      _ = try BlockSplit(parsing: text)
    } catch {
      #expect(error.description.contains(named))
    }
  }

  @Test("knows its largest and its smallest size")
  func bounds() throws {
    let split = try BlockSplit(parsing: "16k/30:4k/60:128k/10")
    #expect(split.maxBytes == 128 << 10)
    #expect(split.minBytes == 4 << 10)
  }
}
