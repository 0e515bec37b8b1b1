import Driver
import Glibc
import LinuxIO
import Measurements
import Workloads

let a = CommandLine.arguments
// path kind depth seconds block cpu submission size check
let write = a[2].contains("write")
let fd = unsafe open(a[1], (write ? O_RDWR : O_RDONLY) | 0o40000)
guard fd >= 0 else { print("open failed"); exit(1) }
let size = UInt64(a[8])! << 20
var plan = LoadPlan(
  workload: WorkloadSpec(
    kind: WorkloadKind(rawValue: a[2])!, blocks: try BlockSplit(parsing: a[5]), rangeBytes: size),
  depth: Int(a[3])!, threads: 1, end: .after(Nanoseconds(seconds: Double(a[4])!)), seed: UInt64(getpid()),
  runID: RunID(high: 1, low: 2))
plan.cpus = [Int(a[6])!]
plan.rampUp = Nanoseconds(seconds: 0.3)
switch a[7] {
case "batched": plan.submission = .batched
case "each": plan.submission = .each
case "ramp2": plan.submission = .ramp(factor: 2)
default: plan.submission = .ramp(factor: 4)
}
if a.count > 9 { plan.check = .own(every: 16) }
var mode = RingMode()
if unsafe getenv("DEFER") != nil { mode.deferredTaskRun = true }
if unsafe getenv("PLAIN") != nil { mode.cooperativeTaskRun = false; mode.singleIssuer = false }
do {
  let r = try a[1] == "/dev/null" ? LoadRun.run(plan, on: NullTargetFactory()) : LoadRun.run(plan, on: BlockTargetFactory(descriptor: fd, name: a[1], numaNode: 0, mode: mode))
  let n = Double(r.round.operations)
  print("iops \(Int(r.round.iops)) p50 \(r.round.latency.p50/1000) p99 \(r.round.latency.p99/1000) mean \(Int(r.round.latency.meanNanoseconds/1000)) usr/io \(Double(r.round.userCPU.rawValue)/n/1000) sys/io \(Double(r.round.systemCPU.rawValue)/n/1000) \(r.outcome) \(r.detail ?? "") \(r.mechanism) cpu \(r.round.placement[0].cpu) \(r.round.perSecondOperations) unw \(r.round.faults.unwritten) corrupt \(r.round.faults.corrupt)")
} catch { print(error) }
