import FoundationEssentials
import Measurements
import TestSupport
import Testing
import Verdicts

@testable import Qualification

@Suite("A journal")
struct JournalTests {
  @Test("tells the record that the run held, also after it went through JSON")
  func derived() async throws {
    let run = try await SimulatedRun(.cold, on: SimulatedRun.soundDisk)
    #expect(try SimulatedRun.record(journal: run.journal) == run.record)
    let stored = try JSONEncoder().encode(run.record)
    #expect(try JSONDecoder().decode(RunRecord.self, from: stored) == run.record)
    #expect(run.record.finishedAt != nil)
    let phases = run.record.phases.map(\.name)
    #expect(
      phases == [
        "fill", "steady-state", "sequential-read-outer", "sequential-write-1m", "random-read-4k",
        "random-write-4k",
      ])
    let moments = run.record.phases.map(\.startedAt)
    #expect(moments == moments.sorted())
  }

  @Test("holds each phase's latencies as those of all its rounds together")
  func latencies() async throws {
    let run = try await SimulatedRun(.cold, on: SimulatedRun.soundDisk)
    var several = 0
    for phase in run.record.phases {
      var merged = LatencyHistogram()
      for sample in run.samples where sample.phase == phase.name && sample.second == nil {
        merged.add(try #require(LatencyHistogram(sample.latency)))
      }
      #expect(phase.latency?.count == merged.count, "\(phase.name)")
      #expect(phase.latency?.p99 == merged.summary.p99, "\(phase.name)")
      #expect(phase.latency?.max == merged.maxNanoseconds, "\(phase.name)")
      #expect(phase.scenario?.submission.contains("auto") != true, "\(phase.name)")
      if phase.rounds.count > 1 { several += 1 }
    }
    #expect(several > 1)
  }

  @Test("that was cut off after any line still tells the run up to there")
  func cutAfterLines() async throws {
    let run = try await SimulatedRun(.cold, on: SimulatedRun.soundDisk)
    let lines = SimulatedRun.lines(run.journal)
    try #require(lines.count > 60)
    var rounds = 0
    for count in 1...lines.count {
      let part = [UInt8](lines[..<count].joined(separator: [0x0A])) + [0x0A]
      let record = try #require(try SimulatedRun.record(journal: part))
      let known = record.phases.reduce(0) { $0 + $1.rounds.count }
      #expect(known >= rounds)
      rounds = known
      #expect((record.verdict == nil) == (count < lines.count - 1))
      #expect((record.finishedAt == nil) == (count < lines.count))
      for (phase, whole) in zip(record.phases, run.record.phases) {
        #expect(phase == whole || (phase.name == whole.name && phase.outcome == .interrupted))
        #expect(phase.rounds.elementsEqual(whole.rounds.prefix(phase.rounds.count)))
      }
    }
    #expect(rounds == run.record.phases.reduce(0) { $0 + $1.rounds.count })
  }

  @Test("that was cut off inside a line tells what the whole lines say")
  func cutInsideLines() async throws {
    let run = try await SimulatedRun(.cold, on: SimulatedRun.soundDisk)
    let first = try #require(run.journal.firstIndex(of: 0x0A))
    for length in stride(from: first + 1, to: run.journal.count, by: 997) {
      let record = try SimulatedRun.record(journal: Array(run.journal[..<length]))
      #expect(record?.runID == run.record.runID)
    }
    #expect(try SimulatedRun.record(journal: Array(run.journal[..<first])) == nil)
  }

  @Test(
    "has only lines that its schema allows",
    arguments: ["", ",lost-at=25", ",corrupt-every=500", ",silent-at=45"])
  func schema(fault: String) async throws {
    let run = try await SimulatedRun(.cold, on: SimulatedRun.soundDisk + fault)
    let schema = try JSONSchema(named: "journal-1.schema.json")
    for line in SimulatedRun.lines(run.journal) {
      let problems = try schema.problems(in: line)
      #expect(problems.isEmpty, "\(problems)")
    }
  }

  @Test(
    "has a schema that refuses other lines",
    arguments: [
      #"{"at":1,"atUTC":"2026","bytesWritten":0,"event":{},"schema":1}"#,
      #"{"at":1,"atUTC":"2026","bytesWritten":0,"event":{"exploded":{}},"schema":1}"#,
      #"{"at":1,"atUTC":"2026","bytesWritten":0,"event":{"interrupted":{"signal":9}},"schema":1}"#,
      #"{"at":1,"atUTC":"2026","bytesWritten":0,"event":{"roundEnded":{"_0":{}}},"schema":1}"#,
      #"{"at":1,"atUTC":"2026","bytesWritten":0,"event":{"runEnded":{}},"schema":2}"#,
      #"{"at":1,"atUTC":"2026","bytesWritten":-1,"event":{"runEnded":{}},"schema":1}"#,
    ])
  func schemaRefuses(line: String) throws {
    let schema = try JSONSchema(named: "journal-1.schema.json")
    #expect(try !schema.problems(in: Array(line.utf8)).isEmpty)
  }

  @Test("has the lines of interruption and health in its schema, as they are written")
  func rareLines() throws {
    var health = HealthRecord(source: "nvme 2.3")
    health.temperatureCelsius = 41
    let schema = try JSONSchema(named: "journal-1.schema.json")
    for event in [
      JournalEntry.Event.interrupted(signal: "SIGTERM"), .healthRead(subject: 0, health), .runEnded,
    ] {
      let entry = JournalEntry(
        at: Nanoseconds(1), atUTC: "2026-11-23T00:00:00Z", bytesWritten: 7, event: event)
      #expect(try schema.problems(in: [UInt8](JSONEncoder().encode(entry))) == [])
    }
  }
}
