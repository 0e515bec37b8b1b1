import Foundation
import Measurements
import TestSupport
import Testing

extension SoakSuite {
  @Suite(
    "What is measured is what the drive did", .enabled(if: isSoaking("truth"), "ci/soak truth"))
  struct Truth {
    @Test("a throttle of 1000 IOPS over 20 s agrees with QEMU's own count within 1 %")
    func againstQEMU() throws {
      let run = try Rig.run(
        ["--nvme", "64M", "--sata-ssd", "0", "--hdd", "0"],
        images: ["nvme": Data(SeededGenerator.bytes(count: 64 << 20, seed: 5))], timeout: 280,
        script: """
          rig-ctl throttle:nvme:1000 >/dev/null
          # QEMU's count against the guest's clock, while the round goes on.
          ( while sleep 0.5; do read -r up _ </proc/uptime; echo "$up $(count nvme rd)"; done \
            >"$RIG_SHARED/counts" ) &
          sampler=$!
          qualify count 200 hot /dev/nvme0n1 --profile $RIG_FIXTURES/rig-read.yaml \
            --set raw/random-read-4k/iops=500 --set rounds.duration=20s --set rounds.ramp-up=2s \
            --set rounds.min=4 --set rounds.step=1 --set rounds.max=4
          kill $sampler
          """)
      let found = try run.reached("count")
      let rounds = try found.record().phases.filter { $0.kind == .scenario }.flatMap(\.rounds)
      try #require(!rounds.isEmpty, "\(found)")
      let measured = rounds.map(\.iops).reduce(0, +) / Double(rounds.count)
      let counted = try Self.medianRate(
        of: String(contentsOf: run.shared.appending(path: "counts"), encoding: .utf8))
      print("throttle of 1000: measured \(measured) IOPS, QEMU \(counted)")
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

    /// What the guest's kernel makes of a delay of 100 ms.
    ///
    /// It is 25 ticks of 4 ms, and timers add one, so that none fires early. Each request follows
    /// an answer, which comes with a tick: 26 pass. A second would fall on a grid of 32 ms.
    static let delayNanoseconds = 104e6

    @Test("100 ms of dm-delay are read back within 2 %; P50 agrees with fio's and P99 is no worse")
    func againstDelay() throws {
      let run = try Rig.run(
        ["--nvme", "256M", "--sata-ssd", "0", "--hdd", "0"], timeout: 300,
        script: """
          modprobe -a dm-mod dm-delay ext4
          sectors=$(blockdev --getsz /dev/nvme0n1)
          echo "0 $sectors linear /dev/nvme0n1 0" | dmsetup create --noudevsync slow
          [ -b /dev/mapper/slow ] || dmsetup mknodes slow
          mkfs.ext2 -q -b 4096 /dev/mapper/slow
          mkdir -p /run/slow && mount -o noatime /dev/mapper/slow /run/slow
          # Reads take longer from now on; writes do not.
          dmsetup load slow --table \
            "0 $sectors delay /dev/nvme0n1 0 100 /dev/nvme0n1 0 0"
          dmsetup suspend --noudevsync slow
          dmsetup resume --noudevsync slow
          witness() {
            # Every latency by itself: fio's own histogram is as coarse as 1.6 %.
            rm -f /run/witness_*
            fio --name=witness --filename=/dev/mapper/slow --readonly --rw=randread --bs=4k \\
              --direct=1 --ioengine=io_uring --fixedbufs=1 --registerfiles=1 --norandommap=1 \\
              --iodepth=8 --runtime=10 --ramp_time=1 --time_based=1 \\
              --write_lat_log=/run/witness --output=/run/witness_said
            cut -d , -f 2 /run/witness_lat.1.log | sort -n \\
              | awk '{ v[NR] = $1 } END { print "p50=" v[int(NR / 2)], "p99=" v[int(NR * .99)] }'
          }
          fact before "$(witness)"
          qualify delay 120 hot /run/slow --profile $RIG_FIXTURES/rig-folder.yaml
          fact after "$(witness)"
          """)
      let found = try run.reached("delay")
      let rounds = try found.record().phases.filter { $0.kind == .scenario }.flatMap(\.rounds)
      try #require(!rounds.isEmpty, "\(found)")
      func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
      let p50 = median(rounds.map { Double($0.latency.p50) })
      let p99 = median(rounds.map { Double($0.latency.p99) })
      func witnesses(_ name: String) throws -> [Double] {
        let said = try ["before", "after"].compactMap { try run.reached($0).facts[name] }
        let values = said.compactMap(Double.init)
        try #require(values.count == 2, "fio said nothing: \(run.result.standardOutput)")
        return values
      }
      print("dm-delay: p50 \(p50) ns, fio \(try witnesses("p50")) ns")
      print("dm-delay: p99 \(p99) ns, fio \(try witnesses("p99")) ns")
      #expect(abs(p50 / Self.delayNanoseconds - 1) < 0.02, "P50 \(p50) ns")
      for (name, value) in [("p50", p50), ("p99", p99)] {
        let fio = try witnesses(name)
        let (least, most) = (min(fio[0], fio[1]), max(fio[0], fio[1]))
        // By no more than fio differs from itself, where that is more than 2 %. What lies above the
        // delay is what the tools cost in an emulated guest: P99 may lie anywhere between the two.
        let tolerance = max(0.02 * least, most - least)
        let low = name == "p99" ? Self.delayNanoseconds : least - tolerance
        let high = most + tolerance
        #expect(value >= low && value <= high, "\(name) \(value) ns, fio \(fio) ns")
      }
    }
  }
}
