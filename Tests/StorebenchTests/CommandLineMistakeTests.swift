import Foundation
import Testing

@Suite(
  "A mistake on the command line",
  .enabled(if: StorebenchProgram.isThere, StorebenchProgram.absence))
struct CommandLineMistakeTests {
  @Test(
    "ends with 64 and says what to write instead",
    arguments: [
      (["qualify"], "<target>"),
      (["qualify", "simulated:"], "--tier hot, warm or cold"),
      (
        [
          "bench", "device", "null:", "--profile", "hot", "--scenario", "random-read-4k", "--depth",
          "4", "--block", "8k",
        ], "--block, --depth"
      ),
      (["qualify", "--teir", "hot", "simulated:"], "Did you mean '--tier'?"),
      (["qualify", "--tier", "tepid", "simulated:"], "'hot', 'warm' or 'cold'"),
      (["qualify", "--tier", "hot", "--mode", "full", "simulated:"], "'quick' and 'nightly'"),
      (["qualify", "--tier", "hot", "--layer", "engine", "simulated:"], "--layer raw"),
      (["qualify", "--tier", "warm", "--profile", "hot", "simulated:"], "drop one"),
      (
        ["qualify", "--tier", "hot", "--set", "tier=cold", "simulated:"],
        "--set tier=cold: is another tier than --tier hot says"
      ),
      (["qualify", "--profile", "nowhere.yaml", "simulated:"], "nowhere.yaml: cannot be read"),
      (["qualify", "--profile", "/dev", "simulated:"], "hot, warm, cold, demo"),
      (["qualify", "--tier", "hot", "null:"], "bench device null:"),
      (["qualify", "--tier", "hot", "simulated:speed=3"], "read-iops, write-iops"),
      (["qualify", "--tier", "hot", ""], "empty"),
      (["qualify", "--tier", "hot", "--size", "0", "simulated:"], "--size 0"),
      (["qualify", "--tier", "hot", "--size", "-1", "simulated:"], "--size -1"),
      (["qualify", "--tier", "hot", "--size", "1", "/var/tmp"], "--size 1"),
      (["qualify", "--tier", "hot", "--size", "1e99", "simulated:"], "8GiB"),
      (["qualify", "--tier", "hot", "--size", "999999999999T", "simulated:"], "8GiB"),
      (["qualify", "--tier", "hot", "--seed", "-1", "simulated:"], "--seed"),
      (["qualify", "--tier", "hot", "--seed", "1e30", "simulated:"], "whole number"),
      (["qualify", "--tier", "hot", "--destroy-data", "X", "simulated:"], "leave it out"),
      (["qualify", "--tier", "hot", "--destroy-data", "X", "/var/tmp"], "whole disks"),
      (["qualify", "--tier", "hot", "--set", "rounds.mim=5", "simulated:"], "'rounds.min'"),
      (["qualify", "--tier", "hot", "--set", "raw/random-read-4k/iosp=5", "simulated:"], "iops"),
      (["qualify", "--tier", "hot", "--set", "rounds.min", "simulated:"], "KEY=VALUE"),
      (["qualify", "--tier", "hot", "--set", "", "simulated:"], "KEY=VALUE"),
      (["qualify", "--tier", "hot", "--set", "rounds.min=0", "simulated:"], "between 4 and 1000"),
      (
        ["qualify", "--tier", "hot", "--set", "raw/random-read-4k/iops=2M", "simulated:"],
        "7.88 GB/s ÷ 4 KiB = 1 923 076"
      ),
      (["qualify", "--tier", "hot", "--out", "", "simulated:"], "--out is empty"),
      (["qualify", "--tier", "hot", "--json", "--print-fio", "simulated:"], "give one"),
      (["bench", "device", "null:", "--json", "--print-fio"], "give one"),
      (["bench", "device", "null:", "--read-percent", "70"], "for random-mix; leave it out"),
      (["bench", "device", "null:", "--compressible", "0"], "writes nothing; leave it out"),
      (["bench", "device", "null:", "--workload", "dance"], "random-read, random-write"),
      (["bench", "device", "null:", "--depth", "0"], "from 1 to 4096"),
      (["bench", "device", "null:", "--depth", "-1"], "from 1 to 4096"),
      (["bench", "device", "null:", "--threads", "100000"], "from 1 to 1024"),
      (["bench", "device", "null:", "--seconds", "inf"], "--seconds"),
      (["bench", "device", "null:", "--seconds", "nan"], "--seconds"),
      (["bench", "device", "null:", "--rate", "nan"], "arrivals a second"),
      (["bench", "device", "null:", "--rate", "0"], "arrivals a second"),
      (["bench", "device", "null:", "--rate", "-1"], "--rate: -1.0 arrivals a second"),
      (["bench", "store", "x", "--rate", "-1"], "--rate: -1.0 arrivals a second"),
      (["bench", "device", "null:", "--poisson"], "--rate"),
      (["bench", "device", "null:", "--block", "4k/60:8k/20"], "80 %"),
      (["bench", "device", "null:", "--block", "100"], "128k"),
      (["bench", "device", "null:", "--cpus", "4000"], "--cpus 4000"),
      (["bench", "device", "null:", "--cpus", "0,"], "--cpus 0,"),
      (["bench", "device", "null:", "--distribution", "zipf:99"], "zipf"),
      (["bench", "device", "null:", "--submission", "ramp:1"], "ramp:2 to ramp:64"),
      (["bench", "device", "null:", "--destroy-data", "X"], "leave it out"),
      (["bench", "device", "/nowhere/at/all"], "there is no /nowhere"),
      (["bench", "store", "x", "--workload", "dance"], "random-read, point-lookup"),
      (["bench", "store", "x", "--keys", "few"], "write it as 5M"),
      (["bench", "store", "x", "--keys", "0"], "write it as 5M"),
      (["bench", "store", "x", "--keys", "1.5"], "write it as 5M"),
      (["bench", "store", "x", "--value-size", "31"], "must be from 32"),
      (["bench", "store", "x", "--value-size", "big"], "--value-size big"),
      (["bench", "store", "x", "--key-order", "random"], "scattered nor ascending"),
      (["bench", "store", "x", "--depth", "0"], "from 1 to 4096"),
      (["bench", "store", "x", "--workload", "point-lookup"], "--rate 50000"),
      (["bench", "store", "x", "--poisson"], "--rate"),
      (["bench", "store", "x", "--batch", "5"], "batch-write, multi-get"),
      (["bench", "store", "x", "--scan-length", "5"], "scan-forward, scan-backward"),
      (["bench", "store", "x", "--read-percent", "5"], "for read-while-writing"),
      (["bench", "store", "x", "--writers", "1"], "for read-while-writing"),
      (
        ["bench", "store", "x", "--workload", "read-while-writing", "--writers", "1"],
        "ask for more threads"
      ),
      (
        [
          "bench", "store", "x", "--workload", "read-while-writing", "--writers", "1",
          "--read-percent", "5",
        ], "give one"
      ),
      (
        ["bench", "store", "x", "--workload", "ycsb-d", "--distribution", "uniform"], "leave it out"
      ),
      (["bench", "store", "x", "--durability", "grouped"], "grouped:10ms"),
      (["bench", "store", "x", "--durability", "grouped:0ms"], "from 100us"),
      (["bench", "store", "x", "--memory", "12"], "--memory 12"),
      (["bench", "store", "x", "--settings", "fast"], "as-specified"),
      (["bench", "store", "x", "--cpus", "4000"], "--cpus 4000"),
      (["bench", "store", "x", "--out", "/dev/null"], "not there yet"),
      (["compare", "/nowhere", "/nowhere"], "/nowhere: cannot be read"),
      (["profiles", "show", "tepid"], "tepid: cannot be read"),
      (["profiles", "check", "/nowhere"], "/nowhere: cannot be read"),
      (["destroy", "/dev/sda"], "destroy"),
    ] as [([String], String)])
  func usage(arguments: [String], remedy: String) throws {
    let folder = try TestFolder()
    let ending = try StorebenchProgram.run(arguments, in: folder.url)
    #expect(ending.code == 64, "\(ending.text)")
    #expect(ending.output.isEmpty, "\(ending.output)")
    #expect(ending.errors.contains(remedy), "\(ending.errors)")
    #expect(try folder.entries() == [])
  }

