/// Every key that a profile may have, level by level; `profiles/README.md` explains them.
enum ProfileKeys {
  /// Keys of a file's top level that are gone once it is resolved.
  static let fileOnly = ["extends", "modes"]
  static let root = [
    "schema", "name", "tier", "summary", "demonstration", "read-only", "link", "endurance",
    "reserve", "file-size", "range-size", "preconditioning", "steady-state", "rounds",
    "confidence", "stall-limit", "engine", "scenarios", "gates",
  ]
  static let link = ["bus", "generation", "lanes", "reason", "source"]
  static let endurance = ["rated-tbw"]
  static let preconditioning = ["discard", "passes", "block", "depth", "compressible-percent"]
  static let steadyState = [
    "scenario", "round", "window", "max-rounds", "spread-limit", "slope-limit",
  ]
  static let rounds = ["duration", "ramp-up", "min", "step", "max"]
  static let engine = [
    "data", "memory", "durability-delay", "warm-up", "warm-up-limit", "idle-limit",
  ]
  static let scenario = [
    "workload", "block", "read-percent", "depth", "threads", "arrival", "rate", "distribution",
    "range", "round", "point-reads",
  ]
  static let gate = ["min", "max", "equals", "reason", "source"]
  static let limits = ["min", "max", "equals"]

  /// The keys below a key of the top level; nil where it holds one value.
  static func children(of key: String) -> [String]? {
    switch key {
    case "link": link
    case "endurance": endurance
    case "preconditioning": preconditioning
    case "steady-state": steadyState
    case "rounds": rounds
    case "engine": engine
    default: nil
    }
  }
}
