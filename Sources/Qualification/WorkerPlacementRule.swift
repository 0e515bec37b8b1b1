internal import LinuxIO

/// Which CPUs the workers are pinned to, in turn; pure.
enum WorkerPlacementRule {
  /// The CPUs of the device's node, those that take its interrupts first.
  ///
  /// At depth 1 a worker on the interrupt's own CPU is a third faster than on another: the figure
  /// would otherwise measure the scheduler's choice.
  static func cpus(topology: NUMATopology, node: Int?, interruptCPUs: String?) -> [Int] {
    let usable = topology.cpus(onNode: node)
    let taking = interruptCPUs.map(list) ?? []
    // Where every CPU takes interrupts there is a queue for each, and order says nothing.
    guard !taking.isEmpty, taking.count < usable.count else { return usable }
    let first = usable.filter(taking.contains)
    return first + usable.filter { !taking.contains($0) }
  }

  /// Reads the kernel's lists, such as `0-3,8`; what is not one is left out.
  static func list(_ text: String) -> Set<Int> {
    var result: Set<Int> = []
    for part in text.split(separator: ",") {
      let ends = part.split(separator: "-").compactMap { Int($0) }
      guard let low = ends.first, let high = ends.last, low <= high, high < 65_536 else { continue }
      result.formUnion(low...high)
    }
    return result
  }
}
