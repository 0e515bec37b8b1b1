import Driver
import FoundationEssentials
import Measurements
import Reports
import Verdicts
import Workloads

/// What `bench` prints.
enum BenchText {
  static func json(_ result: LoadResult) throws(CommandFailure) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    guard let data = try? encoder.encode(result.round) else {
      throw CommandFailure(.internal, "the round cannot be written as JSON")
    }
    return String(decoding: data, as: UTF8.self) + "\n"
  }

  static func text(_ result: LoadResult, _ workload: WorkloadSpec, plan: LoadPlan) -> String {
    let round = result.round
    let latency = round.latency
    func time(_ value: UInt64) -> String { Quantity.latency(nanoseconds: Double(value)) }
    var lines = [
      "\(workload.kind.rawValue) \(workload.blocks), depth \(plan.depth) × "
        + "\(plan.threads), \(result.submission), \(result.mechanism)",
      "rate      \(Quantity.rateInFull(round.iops)), \(Quantity.bandwidth(round.bandwidth))",
      "latency   mean \(Quantity.latency(nanoseconds: latency.meanNanoseconds)), p50 "
        + "\(time(latency.p50)), p99 \(time(latency.p99)), p99.9 \(time(latency.p999)), "
        + "p99.99 \(time(latency.p9999)), max \(time(latency.max))",
    ]
    if let late = round.lateness {
      lines.append("lateness  p50 \(time(late.p50)), p99 \(time(late.p99)), max \(time(late.max))")
    }
    if round.operations > 0 {
      let operations = Double(round.operations)
      func each(_ time: Nanoseconds) -> String {
        Quantity.latency(nanoseconds: Double(time.rawValue) / operations)
      }
      lines.append(
        "cpu       \(each(round.userCPU)) user, \(each(round.systemCPU)) system for each request")
    }
    for place in round.placement {
      let nodes = place.bufferNodes.map(String.init).joined(separator: ",")
      lines.append(
        "worker \(place.worker)  cpu \(place.cpu), node \(place.node), buffers on node \(nodes)")
    }
    if round.faults.total > 0 {
      lines.append("faults    \(result.detail ?? "\(round.faults.total)")")
    }
    if round.faults.unwritten > 0 {
      lines.append(
        "unwritten \(round.faults.unwritten) of the checked reads returned constant data, so the "
          + "medium may not have been touched; write the range first")
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
