import FoundationEssentials
public import Measurements

/// A run as `run.json`: the layout of `docs/schema/run-1.schema.json`.
public enum RunRecordJSON {
  /// `record` as UTF-8: keys sorted, indented, ended by a line feed; equal records, equal bytes.
  ///
  /// - Throws: ``RunRecordJSONError`` where a figure is no number, with the place of it.
  public static func encode(_ record: RunRecord) throws(RunRecordJSONError) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    do {
      return [UInt8](try encoder.encode(record)) + [UInt8(ascii: "\n")]
    } catch EncodingError.invalidValue(let value, let context) {
      throw .unencodable(place: path(context.codingPath), value: "\(value)")
    } catch {
      throw .unencodable(place: "run.json", value: "\(error)")
    }
  }

  /// The record in `bytes`.
  ///
  /// - Throws: ``RunRecordJSONError``, a case for each thing that a caller can do about it.
  public static func decode(_ bytes: [UInt8]) throws(RunRecordJSONError) -> RunRecord {
    let data = Data(bytes)
    let decoder = JSONDecoder()
    // A newer layout may differ in anything else, so its number is read on its own first.
    if let found = (try? decoder.decode(Schema.self, from: data))?.schema,
      found != RunRecord.currentSchema
    {
      throw .otherSchema(found)
    }
    do {
      return try decoder.decode(RunRecord.self, from: data)
    } catch DecodingError.keyNotFound(let key, let context) {
      throw .malformed(place: path(context.codingPath + [key]), problem: "is missing")
    } catch DecodingError.typeMismatch(_, let context) {
      throw .malformed(place: path(context.codingPath), problem: context.debugDescription)
    } catch DecodingError.valueNotFound(_, let context) {
      throw .malformed(place: path(context.codingPath), problem: "is null")
    } catch DecodingError.dataCorrupted(let context) {
      throw .malformed(place: path(context.codingPath), problem: context.debugDescription)
    } catch {
      throw .malformed(place: "run.json", problem: "\(error)")
    }
  }

  private struct Schema: Decodable { var schema: Int }

  private static func path(_ keys: [any CodingKey]) -> String {
    var text = ""
    for key in keys {
      if let index = key.intValue {
        text += "[\(index)]"
      } else {
        text += text.isEmpty ? key.stringValue : ".\(key.stringValue)"
      }
    }
    return text.isEmpty ? "the document" : text
  }
}

/// Why a run could not be written as JSON, or read from it.
public enum RunRecordJSONError: Error, Equatable, CustomStringConvertible {
  /// A figure that JSON cannot hold.
  case unencodable(place: String, value: String)
  /// A layout that this build does not know.
  case otherSchema(Int)
  /// No run of this layout.
  case malformed(place: String, problem: String)

  /// What is wrong, where, and what to do.
  public var description: String {
    switch self {
    case .unencodable(let place, let value):
      return "\(place) is '\(value)', which JSON cannot hold; the run's journal has its figures"
    case .otherSchema(let found) where found > RunRecord.currentSchema:
      return
        "the run has schema \(found) and this storebench reads schema "
        + "\(RunRecord.currentSchema); use the storebench that wrote it, or a newer one"
    case .otherSchema(let found):
      return
        "the run has schema \(found), which never was; this storebench reads schema "
        + "\(RunRecord.currentSchema)"
    case .malformed(let place, let problem):
      return "not a run of schema \(RunRecord.currentSchema): \(place): \(problem)"
    }
  }
}
