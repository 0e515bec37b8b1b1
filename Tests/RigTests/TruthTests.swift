import Foundation
import Measurements
import Testing

extension SoakSuite {
  @Suite(
    "What is measured is what the drive did", .enabled(if: isSoaking("truth"), "ci/soak truth"))
  struct Truth {
    @Test("a throttle of 1000 IOPS over 20 s agrees with QEMU's own count within 1 %")
    func againstQEMU() throws {
      let run = try Rig.run(
        ["--nvme", "64M", "--sata-ssd", "0", "--hdd", "0"],
        images: ["nvme": Data(SeededGenerator.bytes(count: 64 << 20, seed: 5))], timeout: 200,
        script: """
          rig-ctl throttle:nvme:1000 >/dev/null
          # QEMU's count against the guest's clock, while the round goes on.
          ( while sleep 0.5; do read -r up _ </proc/uptime; echo "$up $(count nvme rd)"; done \
            >"$RIG_SHARED/counts" ) &
          sampler=$!
          qualify count 120 hot /dev/nvme0n1 --profile $RIG_FIXTURES/rig-read.yaml \
            --set raw/random-read-4k/iops=500 --set rounds.duration=20s --set rounds.ramp-up=2s \
            --set rounds.min=3 --set rounds.step=1 --set rounds.max=3
          kill $sampler
          """)
      let found = try run.reached("count")
      let rounds = try found.record().phases.filter { $0.kind == .scenario }.flatMap(\.rounds)
      try #require(!rounds.isEmpty, "\(found)")
      let measured = rounds.map(\.iops).reduce(0, +) / Double(rounds.count)
      let counted = try Self.medianRate(
        of: String(contentsOf: run.shared.appending(path: "counts"), encoding: .utf8))
      #expect(abs(measured / counted - 1) < 0.01, "measured \(measured), QEMU \(counted)")
    }

    /// The rate over 10 s windows of lines `seconds count`, the median of those under load.
    static func medianRate(of text: String) throws -> Double {
      let samples = text.split(separator: "\n").compactMap { line -> (Double, Double)? in
        let parts = line.split(separator: " ").compactMap { Double($0) }
        return parts.count == 2 ? (parts[0], parts[1]) : nil
      }
      var rates: [Double] = []
      for (index, first) in samples.enumerated() {
        guard let last = samples[index...].first(where: { $0.0 >= first.0 + 10 }) else { break }
        rates.append((last.1 - first.1) / (last.0 - first.0))
      }
      let loaded = rates.filter { $0 > 500 }.sorted()
      try #require(loaded.count > 10, "too few samples: \(text)")
      return loaded[loaded.count / 2]
    }

    @Test("a second of dm-delay is read back within 2 %")
    func againstDelay() throws {
      let run = try Rig.run(
        ["--nvme", "256M", "--sata-ssd", "0", "--hdd", "0"], timeout: 240,
        script: """
          modprobe -a dm-mod dm-delay ext4
          sectors=$(blockdev --getsz /dev/nvme0n1)
          echo "0 $sectors linear /dev/nvme0n1 0" | dmsetup create --noudevsync slow
          [ -b /dev/mapper/slow ] || dmsetup mknodes slow
          mkfs.ext2 -q -b 4096 /dev/mapper/slow
          mkdir -p /run/slow && mount -o noatime /dev/mapper/slow /run/slow
          # Reads take a second longer from now on; writes do not.
          dmsetup load slow --table \
            "0 $sectors delay /dev/nvme0n1 0 1000 /dev/nvme0n1 0 0"
          dmsetup suspend --noudevsync slow
          dmsetup resume --noudevsync slow
          qualify delay 200 hot /run/slow --profile $RIG_FIXTURES/rig-folder.yaml
          """)
      let found = try run.reached("delay")
      let rounds = try found.record().phases.filter { $0.kind == .scenario }.flatMap(\.rounds)
      let last = try #require(rounds.last, "\(found)")
      for (name, value) in [("P50", last.latency.p50), ("P99", last.latency.p99)] {
        let milliseconds = Double(value) / 1e6
        #expect(milliseconds >= 1000 && milliseconds <= 1020, "\(name) \(milliseconds) ms")
      }
    }
  }
}
