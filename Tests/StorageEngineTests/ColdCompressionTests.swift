import Foundation
import TestSupport
import Testing

@testable import StorageEngine

/// How much smaller the cold tier's files are than keys and values, with the settings that people get.
///
/// The corpora are of installed packages, not ours; what is not installed is left out.
@Suite("Cold compresses")
struct ColdCompressionTests {
  /// Files of a corpus, 4 MiB of them at most.
  private static func content(of paths: [String]) -> [UInt8] {
    var all: [UInt8] = []
    for path in paths where all.count < 4 << 20 {
      all += (try? Data(contentsOf: URL(filePath: path))).map(Array.init) ?? []
    }
    return Array(all.prefix(4 << 20))
  }

  private static func files(below folder: String, suffix: String) -> [String] {
    let names = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
    return names.filter { $0.hasSuffix(suffix) }.sorted().map { folder + "/" + $0 }
  }

  /// Keys and values divided by the bytes of files, in values of so many bytes.
  private func ratio(_ corpus: [UInt8], valueBytes: Int) throws -> Double {
    let fixture = try StoreFixture()
    var configuration = StoreFixture.small
    configuration.cold = .measured(.cold).scaled(by: 0.05)
    configuration.placement = nil
    let store = try fixture.create(configuration)
    var raw = 0
    for (number, start) in stride(from: 0, to: corpus.count, by: valueBytes).enumerated() {
      let key = bytes("object " + String(10_000_000 + number))
      let value = Array(corpus[start..<min(start + valueBytes, corpus.count)])
      raw += key.count + value.count
      try store.put(key, value)
    }
    try store.move(.all, from: .hot, to: .cold)
    try store.flush()
    try store.compact()
    let fileBytes = try #require(try store.statistics().tiers[.cold]?.fileBytes)
    try store.close()
    return Double(raw) / Double(max(1, fileBytes))
  }

  @Test(
    "corpora of others",
    arguments: [
      ("text: Perl modules of perl-modules", "/usr/share/perl", ".pm", 3.0),
      ("text: licences of base-files", "/usr/share/common-licenses", "", 2.5),
      ("JSON: of Python packages, mostly cfn-lint", "/root/.pyenv/versions", ".json", 3.0),
      ("binary: Debian's librocksdb", "/usr/lib/x86_64-linux-gnu", "librocksdb.so.7.8.3", 1.5),
    ])
  func corpora(name: String, folder: String, suffix: String, ratioMin: Double) throws {
    let corpus = Self.content(of: Self.files(below: folder, suffix: suffix))
    guard corpus.count > 100_000 else {
      print("cold compression, \(name): not installed")
      return
    }
    for valueBytes in [1000, 4096] {
      let ratio = try ratio(corpus, valueBytes: valueBytes)
      print("cold compression, \(name), \(corpus.count) B in values of \(valueBytes): \(ratio)")
      #expect(ratio >= ratioMin, "\(name): \(ratio)")
    }
  }

  @Test("what cannot be compressed takes no more than a few parts in a hundred on top")
  func random() throws {
    var generator = SeededGenerator(seed: 4)
    let ratio = try ratio(generator.bytes(4 << 20), valueBytes: 4096)
    print("cold compression, random bytes: \(ratio)")
    #expect(ratio > 0.97 && ratio < 1.02)
  }
}
