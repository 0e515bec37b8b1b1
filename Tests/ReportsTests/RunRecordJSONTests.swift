import Foundation
import Measurements
import TestSupport
import Testing

@testable import Reports

@Suite("run.json") struct RunRecordJSONTests {
  static let records = [SyntheticRecord.full, SyntheticRecord.bare]

  @Test("reads back as the record that it was written from", arguments: [0, 1])
  func roundTrip(index: Int) throws {
    let record = Self.records[index]
    let bytes = try RunRecordJSON.encode(record)
    #expect(try RunRecordJSON.decode(bytes) == record)
    #expect(try RunRecordJSON.encode(RunRecordJSON.decode(bytes)) == bytes)
    #expect(bytes.last == UInt8(ascii: "\n"))
  }

  @Test("is as its fixture, byte for byte") func golden() throws {
    let text = String(decoding: try RunRecordJSON.encode(SyntheticRecord.full), as: UTF8.self)
    try Fixture.expect(text, isIn: "run.json")
    #expect(text.contains("\"seed\" : 18446744073709551615"))
  }

  @Test("is what its schema says, with every optional and with none", arguments: [0, 1])
  func schema(index: Int) throws {
    let bytes = try RunRecordJSON.encode(Self.records[index])
    #expect(try JSONSchema(named: "run-1.schema.json").problems(in: bytes) == [])
  }

  @Test("has a schema without a property that no record has") func schemaCovers() throws {
    let bytes = try RunRecordJSON.encode(SyntheticRecord.full)
    #expect(try JSONSchema(named: "run-1.schema.json").unusedProperties(in: bytes) == [])
  }

  @Test(
    "is refused by its schema after a change",
    arguments: [
      ("\"schema\" : 1", "\"schema\" : 2"), ("\"tier\" : \"hot\"", "\"tier\" : \"tepid\""),
      ("\"runID\"", "\"runId\""), ("\"bytesWritten\" : 8589934592", "\"bytesWritten\" : -1"),
      ("\"certifiable\" : false", "\"certifiable\" : 0"),
      ("\"confidence\" : 0.998", "\"confidence\" : 1.5"),
      ("\"exitCode\" : 1", "\"exitCode\" : 1.5"), ("\"61\" : 1", "\"61\" : \"1\""),
    ])
  func schemaRefuses(found: String, replacement: String) throws {
    let text = String(decoding: try RunRecordJSON.encode(SyntheticRecord.full), as: UTF8.self)
    let changed = text.replacing(found, with: replacement)
    #expect(changed != text)
    let schema = try JSONSchema(named: "run-1.schema.json")
    #expect(try !schema.problems(in: Array(changed.utf8)).isEmpty)
  }

  @Test(
    "is what its schema says in the eyes of python's jsonschema too",
    .enabled(
      if: Command.succeeds(["python3", "-W", "ignore", "-c", "import jsonschema"]),
      "python3 has no jsonschema"))
  func python() throws {
    let script = """
      import json, jsonschema, sys
      schema = json.load(open(sys.argv[1]))
      jsonschema.Draft202012Validator.check_schema(schema)
      jsonschema.Draft202012Validator(schema).validate(json.load(open(sys.argv[2])))
      """
    for record in Self.records {
      let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID()).json")
      defer { try? FileManager.default.removeItem(at: file) }
      try Data(RunRecordJSON.encode(record)).write(to: file)
      let schema = "\(Fixture.repository)/docs/schema/run-1.schema.json"
      #expect(Command.succeeds(["python3", "-W", "ignore", "-c", script, schema, file.path]))
    }
  }

  @Test(
    "that cannot be read says where and why",
    arguments: [
      (
        "\"schema\" : 1", "\"schema\" : 7",
        "the run has schema 7 and this storebench reads schema 1"
      ),
      ("\"runID\"", "\"runId\"", "runID: is missing"),
      ("\"name\" : \"raw/random-read-4k/iops\"", "\"name\" : \"iops\"", "verdict.gates[1].name"),
      ("\"seed\" : 18446744073709551615", "\"seed\" : -1", "not a run of schema 1"),
      ("\"61\" : 1", "\"EIO\" : 1", "'EIO' is not an errno value"),
      ("{", "", "not a run of schema 1"),
    ])
  func unreadable(found: String, replacement: String, words: String) throws {
    let text = String(decoding: try RunRecordJSON.encode(SyntheticRecord.full), as: UTF8.self)
    let changed = text.replacing(found, with: replacement, maxReplacements: 1)
    let error = #expect(throws: RunRecordJSONError.self) {
      try RunRecordJSON.decode(Array(changed.utf8))
    }
    #expect(error?.description.contains(words) == true, "\(String(describing: error))")
  }

  @Test("is not written with a figure that JSON cannot hold") func notFinite() {
    var record = SyntheticRecord.full
    record.verdict?.gates[1].upper = .infinity
    let error = #expect(throws: RunRecordJSONError.self) { try RunRecordJSON.encode(record) }
    #expect(error?.description.contains("verdict.gates[1].upper") == true)
  }

  @Test("has histograms beside it that are what their schema says", arguments: [nil, 7])
  func samples(second: Int?) throws {
    var histogram = LatencyHistogram()
    histogram.record(Nanoseconds(81_000))
    histogram.record(Nanoseconds(1_200_000))
    let sample = SampleRecord(
      phase: "random-read-4k", round: 3, second: second, latency: histogram.sparse)
    let bytes = [UInt8](try JSONEncoder().encode(sample))
    #expect(try JSONSchema(named: "samples-1.schema.json").problems(in: bytes) == [])
  }
}
