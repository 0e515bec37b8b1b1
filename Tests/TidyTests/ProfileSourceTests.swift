import Foundation
import Testing

@Suite("Shipped profiles explain their limits")
struct ProfileSourceTests {
  @Test(
    "every gate has a reason and a source beside its limit",
    arguments: PackageTree.files(below: "profiles", suffix: ".yaml"))
  func gates(path: String) throws {
    var gate: (line: Int, keys: Set<String>)?
    var inGates = false
    func close() {
      guard let gate, gate.keys.contains(where: { ["min", "max", "equals"].contains($0) })
      else { return }
      for key in ["reason", "source"] {
        #expect(gate.keys.contains(key), "\(path):\(gate.line): a limit without '\(key):'")
      }
    }
    for (index, line) in try PackageTree.text(of: path)
      .split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    {
      let text = line.trimmingCharacters(in: .whitespaces)
      guard !text.isEmpty, !text.hasPrefix("#") else { continue }
      if let first = line.first, !first.isWhitespace, first != "-" {
        close()
        gate = nil
        inGates = line.hasPrefix("gates:")
        continue
      }
      guard inGates else { continue }
      // A gate starts with its frozen name, as a key or as the value of a list item.
      if text.contains(/\b(?:device|raw|engine|aggregate)\/[a-z0-9-]+\/[a-z0-9.-]+/),
        !text.hasPrefix("reason:"), !text.hasPrefix("source:")
      {
        close()
        gate = (index + 1, [])
      }
      for match in text.matches(of: /(?:^|[\s{,])(min|max|equals|reason|source):/) {
        gate?.keys.insert(String(match.1))
      }
    }
    close()
  }
}
