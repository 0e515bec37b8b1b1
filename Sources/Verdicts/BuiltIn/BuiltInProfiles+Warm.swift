extension BuiltInProfiles {
  /// The text of `profiles/warm.yaml`, which is its only source.
  static let warm = #"""
    # The warm tier: SATA SSD. README.md explains every key.
    schema: 1
    name: warm
    tier: warm
    summary: SATA SSD for the warm tier of the store

    link:
      bus: sata
      generation: 3
      lanes: 1
      reason: every SATA SSD of the last ten years signals 6 Gb/s
      source: Serial ATA revision 3.0

    reserve: 10 GiB  # so that a file target never fills the file system of a working machine

    preconditioning:
      discard: true  # a known beginning: every block unmapped
      passes: 1  # every block of the range written, so that every read touches the medium
      block: 128 KiB  # the block of sequential preconditioning in the SNIA test specification
      depth: 32  # all that native command queuing takes
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
    stall-limit: 10 s  # a third of the kernel's default timeout for SATA commands

    scenarios:
      random-read-4k:
        workload: random-read
        block: 4k
        depth: 32  # all that native command queuing takes
      random-write-4k:
        workload: random-write
        block: 4k
        depth: 32  # as for reads
      read-latency:
        workload: random-read
        block: 4k
        depth: 1  # latency without a queue
        threads: 1
      sequential-read-1m:
        workload: sequential-read
        block: 1m
        depth: 8  # 8 MiB in flight keep the link busy
      sequential-write-1m:
        workload: sequential-write
        block: 1m
        depth: 8  # as for reads
      random-mix:
        workload: random-mix
        block: 4k
        read-percent: 70  # reads to writes of common server loads
        depth: 32
      engine/random-read:
        workload: store-random-read
        block: 100  # a value: with its key of 16 bytes the 116 B that stores are compared by
        depth: 64
        distribution: zipf:0.99
      engine/random-write:
        workload: store-random-write
        block: 100
        depth: 64

    gates:
      device/identity/kind:
        equals: ssd
        reason: the warm tier is served by SATA SSDs
        source: specification, table of tiers
      device/identity/capacity:
        min: 16 GiB
        reason: data of four times the tier's cache of 4 GiB, so that the drive is judged, not the cache
        source: specification, table of tiers (cache)
      device/link/generation:
        min: 3
        reason: 3 Gb/s carry 300 MB/s, less than the sequential gates ask
        source: Serial ATA revision 3.0, 8b/10b
      device/health/media-error-growth:
        max: 0
        reason: a sound drive loses no data while it is tested
        source: ATA SMART attributes for reallocated, pending and uncorrectable sectors
      device/health/temperature:
        max: 70 °C
        reason: the highest operating temperature of common SATA SSDs
        source: data sheets of data-centre SATA SSDs
      raw/random-read-4k/iops:
        min: 75K
        reason: the tier's 200K reads need the store's cache; SATA carries 146K of 4 KiB at most
        source: data sheets of data-centre SATA SSDs state 90K to 98K; four fifths of that
      raw/random-write-4k/iops:
        min: 25K
        reason: the tier's 100K writes need the store's batches; drives sustain 37K to 65K
        source: data sheets of data-centre SATA SSDs, steady state; two thirds of the slowest
      raw/read-latency/p99:
        max: 1 ms
        reason: a read of the warm tier takes at most 1 ms when nothing else is in flight
        source: specification, table of tiers
      raw/sequential-read-1m/bandwidth:
        min: 480 MB/s
        reason: a sound SATA SSD reads at 0.54 GB/s
        source: data sheets of data-centre SATA SSDs; nine tenths of what they state
      raw/sequential-write-1m/bandwidth:
        min: 400 MB/s
        reason: a sound SATA SSD writes at 0.5 GB/s
        source: data sheets of data-centre SATA SSDs; four fifths of what they state
      raw/random-mix/iops:
        min: 25K
        reason: a mix of reads and writes is no slower than writes alone
        source: the gate on random writes
      engine/random-read/iops:
        min: 200K
        reason: the warm tier answers 200K reads a second, those from its cache included
        source: specification, table of tiers
      engine/random-write/iops:
        min: 100K
        reason: the warm tier takes 100K writes a second, gathered into batches
        source: specification, table of tiers

    modes:
      quick:
        range-size: 16 GiB  # filled in under a minute; more than SATA drives keep in their memory
        steady-state:
          round: 3 s
          max-rounds: 20
        rounds:
          duration: 1 s
          ramp-up: 250 ms
      nightly:
        range-size: 128 GiB  # filled in minutes; beyond the fast cache area of most drives

    """#
}
