import Foundation
import Testing

extension RigSuite {
  @Suite("A drive that may not be written")
  struct Refusals {
    /// Every case of `refusals.sh`, with words that the refusal must say.
    static let expectations: [(name: String, words: [String])] = [
      ("wrong-serial", ["RIGNVME0001"]),
      ("serial-of-another", ["RIGNVME0001"]),
      ("signature", ["ext2", "wipefs"]),
      ("alias", ["ext2"]),
      ("partition-table", ["gpt"]),
      ("mounted-child", ["nvme0n1p1", "/run/mount"]),
      ("partition", ["nvme0n1"]),
      ("swap", ["nvme0n1p1", "swap"]),
      ("md-member", ["nvme0n1p1", "md0"]),
      ("md-stopped", ["nvme0n1p1", "linux_raid_member"]),
      ("lvm-physical-volume", ["nvme0n1p2", "LVM2_member"]),
      ("lvm-logical-volume", ["nvme0n1p2", "store-volume"]),
      ("device-mapper", ["held"]),
      ("held-exclusively", ["/dev/nvme0n1"]),
    ]

    @Test("is refused with its reason, not written to and not changed")
    func refused() throws {
      let script = try String(
        contentsOf: Rig.fixtures.appending(path: "refusals.sh"), encoding: .utf8)
      let run = try Rig.run(
        ["--nvme", "64M", "--sata-ssd", "0", "--hdd", "0"], timeout: 200, script: script)
      for (name, words) in Self.expectations {
        let found = try run.reached(name)
        #expect(found.exit == 3, "\(found)")
        #expect(found.facts["writes"] == "0", "\(found)")
        #expect(found.facts["hash"] == "same", "\(found)")
        for word in words {
          #expect(found.said.contains(word), "'\(word)' is not in what it said: \(found)")
        }
      }
    }
  }
}
