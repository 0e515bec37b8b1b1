import ArgumentParser
import FoundationEssentials
import LinuxIO
import Measurements
import PrometheusMetrics
import Reports
import StorageEngine
import StoreServer
import Verdicts

extension StoreCommand {
  /// `storebench store serve`.
  struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Serves a store over HTTP on loopback, with metrics for Prometheus.",
      discussion: """
        Get, put, delete and scan, as / explains, and /metrics in Prometheus' text format or \
        OpenMetrics. Keys move between tiers every hour by their use, and what follows is read \
        ahead. A put is answered when it is on the drive. Whoever can connect to this machine's \
        loopback may read and write.

        Keys have up to 64 KiB and values up to 64 MiB. SIGTERM or Ctrl-C answers what is under \
        way, closes the store and ends with 0.

        EXAMPLES
          storebench store serve /srv/store
          curl -H Expect: -T photo.jpg http://127.0.0.1:9177/keys/photo:1
          curl 'http://127.0.0.1:9177/keys?prefix=photo:&keys-only'
          storebench store serve /srv/store --textfile /var/lib/node_exporter/store.prom
        """)

    @OptionGroup var options: StoreOptions

    @Option(help: "The port on 127.0.0.1; 0 takes one that is free.")
    var port = 9177

    @Option(help: "The node's name in metrics; this machine's where it is left out.")
    var nodeID: String?

    @Option(help: "Also writes metrics to this file now and then, for node_exporter.")
    var textfile: String?

    @Option(help: "Seconds between two writings of the file.")
    var textfileInterval = 15.0

    @Option(help: "Seconds between two reclassifications; 0 for none.")
    var reclassify = 3600.0

    func run() async throws {
      guard (0...65535).contains(port) else {
        throw CommandFailure(.usage, "--port \(port): give a number from 0 to 65535")
      }
      guard (1...86400).contains(textfileInterval) else {
        throw CommandFailure(
          .usage, "--textfile-interval \(textfileInterval): give seconds from 1 to 86400")
      }
      guard reclassify == 0 || (1...1e9).contains(reclassify) else {
        throw CommandFailure(
          .usage, "--reclassify \(reclassify): give 0, or seconds from 1 to 1e9")
      }
      let textfile = textfile.map(MetricsTextfile.init)
      try textfile?.check()
      let registry = PrometheusRegistry(StorageMetrics.descriptions.map(MetricFamily.init))
      let metrics = StorageMetrics(factory: registry, nodeID: nodeID ?? Self.machineName())
      var configuration = try options.configuration(readOnly: false, isService: true)
      configuration.metrics = metrics
      configuration.placement?.intervalSeconds = reclassify == 0 ? nil : reclassify
      let store: TieredStore
      do throws(StoreError) {
        store = try TieredStore.open(options.store, configuration: configuration)
      } catch {
        throw CommandFailure(error)
      }
      StopSignal.ofProcess.awaitRequests()
      let service = MetricsService(store: store, metrics: metrics, registry: registry)
      do {
        try await serve(store, service, textfile)
      } catch {
        try? store.close()
        throw error
      }
      do throws(StoreError) { try store.close() } catch { throw CommandFailure(error) }
    }

    private func serve(
      _ store: TieredStore, _ service: MetricsService, _ textfile: MetricsTextfile?
    ) async throws {
      if let textfile { try textfile.write(try service.text(accept: "text/plain").text) }
      let writer = textfile.map { file in
        Task { [textfileInterval] in
          var told: String?
          while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(textfileInterval))
            guard !Task.isCancelled, let text = try? service.text(accept: "text/plain").text else {
              continue
            }
            // A folder that is full or gone for a while must not end the service.
            do throws(CommandFailure) {
              try file.write(text)
              told = nil
            } catch {
              // Not again while it stays so.
              if told != error.message {
                StandardStream.error.write("storebench: \(PrintableText.line(error.message))\n")
              }
              told = error.message
            }
          }
        }
      }
      let teller = Task {
        var told: [StoreError] = []
        while !Task.isCancelled {
          try? await Task.sleep(for: .seconds(1))
          let failures = store.lastReclassification?.failures ?? []
          // Not again while it stays so: what hinders moves for a night would fill the log.
          for failure in failures where !told.contains(failure) {
            StandardStream.error.write("storebench: keys could not move: \(failure)\n")
          }
          told = failures
        }
      }
      defer {
        writer?.cancel()
        teller.cancel()
      }
      let server = StoreServer(
        store: store, port: port, line: StoreText.line,
        metrics: { accept throws(StoreError) in try service.text(accept: accept) })
      do {
        try await server.run(isStopping: { StopSignal.ofProcess.isRequested }) { port in
          StandardStream.output.write(
            "serving \(PrintableText.line(store.path)) on http://127.0.0.1:\(port)\n")
        }
      } catch let failure as StoreServer.Failure {
        throw CommandFailure(.unsuitable, failure.description)
      }
    }

    private static func machineName() -> String {
      KernelTree.live.text("/proc/sys/kernel/hostname") ?? "localhost"
    }
  }
}

/// The metrics of a store that is served.
private struct MetricsService: Sendable {
  let store: TieredStore
  let metrics: StorageMetrics
  let registry: PrometheusRegistry

  func text(accept: String) throws(StoreError) -> (type: String, text: String) {
    try metrics.update(from: store)
    let format = ExpositionFormat(accept: accept)
    return (format.contentType, registry.text(format))
  }
}

extension MetricFamily {
  /// A metric of the store as Prometheus knows it.
  fileprivate init(_ description: StorageMetrics.Description) {
    let kind: Kind =
      switch description.kind {
      case .counter: .counter
      case .gauge: .gauge
      case .timer: .histogram(bounds: Self.secondsBounds)
      }
    self.init(description.name, kind, help: description.help)
  }
}
