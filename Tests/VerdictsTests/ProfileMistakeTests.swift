import Testing

@testable import Verdicts

@Suite("A mistake in a profile is answered with its place") struct ProfileMistakeTests {
  @Test(
    "line, column and remedy",
    arguments: [
      (
        "raw/point-lookup/p99:", "raw/point-lookup/p9999:",
        "lab.yaml:21:20: unknown metric 'p9999' in gate 'raw/point-lookup/p9999'; did you mean 'p99.99'?"
      ),
      (
        "max: 2 ms", "max: 2",
        "lab.yaml:21:31: 'max' in gate 'raw/point-lookup/p99': '2' has no unit"
      ),
      ("max: 2 ms", "max: 2 KiB", "lab.yaml:21:31: 'max' in gate 'raw/point-lookup/p99': 'KiB' in"),
      ("max: 2 ms", "min: 2 ms", "lab.yaml:21:31: gate 'raw/point-lookup/p99' needs 'max'"),
      ("min: 20K", "min: 2 ms", "lab.yaml:19:34: 'min' in gate 'raw/random-read-4k/iops': 'ms' in"),
      (
        "min: 20K", "min: 1e400",
        "lab.yaml:19:34: 'min' in gate 'raw/random-read-4k/iops': '1e400' is too large"
      ),
      ("min: 20K", "min: 99999999999999999999", "too large"),
      ("min: 20K", "min: NaN", "'NaN' is not a rate"),
      ("min: 20K", "min: .inf", "'.inf' is not a rate"),
      ("min: 20K", "min: -5", "'-5' is negative"),
      ("min: 20K", "min: 0", "a limit of 0 decides nothing"),
      ("min: 20K", "min: [1]", "must be one value, not a list"),
      ("min: 20K", "min: 20K, max: 30K", "has min and max; keep only 'min'"),
      (
        "min: 20K, reason: enough", "min: 20K",
        "lab.yaml:19:28: gate 'raw/random-read-4k/iops' lacks 'reason'"
      ),
      ("source: us}", "source: ' '}", "'source' in gate 'raw/random-read-4k/iops' is blank"),
      (
        "source: us}", "source: us, sauce: x}",
        "unknown key 'sauce' in gate 'raw/random-read-4k/iops'; did you mean 'source'?"
      ),
      (
        "raw/random-read-4k/iops", "raw/random-raed-4k/iops",
        "does not exist; did you mean 'random-read-4k'?"
      ),
      ("raw/random-read-4k/iops", "row/random-read-4k/iops", "did you mean 'raw'?"),
      ("raw/random-read-4k/iops", "device/identity/knid", "did you mean 'device/identity/kind'?"),
      ("raw/random-read-4k/iops", "aggregate/random-read-4k/iops", "cannot be measured yet"),
      (
        "workload: random-read", "workload: random-reed",
        "lab.yaml:15:30: 'random-reed' is not a 'workload'; did you mean 'random-read'?"
      ),
      ("depth: 8", "depth: 0", "it must lie between"),
      ("depth: 8", "depth: 1.5", "must be a whole number"),
      ("depth: 8", "depth: many", "'many' is not a plain number"),
      ("depth: 8", "depth: 100000000000000000", "too large"),
      ("depth: 8}", "depth: 8, threads: 9}", "has 9 threads, more than its depth of 8"),
      ("block: 4k", "block: 4000", "'4000' is not a block"),
      ("block: 4k", "block: 4k/60:8k/30", "percents that sum to 100"),
      ("block: 4k", "block: 99999999999999999999k", "is not a block"),
      ("rate: 1K", "rate: 0", "it must lie between"),
      ("arrival: constant, ", "", "has a rate, but its arrival is 'closed'"),
      (", rate: 1K", "", "lacks 'rate'"),
      ("depth: 8}", "depth: 8, distribution: zipf}", "is not a distribution"),
      ("depth: 8}", "depth: 8, read-percent: 50}", "only 'random-mix' has a share"),
      (
        "scenario: random-write-4k", "scenario: random-write",
        "lab.yaml:7:13: steady-state repeats scenario 'random-write', which does not exist"
      ),
      ("round: 1 s", "round: 1", "lab.yaml:8:10: 'round' in 'steady-state': '1' has no unit"),
      ("min: 5, step", "min: 50, step", "'max' is 20 rounds, fewer than 'min' with 50"),
      ("tier: hot", "tier: hoot", "lab.yaml:3:7: 'hoot' is not a 'tier'; did you mean 'hot'?"),
      (
        "tier: hot", "teir: hot",
        "lab.yaml:3:1: unknown key 'teir' in the profile; did you mean 'tier'?"
      ),
      ("tier: hot", "tier:", "'tier' in the profile has no value"),
      ("tier: hot", "tier: hot\nconfidence: 1", "it must lie between 0.8 and 0.9999"),
      ("tier: hot", "tier: hot\ndemonstration: yes", "must be true or false, not 'yes'"),
      ("tier: hot", "tier: hot\nlink: null", "'link: null' drops nothing"),
      (
        "tier: hot", "tier: hot\nmodes: {quik: {}}",
        "unknown key 'quik' in 'modes'; did you mean 'quick'?"
      ),
      (
        "tier: hot", "tier: hot\nmodes: {nightly: {rounds: {max: 2 s}}}",
        "'max' in 'rounds': 's' in '2 s'"
      ),
      ("tier: hot", "tier: hot\nextends: nowhere", "there is no profile 'nowhere'"),
      ("schema: 1", "schema: 2", "lab.yaml:1:9: schema '2' is not known"),
      ("schema: 1", "", "the profile lacks 'schema'"),
      ("name: lab", "name: ../lab", "is not a profile's name"),
      (
        "name: lab", "name: lab\nname: lab",
        "lab.yaml:3:1: 'name' occurs twice in one mapping, first in line 2"
      ),
      ("  round: 1 s", "\tround: 1 s", "lab.yaml:8:1: tab in the indentation"),
      ("name: lab", "name: *lab", "undefined alias"),
      ("name: lab", "name: {a: b", "lab.yaml:3:5: not valid YAML"),
      ("name: lab", "name: lab\n---\nname: lab", "lab.yaml:3:1: a profile is one YAML document"),
      ("name: lab", "name: l\u{1}b", "not valid YAML"),
      ("name: lab", "name: lab\n? [a, b]\n: c", "lab.yaml:3:3: a key must be a word"),
    ])
  func mistake(old: String, new: String, expected: String) {
    let found = Fixture.mistakes(Fixture.replacing(old, new))
    #expect(found.contains { $0.contains(expected) }, "\(found)")
  }

