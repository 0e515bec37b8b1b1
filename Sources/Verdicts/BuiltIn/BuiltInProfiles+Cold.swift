extension BuiltInProfiles {
  /// The text of `profiles/cold.yaml`, which is its only source.
  static let cold = #"""
    # The cold tier: hard disk. README.md explains every key.
    schema: 1
    name: cold
    tier: cold
    summary: Hard disk for the cold tier of the store

    link:
      bus: sata
      generation: 3
      lanes: 1
      reason: hard disks for servers signal 6 Gb/s or, over SAS, more than any spindle delivers
      source: Serial ATA revision 3.0

    reserve: 10 GiB  # so that a file target never fills the file system of a working machine

    preconditioning:
      discard: false  # most disks have none, and on shingled ones it hides the work
      passes: 1  # every block of the range written, so that reads return what this run wrote
      block: 1 MiB  # long runs of sectors, one seek each
      depth: 8  # the disk never waits for the host
      compressible-percent: 0  # as for the other tiers

    steady-state:
      scenario: random-write-4k  # a shingled disk runs out of its cache area here and shows it
      round: 30 s  # thousands of seeks
      window: 5  # rounds looked at together; SNIA test specification
      max-rounds: 25  # after these the disk counts as never steady; SNIA test specification
      spread-limit: 0.20  # of the mean; SNIA test specification
      slope-limit: 0.10  # of the mean, end to end of the window; SNIA test specification

    rounds:
      duration: 10 s  # over a thousand seeks
      ramp-up: 1 s  # the queue fills and the heads leave the last scenario's tracks
      min: 10  # fewest rounds whose autocorrelation can be told
      step: 5  # added while a gate is undecided
      max: 30  # bounds a scenario to 6 minutes

    confidence: 0.99  # over the whole run, two-sided
    stall-limit: 20 s  # a disk in error recovery may take several seconds for one sector

    scenarios:
      sequential-read-outer:
        workload: sequential-read
        block: 1m
        depth: 8  # the disk never waits for the host
        range: outer
      sequential-read-inner:
        workload: sequential-read
        block: 1m
        depth: 8
        range: inner
      sequential-write-1m:
        workload: sequential-write
        block: 1m
        depth: 8
        range: outer
      random-read-4k:
        workload: random-read
        block: 4k
        depth: 16  # enough for the disk to put its seeks in order
      random-write-4k:
        workload: random-write
        block: 4k
        depth: 16  # as for reads
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
        equals: hdd
        reason: the cold tier is served by hard disks
        source: specification, table of tiers
      device/identity/capacity:
        min: 2 GiB
        reason: data of four times the tier's cache of 512 MiB, so that the disk is judged
        source: specification, table of tiers (cache)
      device/health/media-error-growth:
        max: 0
        reason: a sound disk loses no sector while it is tested
        source: ATA SMART attributes for reallocated, pending and uncorrectable sectors
      device/health/temperature:
        max: 60 °C
        reason: the highest operating temperature of common disks
        source: data sheets of 7200 rpm server disks
      raw/sequential-read-outer/bandwidth:
        min: 180 MB/s
        reason: outer tracks of 7200 rpm disks deliver 200 to 280 MB/s
        source: data sheets of 7200 rpm server disks; nine tenths of the slowest
      raw/sequential-read-inner/bandwidth:
        min: 90 MB/s
        reason: inner tracks are half as long, so they deliver half as much a turn
        source: half of the gate on outer tracks
      raw/sequential-write-1m/bandwidth:
        min: 180 MB/s
        reason: outer tracks are written as fast as they are read
        source: the gate on outer tracks
      raw/random-read-4k/iops:
        min: 120
        reason: 8 ms of seek and 4.2 ms of rotation give 80 reads a second; in good order up to 170
        source: data sheets of 7200 rpm server disks, with commands queued; seven tenths of the best
      raw/random-read-4k/max:
        max: 1 s
        reason: a sound disk answers 16 queued reads within a fraction of a second
        source: anything longer is error recovery; ATA SCT error recovery control begins at seconds
      raw/random-write-4k/iops:
        min: 100
        reason: writes gathered in the disk's cache are no slower than its seeks
        source: data sheets of 7200 rpm server disks; the read gate less one sixth
      raw/random-write-4k/max:
        max: 1 s
        reason: a disk that stops for its own housekeeping stalls the store's compaction
        source: shingled disks pause for seconds when their cache area is full
      engine/random-read/iops:
        min: 10K
        reason: the cold tier answers 10K reads a second, those from its cache included
        source: specification, table of tiers
      engine/random-write/iops:
        min: 5K
        reason: the cold tier takes 5K writes a second, gathered into batches
        source: specification, table of tiers

    modes:
      quick:
        # All of it lies on outer tracks with short seeks, so this mode flatters the disk.
        range-size: 8 GiB  # filled in under a minute
        steady-state:
          round: 3 s
          max-rounds: 20
        rounds:
          duration: 2 s
          ramp-up: 250 ms
        gates:
          raw/sequential-read-inner/bandwidth: null  # no inner tracks within the range
        scenarios:
          sequential-read-inner: null
      nightly:
        # The whole disk is filled: inner tracks and long seeks need it. The plan says how long it takes.
        rounds:
          duration: 5 s

    """#
}
