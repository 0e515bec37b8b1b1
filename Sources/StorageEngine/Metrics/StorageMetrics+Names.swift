extension StorageMetrics {
  /// Names by Prometheus' conventions: a prefix, base units, `_total` where only sums are told.
  enum Name: String, CaseIterable {
    case reads = "storebench_read_ops_total"
    case writes = "storebench_write_ops_total"
    case readLatency = "storebench_read_latency_seconds"
    case writeLatency = "storebench_write_latency_seconds"
    case cacheHits = "storebench_cache_hits_total"
    case cacheMisses = "storebench_cache_misses_total"
    case filterHits = "storebench_bloom_filter_hits_total"
    case filterMisses = "storebench_bloom_filter_misses_total"
    case prefetches = "storebench_prefetched_keys_total"
    case prefetchHits = "storebench_prefetch_hits_total"
    case prefetchWaste = "storebench_prefetch_wasted_total"
    case clients = "storebench_clients"
    case tierSize = "storebench_tier_size_bytes"
    case moves = "storebench_tier_migrations_total"
    case moveSuccesses = "storebench_migrations_success_total"
    case moveFailures = "storebench_migrations_failure_total"
    case movesInProgress = "storebench_migrations_in_progress"
    case movedKeys = "storebench_migrated_keys_total"
    case movedBytes = "storebench_migrated_bytes_total"
    case moveThroughput = "storebench_migration_throughput_bytes_per_second"
    case diskUsage = "storebench_node_disk_usage_ratio"
    case cpuUsage = "storebench_node_cpu_usage_ratio"
    case imbalance = "storebench_load_imbalance_ratio"
  }

  /// What a metric is, for backends that can say it.
  public struct Description: Sendable, Equatable {
    /// How a metric counts.
    public enum Kind: Sendable, Equatable {
      case counter
      case gauge
      /// Seconds.
      case timer
    }

    /// Its name.
    public var name: String
    /// How it counts.
    public var kind: Kind
    /// What it means, with the name that the specification gives it.
    public var help: String
  }

  /// All metrics, with what each means.
  public static let descriptions: [Description] = Name.allCases.map { name in
    let (kind, meaning, documented) = facts(of: name)
    return Description(
      name: name.rawValue, kind: kind,
      help: documented.map { "\(meaning) (documented as \($0))" } ?? meaning)
  }

  private static func facts(of name: Name) -> (Description.Kind, String, String?) {
    switch name {
    case .reads:
      (.counter, "Keys asked for by get and multi_get, and scans begun", "read_ops_total")
    case .writes: (.counter, "Keys set or removed, and deleted ranges", "write_ops_total")
    case .readLatency:
      (
        .timer, "Time of reads: of all scans and multi_gets, of one get in 64",
        "read_latency"
      )
    case .writeLatency:
      (
        .timer, "Time until commits are acknowledged, of one in 64; a batch is one",
        "write_latency"
      )
    case .cacheHits: (.counter, "Reads that the hot cache answered", "cache_hits_total")
    case .cacheMisses: (.counter, "Reads that it did not", "cache_misses_total")
    case .filterHits:
      (.counter, "Lookups in a table that its filter spared", "bloom_filter_hits")
    case .filterMisses:
      (
        .counter, "Lookups that a filter let through to a table without the key",
        "bloom_filter_misses"
      )
    case .prefetches: (.counter, "Keys read ahead", nil)
    case .prefetchHits:
      (.counter, "Keys read ahead and then used before they left the cache", nil)
    case .prefetchWaste: (.counter, "Keys read ahead for nothing", nil)
    case .clients:
      (
        .gauge,
        "Threads that use the store by a pattern, those left out that do too little to tell", nil
      )
    case .tierSize:
      (
        .gauge, "Bytes of a tier's tables; what is in its log comes into one later",
        "hot_tier_size_bytes, warm_tier_size_bytes, cold_tier_size_bytes"
      )
    case .moves:
      (
        .counter, "Moves of a part of a range between tiers, ended well or not",
        "tier_migrations_total"
      )
    case .moveSuccesses: (.counter, "Moves that ended well", "migrations_success_total")
    case .moveFailures:
      (
        .counter, "Moves that failed; their keys stay where they were",
        "migrations_failure_total"
      )
    case .movesInProgress: (.gauge, "Moves under way", "migrations_in_progress")
    case .movedKeys: (.counter, "Keys that moved", nil)
    case .movedBytes: (.counter, "Bytes of keys and values that moves copied", nil)
    case .moveThroughput:
      (
        .gauge, "Bytes a second that moves copied since the reading before",
        "migration_throughput_mbps, in MB/s"
      )
    case .diskUsage:
      (
        .gauge, "Used share of the file system, or of the set capacity, of a tier",
        "node_disk_usage_percent, in percent"
      )
    case .cpuUsage:
      (
        .gauge, "Busy share of the machine's processors since the reading before",
        "node_cpu_usage_percent, in percent"
      )
    case .imbalance:
      (
        .gauge, "Difference between the fullest and the emptiest tier's used share",
        "load_imbalance_score, in points"
      )
    }
  }
}