  @Test(
    "in a profile is told with its line, and nothing runs",
    arguments: [
      ("schema: 1\nname: x\nextends: hot\nsumary: y\n", ":4:1:", "summary"),
      ("schema: 1\nname: x\nname: y\nextends: hot\n", ":3:1:", "name"),
      ("schema: 1\nname: x\nextends: hot\nrounds: 7\n", ":4:9:", "rounds"),
      ("schema: 1\nname: x\nextends: hot\nrounds:\n  min: soon\n", ":5:8:", "soon"),
      ("schema: 1\nname: x\nextends: hot\nrounds:\n  duration: 5 parsec\n", ":5:13:", "parsec"),
      (
        """
        schema: 1
        name: x
        extends: warm
        gates:
          raw/random-read-4k/iops:
            min: 200K
            reason: wished for
            source: nobody
        """, ":6:", "600 MB/s ÷ 4 KiB = 146 484"
      ),
      (
        "schema: 1\nname: x\nextends: hot\nconfidence: 1e99999999999999999999\n", ":4:13:",
        "confidence"
      ),
      (
        "schema: 99999999999999999999999999\nname: x\nextends: hot\n", ":1:9:", "schema"
      ),
      (
        "a: &a [x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a]\n"
          + "c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b]\nd: &d [*c, *c, *c, *c, *c, *c, *c, *c]\n"
          + "e: &e [*d, *d, *d, *d, *d, *d, *d, *d]\nf: &f [*e, *e, *e, *e, *e, *e, *e, *e]\n"
          + "g: &g [*f, *f, *f, *f, *f, *f, *f, *f]\nh: [*g, *g, *g, *g, *g, *g, *g, *g]\n",
        ":2:1:", "aliases"
      ),
      ("schema: 1\nname: x\nextends: lab.yaml\n", "", "lab.yaml"),
      ("schema: 1\nname: x\nextends: self\n", ":3:", "self: cannot be read"),
      ("\u{0}\u{1}", "", "lab.yaml"),
      ("", "", "lab.yaml"),
      (String(repeating: "[", count: 20_000), "", "lab.yaml"),
    ])
  func profile(text: String, place: String, word: String) throws {
    let folder = try TestFolder()
    let file = try folder.write(text, to: "lab.yaml")
    let before = try folder.entries()
    for arguments in [["qualify", "--profile", file, "simulated:"], ["profiles", "check", file]] {
      let ending = try StorebenchProgram.run(arguments, in: folder.url)
      #expect(ending.code == 64, "\(ending.text)")
      #expect(ending.output.isEmpty)
      #expect(ending.errors.contains("lab.yaml" + place), "\(ending.errors)")
      #expect(ending.errors.contains(word), "\(ending.errors)")
      #expect(!ending.errors.contains("CommandFailure"), "\(ending.errors)")
    }
    #expect(try folder.entries() == before)
  }
}
