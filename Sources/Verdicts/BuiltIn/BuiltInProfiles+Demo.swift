extension BuiltInProfiles {
  /// The text of `profiles/demo.yaml`, which is its only source.
  static let demo = #"""
    # A demonstration on any machine: the hot tier's method with limits that an ordinary virtual disk
    # reaches. Nothing that passes it may be certified. README.md explains every key.
    schema: 1
    name: demo
    extends: hot
    summary: Demonstration of the hot tier with limits for an ordinary machine
    demonstration: true

    link: null  # the machine's disk may hang on anything
    reserve: 1 GiB  # small machines have little to spare
    file-size: 2 GiB  # filled in seconds
    range-size: 2 GiB  # as the file

    preconditioning:
      discard: false  # the file is new

    steady-state:
      round: 1 s  # time is short
      max-rounds: 15  # as above
      spread-limit: 0.60  # shared disks waver; the hot tier itself allows 0.20
      slope-limit: 0.50  # as above; the hot tier itself allows 0.10

    rounds:
      duration: 500 ms  # seven scenarios of at most 20 rounds end within 84 s
      ramp-up: 100 ms
      min: 10
      step: 5
      max: 20

    scenarios:
      random-read-4k:
        depth: 32
      random-write-4k:
        depth: 32
      random-mix:
        depth: 32
      point-lookup:
        rate: 1000  # a twentieth of what such a disk answers
      engine/random-read: null
      engine/random-write: null
      engine/batch-write: null
      engine/scan: null
      engine/scan-100: null
      engine/point-lookup: null
      engine/multi-get-1000: null
      engine/batch-10k: null

    gates:
      device/identity/kind: null
      device/identity/capacity: null
      device/link/generation: null
      device/link/lanes: null
      device/health/critical-warning: null
      device/health/media-error-growth: null
      device/health/temperature: null
      device/health/available-spare: null
      raw/random-read-4k/iops:
        min: 3K
        reason: shows the gate; the hot tier asks 500K
        source: small virtual machines with a virtio disk reach 60K to 80K; a twentieth of that
      raw/random-write-4k/iops:
        min: 1500
        reason: shows the gate; the hot tier asks 300K
        source: small virtual machines with a virtio disk reach 35K to 45K; less than a twentieth
      raw/read-latency/mean:
        max: 5 ms
        reason: shows the gate; the hot tier allows 0.1 ms
        source: small virtual machines with a virtio disk take 0.06 to 0.08 ms; leaves room for others
      raw/sequential-read-1m/bandwidth:
        min: 80 MB/s
        reason: shows the gate; the hot tier asks 2 GB/s
        source: small virtual machines with a virtio disk reach 1.3 GB/s; about a fifteenth
      raw/sequential-write-1m/bandwidth:
        min: 40 MB/s
        reason: shows the gate; the hot tier asks 1 GB/s
        source: half of the read gate, because flushes of others share the disk
      raw/random-mix/iops:
        min: 1500
        reason: shows the gate; the hot tier asks 300K
        source: the gate on random writes
      raw/point-lookup/p99:
        max: 100 ms
        reason: shows the gate; the hot tier allows 2 ms
        source: a shared disk may pause for tens of milliseconds without being at fault
      engine/random-read/iops: null
      engine/random-write/iops: null
      engine/batch-write/iops: null
      engine/scan/bandwidth: null
      engine/point-lookup/p99: null
      engine/multi-get-1000/p99: null
      engine/batch-10k/p99: null

    """#
}
