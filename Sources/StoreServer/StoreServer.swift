internal import Glibc
internal import Hummingbird
internal import HummingbirdCore
internal import Logging
internal import NIOCore
internal import ServiceLifecycle
public import StorageEngine
internal import Synchronization

/// Serves a store over HTTP on this machine's loopback: get, put, delete, scan and `/metrics`.
///
/// Nobody is asked who they are: whoever may connect to a port of the machine may read and write.
public struct StoreServer: Sendable {
  /// Why it does not serve.
  public enum Failure: Error, CustomStringConvertible {
    /// The port cannot be listened on.
    case cannotListen(port: Int, cause: String)

    /// What, where and what to do.
    public var description: String {
      switch self {
      case .cannotListen(let port, let cause):
        "127.0.0.1:\(port) cannot be listened on: \(cause); give another port, or 0 for any"
      }
    }
  }

  /// Metrics in the form that an `Accept` header prefers, with its content type.
  public typealias Metrics =
    @Sendable (_ accept: String) throws(StoreError) -> (
      type: String, text: String
    )

  /// Who sends nothing for so long is let go: in the middle of a request, between two, and while the answer is
  /// on its way, which ends a download that takes longer.
  private static let idleTimeout = TimeAmount.minutes(10)
  /// Connections at a time; others wait until one ends.
  ///
  /// The store needs the process' files, too.
  private static let connectionsMax = 256
  /// Bytes of a request's first line and of each header: two of the longest keys, every byte of them escaped,
  /// and some.
  private static let headBytesMax = 2 * 3 * KeyRule.keyBytesMax + (16 << 10)

  private let port: Int
  private let responder: StoreResponder

  /// A server of a store.
  ///
  /// - Parameters:
  ///   - store: What is served; it stays open.
  ///   - port: On which port; 0 for one that is free.
  ///   - line: A key or value as one line of text, for scans.
  ///   - metrics: What `/metrics` answers.
  public init(
    store: TieredStore, port: Int, line: @escaping @Sendable ([UInt8]) -> String,
    metrics: @escaping Metrics
  ) {
    self.port = port
    responder = StoreResponder(store: store, line: line, metrics: metrics)
  }

  /// Serves until it is to stop; requests under way are answered, for ten seconds at most.
  ///
  /// - Parameters:
  ///   - isStopping: Whether to stop; asked some twenty times a second.
  ///   - onListening: Called with the port once connections are taken.
  /// - Throws: ``Failure``.
  public func run(
    isStopping: @escaping @Sendable () -> Bool, onListening: @escaping @Sendable (Int) -> Void
  ) async throws {
    let responder = responder
    let isListening = Mutex(false)
    // What goes wrong is in the answers; a log of every broken connection helps nobody.
    let logger = Logger(label: "storebench") { _ in SwiftLogNoOpLogHandler() }
    let application = Application(
      responder: CallbackResponder<BasicRequestContext> { request, _ in
        await responder.respond(to: request)
      },
      server: .http1(
        configuration: HTTP1Channel.Configuration(
          idleTimeout: Self.idleTimeout,
          httpDecoderConfiguration: HTTP1Channel.Configuration.DecoderConfiguration(
            maxHeaderFieldSize: Self.headBytesMax, maxHeaderListSize: 2 * Self.headBytesMax))),
      configuration: ApplicationConfiguration(
        address: .hostname("127.0.0.1", port: port), serverName: "storebench",
        availableConnectionsDelegate: MaximumAvailableConnections(
          Self.connectionsMax, logger: logger)),
      onServerRunning: { channel in
        isListening.withLock { $0 = true }
        onListening(channel.localAddress?.port ?? port)
      },
      logger: logger)
    var configuration = ServiceGroupConfiguration(
      services: [.init(service: application)], logger: logger)
    configuration.maximumGracefulShutdownDuration = .seconds(10)
    let group = ServiceGroup(configuration: configuration)
    let watcher = Task {
      while !Task.isCancelled {
        if isStopping() { return await group.triggerGracefulShutdown() }
        try? await Task.sleep(for: .milliseconds(50))
      }
    }
    defer { watcher.cancel() }
    do {
      try await group.run()
    } catch {
      // Connections that outlast the ten seconds end with an error of their own.
      if isStopping() { return }
      guard isListening.withLock({ $0 }) else {
        let cause =
          switch (error as? IOError)?.errnoCode {
          case EADDRINUSE: "another program does"
          case EACCES: "ports below 1024 are for root"
          default: "\(error)"
          }
        throw Failure.cannotListen(port: port, cause: cause)
      }
      throw error
    }
  }
}