  @Test("all at once") func together() {
    let text = Fixture.profile.split(separator: "\n").map { line in
      line.contains("min: 20K")
        ? "  raw/random-read-4k/iopps: {min: 20K, reason: x, source: y}"
        : line.contains("max-rounds") ? "  max-rouns: 10" : String(line)
    }.joined(separator: "\n")
    let found = Fixture.mistakes(text)
    #expect(found.contains { $0.contains(":10:3: unknown key 'max-rouns'") }, "\(found)")
    #expect(found.contains { $0.contains("unknown metric 'iopps'") })
    #expect(found.contains { $0.contains("'steady-state' lacks 'max-rounds'") })
    #expect(Set(found).count == found.count)
  }

  @Test(
    "where there is nothing",
    arguments: ["", "\n\n", "# only a comment\n", "---\n", "null", "--- ~\n"])
  func empty(text: String) {
    #expect(Fixture.mistakes(text).first?.contains("the profile is empty") == true)
  }

  @Test("where there is no mapping", arguments: ["[1, 2]", "hot", "- a\n- b"])
  func noMapping(text: String) {
    #expect(Fixture.mistakes(text).first?.contains("must be a mapping") == true)
  }

  @Test("an alias bomb is refused before it is expanded") func aliasBomb() {
    var text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
    for level in 1...30 {
      let aliases = Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", ")
      text += "a\(level): &a\(level) [\(aliases)]\n"
    }
    #expect(Fixture.mistakes(text).first?.contains("anchors and aliases") == true)
  }

  @Test("a few aliases of a large value are counted") func fewAliases() {
    let many = (0..<4000).map { "k\($0): v" }.joined(separator: ", ")
    let text = "a: &a {\(many)}\nb: &b {x: *a, y: *a, z: *a}\nc: {x: *b, y: *b, z: *b}"
    #expect(Fixture.mistakes(text).first?.contains("more than 20000 keys and values") == true)
  }

  @Test(
    "nesting without end is refused",
    arguments: [
      "a: " + String(repeating: "[", count: 100_000),
      "a: " + String(repeating: "{x: ", count: 100_000),
      String(repeating: "- ", count: 100_000), String(repeating: "? ", count: 100_000),
      (0..<2000).map { String(repeating: " ", count: $0) + "a:\n" }.joined(),
    ])
  func nesting(text: String) {
    let found = Fixture.mistakes(text).first ?? ""
    #expect(
      found.contains("nested more than 32 levels deep") || found.contains("1 MiB"), "\(found)")
  }

  @Test("a file beyond all reason is refused") func size() {
    let text = Fixture.profile + "\n#" + String(repeating: "x", count: 1 << 20)
    #expect(Fixture.mistakes(text) == ["lab.yaml:1:1: the profile is longer than 1 MiB"])
  }

  @Test("parents in a circle or without end are refused") func circles() {
    let one = "schema: 1\nname: one\nextends: two"
    let two = "schema: 1\nname: two\nextends: one"
    let circle = Fixture.mistakes(
      "schema: 1\nname: lab\nextends: one", parents: ["one": one, "two": two])
    #expect(
      circle.contains { $0.contains("in a circle: lab.yaml → one.yaml → two.yaml → one.yaml") })
    var parents: [String: String] = [:]
    for index in 0..<20 {
      parents["p\(index)"] = "schema: 1\nname: p\nextends: p\(index + 1)"
    }
    let deep = Fixture.mistakes("schema: 1\nname: lab\nextends: p0", parents: parents)
    #expect(deep.contains { $0.contains("more than 8 profiles extend each other") })
  }

  @Test("a mistake in a parent names the parent's file") func parentPlace() {
    let found = Fixture.mistakes(
      "schema: 1\nname: child\nextends: base",
      parents: ["base": Fixture.replacing("max: 2 ms", "max: 2")])
    #expect(found.count == 1 && found[0].hasPrefix("base.yaml:21:31:"), "\(found)")
  }

  @Test("without scenarios or gates a profile is told what it lacks") func empty() {
    for (key, message) in [
      ("scenarios", "'scenarios' names no scenario"), ("gates", "'gates' names no gate"),
    ] {
      let kept = Fixture.profile.split(separator: "\n").prefix { !$0.hasPrefix("\(key):") }
      let found = Fixture.mistakes(kept.joined(separator: "\n") + "\n\(key): {}\n")
      #expect(found.contains { $0.contains(message) }, "\(found)")
      #expect(!found.contains { $0.contains("not a mapping") }, "\(found)")
    }
  }

  @Test("an override that drops the last gate is told so") func lastGate() {
    let found = Fixture.mistakes(
      Fixture.profile,
      overrides: [
        "raw/random-read-4k/iops=null", "raw/random-write-4k/iops=null",
        "raw/point-lookup/p99=null",
      ])
    #expect(
      found == [
        "--set raw/point-lookup/p99=null: 'raw/point-lookup/p99' is the last gate left; a profile "
          + "needs at least one to judge by"
      ])
  }

  @Test(
    "overrides are answered with the nearest key",
    arguments: [
      (
        "rounds.duratoin=1s",
        "a profile has no key 'rounds.duratoin'; the nearest is 'rounds.duration'"
      ),
      ("raw/random-read-4k/iop=1", "the nearest is 'raw/random-read-4k/iops'"),
      ("raw/random-read-4k=1", "the nearest is 'raw/random-read-4k/iops'"),
      ("scenarios.random-read-4k.deepth=1", "the nearest is 'scenarios.random-read-4k.depth'"),
      ("rounds=5", "'rounds' holds several keys; set one of duration"),
      ("rounds.duration=1", "--set rounds.duration=1: 'duration' in 'rounds': '1' has no unit"),
      ("raw/point-lookup/p99=5", "--set raw/point-lookup/p99=5: 'max' in gate"),
      ("demonstration", "write KEY=VALUE"), ("=5", "write KEY=VALUE"),
      ("rounds.min=", "has no value"), ("schema=2", "a profile has no key 'schema'"),
      ("extends=hot", "a profile has no key 'extends'"),
      ("scenarios.point-lookup.workload=null", "scenario 'point-lookup' lacks 'workload'"),
      ("raw/random-read-4k/iops=1e400", "too large"),
    ])
  func overrides(text: String, expected: String) {
    let found = Fixture.mistakes(Fixture.profile, overrides: [text])
    #expect(found.contains { $0.contains(expected) }, "\(found)")
  }
}
