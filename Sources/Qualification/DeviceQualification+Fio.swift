internal import Driver
internal import LinuxIO
internal import Measurements
internal import Verdicts
public import Workloads

extension DeviceQualification {
  /// The fio jobs that come closest to the run's scenarios, one after the other.
  ///
  /// - Throws: `WorkloadError` where a scenario does not fit the subject.
  public func fioJobs() throws(WorkloadError) -> String {
    let profile = request.profile
    var jobs: [String] = []
    for scenario in scenarios {
      let plan = ScenarioPlan(
        spec: scenario, rangeBytes: header.subjects.first?.rangeBytes ?? 0,
        cpus: NUMATopology.current().cpus(onNode: subject.numaNode), rounds: profile.rounds,
        stallLimit: profile.stallLimit, runID: runID, seed: request.seed,
        compressiblePercent: profile.preconditioning.compressiblePercent)
      let load = try plan.load(
        round: 0, startBytes: 0, logicalBlockBytes: subject.logicalBlockBytes, check: .none)
      let round = (scenario.round ?? profile.rounds.duration).seconds
      guard let workload = load.blocks else { continue }
      var job = FioJob(
        name: scenario.name, spec: workload, filename: subject.record.openedPath,
        depth: load.depth, threads: load.threads, arrival: load.arrival.openRate, seconds: round,
        rampSeconds: profile.rounds.rampUp.seconds, seed: request.seed,
        compressiblePercent: load.compressiblePercent)
      job.rounds = profile.rounds.min...max(profile.rounds.min, profile.rounds.max)
      job.waitsForOthers = !jobs.isEmpty
      jobs.append(job.text)
    }
    return jobs.joined(separator: "\n")
  }
}
