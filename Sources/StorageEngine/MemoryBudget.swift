public import LinuxIO

/// The rule that keeps a store within its memory: pure numbers.
public struct MemoryBudget: Sendable, Equatable {
  /// Most bytes that a store of this configuration takes.
  public var neededBytes: UInt64
  /// Most bytes that it may take.
  public var allowedBytes: UInt64

  /// The share of a machine's memory that a store may plan for.
  ///
  /// The rest is for the kernel, index and filter blocks outside the caches, iterators and the
  /// process itself.
  public static let shareOfMachine = 0.8

  /// Weighs a configuration against a machine.
  ///
  /// - Parameters:
  ///   - configuration: What is asked for.
  ///   - machineBytes: Memory that the machine lets this process use.
  public init(of configuration: StoreConfiguration, machineBytes: UInt64) {
    // Two commits exist at once: one is being written while the next fills.
    let parts = [
      UInt64(clamping: configuration.hotCacheBytes), configuration.tierMemoryBytes,
      UInt64(clamping: configuration.writeBuffer.bytes),
      UInt64(clamping: configuration.writeBuffer.bytes),
      UInt64(clamping: configuration.placement?.memoryBytes ?? 0),
      UInt64(clamping: configuration.prefetchBytes),
    ]
    neededBytes = parts.reduce(0) { $0.saturatingSum($1) }
    let machineShare = UInt64(Double(machineBytes) * Self.shareOfMachine)
    allowedBytes = min(configuration.memoryBudgetBytes ?? machineShare, machineShare)
  }

  /// Whether the store may open.
  public var isMet: Bool { neededBytes <= allowedBytes }

  /// The one factor by which caches and write buffers must shrink to fit; 1 where they do.
  public var factor: Double { isMet ? 1 : Double(allowedBytes) / Double(neededBytes) }

  /// The sum in words, for a message.
  static func explanation(of configuration: StoreConfiguration) -> String {
    let parts = Tier.allCases.map { tier in
      let settings = configuration.settings(of: tier)
      return "\(tier.rawValue) \(text(settings.cacheBytes)) cache + "
        + "\(settings.writeBufferCount) × \(text(settings.writeBufferBytes)) write buffers"
    }
    return parts.joined(separator: ", ")
      + ", commits 2 × \(text(configuration.writeBuffer.bytes)), "
      + "hot cache \(text(configuration.hotCacheBytes)), "
      + "placement \(text(configuration.placement?.memoryBytes ?? 0)), "
      + "prefetching \(text(configuration.prefetchBytes))"
  }

  private static func text(_ bytes: Int) -> String {
    ByteCountText.text(UInt64(clamping: bytes))
  }
}

/// How much memory this process may use.
public enum MachineMemory {
  /// Physical memory, or the control group's limit where that is lower; nil where unknown.
  public static func usableBytes(tree: KernelTree = .live) -> UInt64? {
    let physical = tree.lines("/proc/meminfo").lazy
      .filter { $0.hasPrefix("MemTotal:") }
      .compactMap { $0.split(separator: " ").dropFirst().first.flatMap { UInt64($0) } }
      .first
    guard let physical else { return nil }
    return ([physical << 10] + groupLimits(tree)).min()
  }

  /// The limits of this process's control group and all above it.
  private static func groupLimits(_ tree: KernelTree) -> [UInt64] {
    guard let line = tree.lines("/proc/self/cgroup").first(where: { $0.hasPrefix("0::") }) else {
      return []
    }
    var group = String(line.dropFirst(3))
    var limits: [UInt64] = []
    while true {
      // `max` says that there is no limit, and is no number.
      if let limit = tree.text("/sys/fs/cgroup\(group)/memory.max").flatMap({ UInt64($0) }) {
        limits.append(limit)
      }
      guard let slash = group.lastIndex(of: "/") else { return limits }
      group = String(group[..<slash])
    }
  }
}
