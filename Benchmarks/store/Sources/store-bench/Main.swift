import Foundation
import StorageEngine

/// One measurement of the store; prints a line of JSON.
///
/// `compare` calls it side by side with the peers.
@main
struct StoreBench {
  static func main() {
    do {
      let arguments = try Arguments(Array(CommandLine.arguments.dropFirst()))
      let result = try Case(arguments).run()
      let fields = result.map { "\"\($0.0)\": \($0.1)" }.joined(separator: ", ")
      print("{\"case\": \"\(arguments.name)\", \(fields)}")
    } catch {
      FileHandle.standardError.write(Data("store-bench: \(error)\n".utf8))
      exit(error is Arguments.Mistake ? 64 : 70)
    }
  }
}

/// The command line: `store-bench CASE --folder DIR [--keys N]` and so on.
struct Arguments {
  struct Mistake: Error, CustomStringConvertible { var description: String }

  var name = ""
  private var values: [String: String] = [:]
  private static let known: Set<String> = [
    "folder", "keys", "value", "threads", "seconds", "depth", "durability", "batch", "memory",
    "operations", "rate", "cache", "keep", "spin", "churn", "wait", "moves",
    "direct", "walk", "zipf", "prefetch", "spare", "training", "sequence",
  ]

  init(_ arguments: [String]) throws {
    guard let first = arguments.first, Case.names.contains(first) else {
      throw Mistake(
        description: "the first argument is one of \(Case.names.joined(separator: ", "))")
    }
    name = first
    var index = 1
    while index < arguments.count {
      let word = arguments[index]
      guard word.hasPrefix("--"), Self.known.contains(String(word.dropFirst(2))),
        index + 1 < arguments.count
      else {
        throw Mistake(
          description: "'\(word)' is no option with a value; known are "
            + Self.known.sorted().map { "--" + $0 }.joined(separator: " "))
      }
      values[String(word.dropFirst(2))] = arguments[index + 1]
      index += 2
    }
    guard values["folder"] != nil else { throw Mistake(description: "--folder DIR is missing") }
  }

  var folder: String { values["folder"] ?? "" }
  func text(_ key: String, _ fallback: String) -> String { values[key] ?? fallback }
  func number(_ key: String, _ fallback: Int) throws -> Int {
    guard let text = values[key] else { return fallback }
    guard let number = Int(text), number >= 0 else {
      throw Mistake(description: "--\(key) takes a whole number; '\(text)' is none")
    }
    return number
  }
}
