import FoundationEssentials

/// Any JSON value.
package enum JSONValue: Decodable, Equatable {
  case object([String: JSONValue])
  case array([JSONValue])
  case text(String)
  case integer(Int64)
  case unsigned(UInt64)
  case number(Double)
  case truth(Bool)
  case null

  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let value = try? container.decode(Bool.self) {
      self = .truth(value)
    } else if let value = try? container.decode(Int64.self) {
      self = .integer(value)
    } else if let value = try? container.decode(UInt64.self) {
      self = .unsigned(value)
    } else if let value = try? container.decode(Double.self) {
      self = .number(value)
    } else if let value = try? container.decode(String.self) {
      self = .text(value)
    } else if let value = try? container.decode([JSONValue].self) {
      self = .array(value)
    } else {
      self = .object(try container.decode([String: JSONValue].self))
    }
  }

  /// The member `name`, of objects.
  package subscript(name: String) -> JSONValue? {
    if case .object(let members) = self { members[name] } else { nil }
  }

  /// The value as a number, of numbers.
  package var asDouble: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .unsigned(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }
}

/// The part of JSON Schema, draft 2020-12, that the schemas in `docs/schema` use.
package struct JSONSchema {
  /// The schema's document.
  package let root: JSONValue

  /// Keywords that say something about values; any other in a schema is a mistake of it.
  private static let known: Set<String> = [
    "$schema", "$defs", "$ref", "title", "description", "type", "required", "properties",
    "additionalProperties", "items", "enum", "const", "minimum", "maximum", "minProperties",
    "maxProperties",
  ]

  /// Reads the schema `name` in `docs/schema`.
  package init(named name: String) throws {
    var document = try Self.document(name)
    // What another file defines is found as if it stood here.
    for other in Self.files(namedIn: document) where other != name {
      let foreign = try Self.document(other)
      guard case .object(var members) = document else { continue }
      var definitions: [String: JSONValue] = [other: foreign]
      for case .object(let found)? in [members["$defs"], foreign["$defs"]] {
        definitions.merge(found) { first, _ in first }
      }
      members["$defs"] = .object(definitions)
      document = .object(members)
    }
    root = document
  }

  private static func document(_ name: String) throws -> JSONValue {
    var parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    parts.removeLast(3)
    let url = URL(filePath: parts.joined(separator: "/") + "/docs/schema/\(name)")
    return try JSONDecoder().decode(JSONValue.self, from: Data(contentsOf: url))
  }

  private static func files(namedIn value: JSONValue) -> Set<String> {
    switch value {
    case .object(let members):
      var found = Set(members.values.flatMap(files(namedIn:)))
      if case .text(let reference)? = members["$ref"],
        let file = reference.split(separator: "#", omittingEmptySubsequences: false).first,
        !file.isEmpty
      {
        found.insert(String(file))
      }
      return found
    case .array(let items): return Set(items.flatMap(files(namedIn:)))
    default: return []
    }
  }

  /// What in `bytes` is not as the schema says; empty where all is.
  package func problems(in bytes: [UInt8]) throws -> [String] {
    problems(try JSONDecoder().decode(JSONValue.self, from: Data(bytes)), root, at: "$")
  }

  /// Every `definition.property` of the schema that `bytes` has no example of.
  package func unusedProperties(in bytes: [UInt8]) throws -> [String] {
    let value = try JSONDecoder().decode(JSONValue.self, from: Data(bytes))
    var used: Set<String> = []
    collect(value, root, name: "$", into: &used)
    var unused: [String] = []
    var schemas = ["$": root]
    if case .object(let definitions)? = root["$defs"] {
      schemas.merge(definitions) { first, _ in first }
    }
    for (name, schema) in schemas {
      guard case .object(let properties)? = schema["properties"] else { continue }
      for property in properties.keys where !used.contains("\(name).\(property)") {
        unused.append("\(name).\(property)")
      }
    }
    return unused.sorted()
  }

  private func target(_ schema: JSONValue) -> (name: String, schema: JSONValue)? {
    guard case .text(let reference)? = schema["$ref"],
      let name = reference.split(separator: "/").last.map(String.init),
      let definition = root["$defs"]?[name]
    else { return nil }
    return (name, definition)
  }

  private func collect(
    _ value: JSONValue, _ schema: JSONValue, name: String, into used: inout Set<String>
  ) {
    if let target = target(schema) {
      return collect(value, target.schema, name: target.name, into: &used)
    }
    switch value {
    case .object(let members):
      for (key, member) in members {
        guard let property = schema["properties"]?[key] else { continue }
        used.insert("\(name).\(key)")
        collect(member, property, name: "\(name).\(key)", into: &used)
      }
    case .array(let items):
      guard let schema = schema["items"] else { return }
      for item in items { collect(item, schema, name: name, into: &used) }
    default: break
    }
  }

  private func problems(_ value: JSONValue, _ schema: JSONValue, at path: String) -> [String] {
    guard case .object(let keywords) = schema else { return ["\(path): no schema"] }
    var found = keywords.keys.filter { !Self.known.contains($0) }
      .map { "\(path): the schema says '\($0)'" }
    if schema["$ref"] != nil {
      guard let target = target(schema) else { return ["\(path): the $ref leads nowhere"] }
      found += problems(value, target.schema, at: path)
    }
    if case .text(let type)? = keywords["type"], !Self.matches(value, type) {
      return found + ["\(path): not of type \(type): \(value)"]
    }
    if let constant = keywords["const"], constant != value { found.append("\(path): not const") }
    if case .array(let values)? = keywords["enum"], !values.contains(value) {
      found.append("\(path): \(value) is none of the enum")
    }
    if let number = value.asDouble {
      if let minimum = keywords["minimum"]?.asDouble, number < minimum {
        found.append("\(path): below \(minimum)")
      }
      if let maximum = keywords["maximum"]?.asDouble, number > maximum {
        found.append("\(path): above \(maximum)")
      }
    }
    if case .object(let members) = value {
      found += problems(members, keywords, at: path)
    }
    if case .array(let items) = value, let schema = keywords["items"] {
      for (index, item) in items.enumerated() {
        found += problems(item, schema, at: "\(path)[\(index)]")
      }
    }
    return found
  }

  private func problems(
    _ members: [String: JSONValue], _ keywords: [String: JSONValue], at path: String
  ) -> [String] {
    var found: [String] = []
    let count = Double(members.count)
    if let least = keywords["minProperties"]?.asDouble, count < least {
      found.append("\(path): has \(members.count) members, fewer than \(least)")
    }
    if let most = keywords["maxProperties"]?.asDouble, count > most {
      found.append("\(path): has \(members.count) members, more than \(most)")
    }
    if case .array(let names)? = keywords["required"] {
      for case .text(let name) in names where members[name] == nil {
        found.append("\(path): '\(name)' is missing")
      }
    }
    for (name, member) in members {
      if let property = keywords["properties"]?[name] {
        found += problems(member, property, at: "\(path).\(name)")
      } else if keywords["additionalProperties"] == .truth(false) {
        found.append("\(path): '\(name)' is not in the schema")
      } else if let additional = keywords["additionalProperties"] {
        found += problems(member, additional, at: "\(path).\(name)")
      }
    }
    return found
  }

  private static func matches(_ value: JSONValue, _ type: String) -> Bool {
    switch (type, value) {
    case ("object", .object), ("array", .array), ("string", .text), ("boolean", .truth),
      ("integer", .integer), ("integer", .unsigned), ("number", .integer), ("number", .unsigned),
      ("number", .number), ("null", .null):
      true
    default: false
    }
  }
}
