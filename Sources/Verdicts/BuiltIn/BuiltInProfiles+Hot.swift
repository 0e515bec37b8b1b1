extension BuiltInProfiles {
  /// The text of `profiles/hot.yaml`, which is its only source.
  static let hot = #"""
    # The hot tier: NVMe. README.md explains every key.
    schema: 1
    name: hot
    tier: hot
    summary: NVMe drive for the hot tier of the store

    link:
      bus: pcie
      generation: 4
      lanes: 4
      reason: data-centre NVMe drives of the last generations have four lanes at 16 GT/s
      source: PCI Express 4.0 base specification; NVMe drives in U.2, U.3, E1.S and M.2

    reserve: 10 GiB  # so that a file target never fills the file system of a working machine

    preconditioning:
      discard: true  # a known beginning: every block unmapped
      passes: 1  # every block of the range written, so that every read touches the medium
      block: 128 KiB  # the block of sequential preconditioning in the SNIA test specification
      depth: 32  # keeps every NVMe drive at its full sequential speed
      compressible-percent: 0  # contents that no controller can shrink

    steady-state:
      scenario: random-write-4k  # the variable that the SNIA test specification tracks
      round: 30 s  # long enough for many cycles of garbage collection
      window: 5  # rounds looked at together; SNIA test specification
      max-rounds: 25  # after these the device counts as never steady; SNIA test specification
      spread-limit: 0.20  # of the mean; SNIA test specification
      slope-limit: 0.10  # of the mean, end to end of the window; SNIA test specification

    rounds:
      duration: 5 s  # hundreds of thousands of requests, so that rounds differ little by chance
      ramp-up: 1 s  # queues fill and clocks rise before anything counts
      min: 10  # fewest rounds whose autocorrelation can be told
      step: 5  # added while a gate is undecided
      max: 30  # bounds a scenario to 3 minutes

    confidence: 0.99  # over the whole run, two-sided
    stall-limit: 10 s  # a third of the kernel's default timeout for NVMe requests

    engine:
      durability-delay: 10 ms  # the most that a power cut may take of what was acknowledged
      warm-up: 10 s  # caches fill before the first round that reads
      warm-up-limit: 10 min  # a cache of 16 GiB at 100 000 misses of 300 bytes a second
      idle-limit: 10 min  # compaction of the whole data at 100 MB/s and more

    scenarios:
      random-read-4k:
        workload: random-read
        block: 4k
        depth: 64  # Little's law: 500K/s × 0.1 ms are 50 in flight; the next power of two
      random-write-4k:
        workload: random-write
        block: 4k
        depth: 64  # as for reads
      read-latency:
        workload: random-read
        block: 4k
        depth: 1  # latency without a queue
        threads: 1
      sequential-read-1m:
        workload: sequential-read
        block: 1m
        depth: 8  # 8 MiB in flight cover the latency of 2 GB/s many times over
      sequential-write-1m:
        workload: sequential-write
        block: 1m
        depth: 8  # as for reads
      random-mix:
        workload: random-mix
        block: 4k
        read-percent: 70  # reads to writes of common server loads
        depth: 64
      point-lookup:
        workload: random-read
        block: 4k
        depth: 1024  # room for a stall of 20 ms at the offered rate
        arrival: poisson  # independent callers
        rate: 50K  # a tenth of the read gate: far from saturation, where latency is a promise
      engine/random-read:
        workload: store-random-read
        block: 100  # a value: with its key of 16 bytes the 116 B that key-value stores are compared by
        depth: 64  # as for the device: hits answer at once, misses need the queue
        distribution: zipf:0.99  # skew of common loads; YCSB's default
      engine/random-write:
        workload: store-random-write
        block: 100
        depth: 64
        point-reads: 10K  # readers go on while others write
      engine/batch-write:
        workload: store-batch-write
        block: 100
        depth: 4  # 4000 entries in flight
        threads: 1  # one caller's batches queue behind each other anyway
        point-reads: 10K  # as above
      engine/scan:
        workload: store-scan
        block: 1k  # values whose bytes count, not their number
        depth: 2  # two partitions at once
      engine/scan-100:
        workload: store-scan
        block: 100  # beside the gate: what small values cost
        depth: 2
      engine/point-lookup:
        workload: store-point-lookup
        block: 100
        read-percent: 50  # 50K gets and 50K puts a second; the gets are judged
        depth: 1024  # room for a stall of 10 ms at the offered rate
        threads: 1  # a schedule of its own needs a CPU of its own
        arrival: poisson  # independent callers
        rate: 100K
        distribution: zipf:0.99
      engine/multi-get-1000:
        workload: store-multi-get-1000
        block: 100
        depth: 1  # latency without a queue
        distribution: zipf:0.99
      engine/batch-10k:
        workload: store-batch-write-10k
        block: 100
        depth: 1
        point-reads: 10K

    gates:
      device/identity/kind:
        equals: nvme
        reason: the hot tier is served by NVMe drives
        source: specification, table of tiers
      device/identity/capacity:
        min: 64 GiB
        reason: data of four times the tier's cache of 16 GiB, so that the drive is judged, not the cache
        source: specification, table of tiers (cache)
      device/link/generation:
        min: 3
        reason: four lanes of generation 3 carry 3.9 GB/s; the read gate needs 500K × 4 KiB = 2.05 GB/s
        source: PCI Express 3.0 base specification, 8 GT/s with 128b/130b
      device/link/lanes:
        min: 4
        reason: with two lanes of generation 3 the read gate leaves no room for packet headers
        source: PCI Express 3.0 base specification, 8 GT/s with 128b/130b
      device/health/critical-warning:
        max: 0
        reason: a drive that warns of itself must not take on data
        source: NVM Express base specification, SMART / health information log, critical warning
      device/health/media-error-growth:
        max: 0
        reason: a sound drive loses no data while it is tested
        source: NVM Express base specification, SMART / health log, media and data integrity errors
      device/health/temperature:
        max: 75 °C
        reason: most NVMe drives begin to throttle between 75 and 85 °C
        source: warning composite temperatures in data sheets of data-centre drives
      device/health/available-spare:
        min: 10 %
        reason: below it drives report that their spare is used up
        source: NVM Express base specification, available spare threshold, and its usual value
      raw/random-read-4k/iops:
        min: 500K
        reason: the hot tier must answer 500K random reads a second
        source: specification, table of tiers
      raw/random-write-4k/iops:
        min: 300K
        reason: the hot tier must take 300K random writes a second
        source: specification, table of tiers
      raw/read-latency/mean:
        max: 0.1 ms
        reason: a read of the hot tier takes at most 0.1 ms when nothing else is in flight
        source: specification, table of tiers
      raw/sequential-read-1m/bandwidth:
        min: 2 GB/s
        reason: scans of the store run at 2 GB/s and are no faster than the device below them
        source: specification, performance of the store (scan)
      raw/sequential-write-1m/bandwidth:
        min: 1 GB/s
        reason: batches of 1M entries a second with values of 1 KiB are 1 GB/s at the device
        source: specification, performance of the store (batch write)
      raw/random-mix/iops:
        min: 300K
        reason: a mix of reads and writes is no slower than writes alone
        source: specification, table of tiers (the smaller of its two rates)
      raw/point-lookup/p99:
        max: 2 ms
        reason: 99 of 100 lookups of the store end within 2 ms, the device's share included
        source: specification, performance of the store (point lookup)
      engine/random-read/iops:
        min: 500K
        reason: the store reads 500K values a second at random
        source: specification, performance of the store
      engine/random-write/iops:
        min: 300K
        reason: the store writes 300K values a second at random, compaction and readers going on
        source: specification, performance of the store
      engine/batch-write/iops:
        min: 1M
        reason: the store takes 1M entries a second in batches, compaction and readers going on
        source: specification, performance of the store
      engine/scan/bandwidth:
        min: 2 GB/s
        reason: the store scans 2 GB/s of values of 1 KiB
        source: specification, performance of the store
      engine/point-lookup/p99:
        max: 2 ms
        reason: 99 of 100 point lookups end within 2 ms at 50K gets and 50K puts a second
        source: specification, performance of the store
      engine/multi-get-1000/p99:
        max: 2 ms
        reason: a lookup of 1000 keys at once ends within 2 ms
        source: specification, performance of the store
      engine/batch-10k/p99:
        max: 10 ms
        reason: a batch of 10 000 entries ends within 10 ms
        source: specification, performance of the store

    modes:
      quick:
        range-size: 16 GiB  # filled in seconds; more than most drives keep in their own memory
        steady-state:
          round: 3 s
          max-rounds: 20
        rounds:
          duration: 1 s
          ramp-up: 250 ms
        engine:
          warm-up: 5 s
          warm-up-limit: 1 min
      nightly:
        range-size: 256 GiB  # filled in minutes; beyond the fast cache area of most drives

    """#
}
