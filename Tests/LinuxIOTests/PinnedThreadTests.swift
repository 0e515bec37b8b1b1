import Glibc
import Measurements
import Synchronization
import Testing

@testable import LinuxIO

@Suite("A pinned thread") struct PinnedThreadTests {
  @Test("runs on its CPU under its name, which the topology knows")
  func pinned() throws {
    let topology = NUMATopology.current()
    #expect(!topology.cpus.isEmpty)
    for cpu in topology.cpus {
      let seen = Mutex<(CPULocation, String)?>(nil)
      let thread = try PinnedThread(name: "pinned-\(cpu)", cpu: cpu) {
        let name = KernelTree.live.text("/proc/thread-self/comm") ?? ""
        seen.withLock { $0 = (CPULocation.current(), name) }
      }
      thread.join()
      thread.join()
      let (location, name) = try #require(seen.withLock { $0 })
      #expect(location == CPULocation(cpu: cpu, node: topology.node(ofCPU: cpu)))
      #expect(name.hasPrefix("pinned-\(cpu)"))
    }
  }

  @Test("stays anywhere where its CPU does not exist", arguments: [-1, 8191, 1 << 20])
  func nowhere(cpu: Int) throws {
    let location = Mutex<CPULocation?>(nil)
    let thread = try PinnedThread(name: "nowhere", cpu: cpu) {
      location.withLock { $0 = CPULocation.current() }
    }
    thread.join()
    let found = try #require(location.withLock { $0 })
    #expect(NUMATopology.current().cpus.contains(found.cpu))
  }

  @Test("that sleeps is woken by kicks, long before its time")
  func kicked() throws {
    let thread = try PinnedThread(name: "sleeper", cpu: nil) {
      MonotonicClock.sleep(Nanoseconds(seconds: 600))
    }
    // One that comes before it sleeps is lost; ten minutes are enough for a hundred.
    for _ in 0..<100 {
      thread.kick()
      MonotonicClock.sleep(Nanoseconds(5_000_000))
    }
    thread.join()
    thread.kick()
  }

  @Test("is kicked out of a wait although its maker blocks all signals, as Dispatch's threads do")
  func kickedThroughMask() throws {
    let answer = Mutex<Int32?>(nil)
    var all = sigset_t()
    var before = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_BLOCK, &all, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    let thread = try PinnedThread(name: "waits", cpu: nil) {
      // Nothing to wait for: only a kick ends this before its limit.
      let code = poll(nil, 0, 20_000)
      let found = code < 0 ? errno : code
      answer.withLock { $0 = found }
    }
    while answer.withLock({ $0 }) == nil {
      usleep(1000)
      thread.kick()
    }
    thread.join()
    #expect(answer.withLock { $0 } == EINTR)
  }

  @Test("has a CPU time of its own, part of the process's")
  func cpuTime() throws {
    let times = Mutex<(CPUTime, CPUTime)?>(nil)
    let thread = try PinnedThread(name: "worker", cpu: nil) {
      let process = CPUTime.ofProcess()
      while CPUTime.ofThread().user < Nanoseconds(20_000_000) {}
      let own = CPUTime.ofThread()
      times.withLock { $0 = (own, CPUTime.ofProcess() - process) }
    }
    thread.join()
    let (own, process) = try #require(times.withLock { $0 })
    #expect(own.user >= Nanoseconds(20_000_000))
    #expect(process.user + process.system > .zero)
  }
}

@Suite("The NUMA topology") struct NUMATopologyTests {
  static let two = NUMATopology(cpusByNode: [0: [0, 1], 1: [2, 3], 2: []])

  @Test(
    "gives a node's CPUs, or all where it has none or is not known",
    arguments: [
      (0, [0, 1]), (1, [2, 3]), (2, [0, 1, 2, 3]), (9, [0, 1, 2, 3]), (nil, [0, 1, 2, 3]),
      (-1, [0, 1, 2, 3]),
    ] as [(Int?, [Int])])
  func cpus(node: Int?, expected: [Int]) { #expect(Self.two.cpus(onNode: node) == expected) }

  @Test(
    "gives a CPU's node, and 0 for one that it does not know", arguments: [(3, 1), (0, 0), (7, 0)])
  func node(cpu: Int, expected: Int) { #expect(Self.two.node(ofCPU: cpu) == expected) }

  @Test("holds exactly the CPUs that this process may use")
  func allowed() throws {
    let status = try #require(KernelTree.live.text("/proc/self/status"))
    let line = try #require(
      status.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed_list:") })
    var cpus: [Int] = []
    for range in line.dropFirst("Cpus_allowed_list:".count).split(separator: ",") {
      let ends = range.filter { $0 != "\t" && $0 != " " }.split(separator: "-").compactMap {
        Int($0)
      }
      cpus += Array((try #require(ends.first))...(try #require(ends.last)))
    }
    #expect(NUMATopology.current().cpus == cpus)
  }
}
