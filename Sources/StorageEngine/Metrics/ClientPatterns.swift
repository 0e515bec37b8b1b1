internal import Measurements

/// The patterns of all clients, each by its latest accesses that tell one.
struct ClientPatterns: Sendable {
  private struct Client: Sendable {
    /// What it had done when its pattern was told last.
    var told = AccessMix()
    /// What it had done at the last look, and when that was more than before.
    var seen = AccessMix()
    var seenAt: Nanoseconds
    var runShare = 0.0
    var pattern: AccessPattern?
  }

  private var clients: [Int: Client] = [:]

  /// Who did nothing for so long is no client any more: its thread may have ended.
  static let idleMax = Nanoseconds(600_000_000_000)

  /// Takes in what a client has done so far.
  mutating func note(_ mix: AccessMix, of number: Int, at now: Nanoseconds) {
    var client = clients[number] ?? Client(seenAt: now)
    defer { clients[number] = client }
    if mix != client.seen {
      client.seen = mix
      client.seenAt = now
    } else if now - client.seenAt > Self.idleMax {
      client.pattern = nil
      client.told = mix
      return
    }
    let latest = mix.since(client.told)
    guard let pattern = latest.pattern(runShare: client.runShare) else { return }
    client.runShare = latest.runShare ?? client.runShare
    client.pattern = pattern
    client.told = mix
  }

  /// How many clients go by each pattern.
  var counts: [AccessPattern: Int] {
    clients.values.reduce(into: [:]) { counts, client in
      if let pattern = client.pattern { counts[pattern, default: 0] += 1 }
    }
  }
}
