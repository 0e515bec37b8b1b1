internal import CLibNUMA
internal import CLinux

/// Which CPUs lie on which NUMA node, and which of them this process may use.
public struct NUMATopology: Sendable, Equatable {
  /// The CPUs of each node that this process may use, ascending, by node number.
  public var cpusByNode: [Int: [Int]]

  /// Every CPU that this process may use, ascending.
  public var cpus: [Int] { cpusByNode.values.flatMap { $0 }.sorted() }

  /// Reads the topology of this machine; one node 0 where the kernel knows of none.
  public static func current() -> NUMATopology {
    let allowed = allowedCPUs()
    guard numa_available() >= 0 else { return NUMATopology(cpusByNode: [0: allowed]) }
    var nodes: [Int: [Int]] = [:]
    for cpu in allowed {
      nodes[max(0, Int(numa_node_of_cpu(Int32(cpu)))), default: []].append(cpu)
    }
    return NUMATopology(cpusByNode: nodes)
  }

  /// The usable CPUs of a node, or all usable ones where the node has none or is not known.
  public func cpus(onNode node: Int?) -> [Int] {
    guard let node, let found = cpusByNode[node], !found.isEmpty else { return cpus }
    return found
  }

  /// The node of a CPU; 0 where it is not known.
  public func node(ofCPU cpu: Int) -> Int {
    cpusByNode.first { $0.value.contains(cpu) }?.key ?? 0
  }

  private static func allowedCPUs() -> [Int] {
    var mask = [UInt](repeating: 0, count: 128)
    let bytes = linux_affinity(&mask, UInt(mask.count * MemoryLayout<UInt>.size))
    guard bytes > 0 else { return [0] }
    return (0..<Int(bytes) * 8).filter { mask[$0 / 64] & (1 << UInt($0 % 64)) != 0 }
  }
}

/// A CPU and the NUMA node that it belongs to.
public struct CPULocation: Sendable, Equatable {
  /// The CPU.
  public var cpu: Int
  /// Its node.
  public var node: Int

  /// Where the calling thread runs at this moment.
  ///
  /// The corresponding C call is `getcpu`.
  public static func current() -> CPULocation {
    var cpu: UInt32 = 0
    var node: UInt32 = 0
    guard linux_getcpu(&cpu, &node) == 0 else { return CPULocation(cpu: -1, node: -1) }
    return CPULocation(cpu: Int(cpu), node: Int(node))
  }
}
