internal import Dispatch
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import StorageEngine
internal import Synchronization

/// Answers requests from a store.
final class StoreResponder: Sendable {
  private let store: TieredStore
  private let line: @Sendable ([UInt8]) -> String
  private let metrics: StoreServer.Metrics
  /// Bytes of values that are being received.
  private let received = Mutex(0)

  /// More than that is not held for all senders together.
  private static let receivedMax = 256 << 20
  /// How long a value may take to come.
  private static let receivingMax = Duration.seconds(600)
  /// Most bytes of keys and values in the answer to a scan, unless the first value alone is longer.
  private static let scanBytes = 16 << 20

  init(
    store: TieredStore, line: @escaping @Sendable ([UInt8]) -> String,
    metrics: @escaping StoreServer.Metrics
  ) {
    self.store = store
    self.line = line
    self.metrics = metrics
  }

  func respond(to request: Request) async -> Response {
    var response = await answer(request)
    // What is stored is for programs that ask for it, not for pages that load it as a script or picture.
    if let name = Self.contentTypeOptions { response.headers[name] = "nosniff" }
    if let name = Self.resourcePolicy { response.headers[name] = "same-origin" }
    // As for GET, without the body (RFC 9110, 9.3.2).
    return request.method == .head ? response.createHeadResponse() : response
  }

  private static let contentTypeOptions = HTTPField.Name("X-Content-Type-Options")
  private static let resourcePolicy = HTTPField.Name("Cross-Origin-Resource-Policy")
  private static let fetchSite = HTTPField.Name("Sec-Fetch-Site")

  /// Which page of another site or port asks; nil where none does, as far as a browser tells.
  private static func foreignPage(_ request: Request) -> String? {
    if let origin = request.headers[.origin], origin != "http://" + (request.head.authority ?? "") {
      return origin
    }
    guard let fetchSite, let site = request.headers[fetchSite] else { return nil }
    return ["same-origin", "none"].contains(site) ? nil : "another site or port"
  }

  private func answer(_ request: Request) async -> Response {
    if let authority = request.head.authority, !LoopbackHost.isOne(authority) {
      return Self.text(
        .misdirectedRequest,
        "this store is served to 127.0.0.1 and localhost, not to '\(authority)'")
    }
    if let page = Self.foreignPage(request) {
      return Self.text(.forbidden, "this store answers no page of \(page)")
    }
    do throws(StoreRequest.Fault) {
      let asked = try StoreRequest(
        method: request.method.rawValue, path: request.uri.path, query: request.uri.query)
      do {
        return try await carryOut(asked, request)
      } catch let error as StoreError {
        return Self.text(Self.status(of: error), error.description)
      } catch let refusal as Refusal {
        return Self.text(refusal.status, refusal.text)
      } catch {
        return Self.text(.badRequest, "the request broke off: \(error)")
      }
    } catch {
      switch error {
      case .unknownPath(let path):
        return Self.text(
          .notFound, "nothing is at \(path); there are /keys, /keys/KEY and /metrics")
      case .method(let allowed):
        return Self.text(
          .methodNotAllowed,
          "\(request.method.rawValue) does nothing at \(request.uri.path); it takes \(allowed)",
          [.allow: allowed])
      case .unreadable(let text): return Self.text(.badRequest, text)
      }
    }
  }

  private struct Refusal: Error {
    var status: HTTPResponse.Status
    var text: String
  }

  private func carryOut(_ asked: StoreRequest, _ request: Request) async throws -> Response {
    switch asked {
    case .help: return Self.text(.ok, Self.help)
    case .metrics:
      let accept = request.headers[values: .accept].joined(separator: ",")
      let (type, text) = try await blocking { [metrics] in
        do throws(StoreError) { return .success(try metrics(accept)) } catch {
          return .failure(error)
        }
      }
      return Response(
        status: .ok, headers: [.contentType: type],
        body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    case .get(let key):
      let value = try await withCheckedContinuation { waiting in
        store.get(key) { waiting.resume(returning: $0) }
      }.get()
      guard let value else { return Self.text(.notFound, "there is no such key") }
      return Response(
        status: .ok, headers: [.contentType: "application/octet-stream"],
        body: ResponseBody(byteBuffer: ByteBuffer(bytes: value)))
    case .put(let key):
      try Self.checkConditions(request.headers)
      try Self.checkPut(request.headers)
      let value = try await receive(request)
      defer { received.withLock { $0 -= value.count } }
      _ = try await withCheckedContinuation { waiting in
        store.put(key, value) { waiting.resume(returning: $0) }
      }.get()
      return Response(status: .noContent)
    case .delete(let key):
      try Self.checkConditions(request.headers)
      _ = try await withCheckedContinuation { waiting in
        store.delete(key) { waiting.resume(returning: $0) }
      }.get()
      return Response(status: .noContent)
    case .scan(let query): return try await scan(query)
    }
  }

  /// Refuses to change a key only under a condition: without the means to tell, it would be changed in any case.
  private static func checkConditions(_ headers: HTTPFields) throws(Refusal) {
    let conditions: [HTTPField.Name] = [.ifMatch, .ifNoneMatch, .ifUnmodifiedSince]
    for condition in conditions where headers[condition] != nil {
      throw Refusal(
        status: .notImplemented,
        text: "\(condition) is not known here: keys are set and deleted in any case; leave it out")
    }
  }

  /// Refuses what asks for other than to set a key to the bytes of a body.
  private static func checkPut(_ headers: HTTPFields) throws(Refusal) {
    if let range = headers[.contentRange] {
      throw Refusal(
        status: .badRequest,
        text: "Content-Range: \(range): a put sets the whole value; send all of it, without this")
    }
    // RFC 9112, 6.1: an encoding that is not known is answered with 501.
    let encoding = headers[.transferEncoding]
    if let encoding, encoding.lowercased() != "chunked" {
      throw Refusal(
        status: .notImplemented,
        text:
          "Transfer-Encoding: \(encoding): only 'chunked' is known; send the value as it is to be stored"
      )
    }
    // Without either a body that follows is taken for another request.
    guard headers[.contentLength] != nil || encoding != nil else {
      throw Refusal(
        status: .lengthRequired,
        text: "say with Content-Length how long the value is, also where it is 0")
    }
  }

  /// The body of a request, whose bytes are counted among those received.
  private func receive(_ request: Request) async throws -> [UInt8] {
    var value: [UInt8] = []
    let end = ContinuousClock.now.advanced(by: Self.receivingMax)
    do {
      for try await part in request.body {
        guard ContinuousClock.now < end else {
          throw Refusal(
            status: .requestTimeout, text: "the value did not come within \(Self.receivingMax)")
        }
        guard value.count + part.readableBytes <= KeyRule.valueBytesMax else {
          throw Refusal(
            status: .contentTooLarge,
            text: "a value has at most \(KeyRule.valueBytesMax) bytes (64 MiB), and this one is "
              + "longer; store it in parts")
        }
        let isRoom = received.withLock { received in
          guard received + part.readableBytes <= Self.receivedMax else { return false }
          received += part.readableBytes
          return true
        }
        guard isRoom else {
          throw Refusal(
            status: .serviceUnavailable, text: "too many large values are on their way; try again")
        }
        value += part.readableBytesView
      }
    } catch {
      received.withLock { $0 -= value.count }
      throw error
    }
    return value
  }

  private func scan(_ query: StoreRequest.ScanQuery) async throws -> Response {
    let range = query.range
    let (text, next) = try await blocking { [self, range] in
      do throws(StoreError) { return .success(try page(of: range, query)) } catch {
        return .failure(error)
      }
    }
    var headers: HTTPFields = [.contentType: "text/plain; charset=utf-8"]
    if let next, let name = HTTPField.Name(query.isReverse ? "Next-To" : "Next-From") {
      headers[name] = PercentBytes.encode(next)
    }
    return Response(
      status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: text)))
  }

  /// A page of a scan as text, and where the next one begins; backward, what it goes up to.
  private func page(
    of range: KeyRange, _ query: StoreRequest.ScanQuery
  ) throws(StoreError) -> (text: [UInt8], next: [UInt8]?) {
    var text: [UInt8] = []
    var count = 0
    var last: [UInt8] = []
    var next: [UInt8]?
    try store.scan(range, query.isReverse ? .backward : .forward, limit: query.limit + 1) {
      key, value in
      let name = Self.bytes(key)
      let more = key.count + (query.keysOnly ? 0 : value.count)
      guard count < query.limit, count == 0 || text.count + more <= Self.scanBytes else {
        next = query.isReverse ? last : name
        return false
      }
      count += 1
      last = name
      text += line(name).utf8
      if !query.keysOnly {
        text.append(UInt8(ascii: "\t"))
        text += line(Self.bytes(value)).utf8
      }
      text.append(UInt8(ascii: "\n"))
      return true
    }
    return (text, next)
  }

  private static func bytes(_ span: Span<UInt8>) -> [UInt8] { span.indices.map { span[$0] } }

  /// Runs what waits for a drive where it holds up nobody else's requests.
  private func blocking<R: Sendable>(
    _ body: @escaping @Sendable () -> Result<R, StoreError>
  ) async throws -> R {
    try await withCheckedContinuation { waiting in
      DispatchQueue.global().async { waiting.resume(returning: body()) }
    }.get()
  }

  private static func status(of error: StoreError) -> HTTPResponse.Status {
    switch error {
    case .invalidArgument: .badRequest
    case .tooLarge: .contentTooLarge
    case .readOnly: .forbidden
    case .noSpace: HTTPResponse.Status(code: 507, reasonPhrase: "Insufficient Storage")
    case .closed, .noMemory, .inUse: .serviceUnavailable
    default: .internalServerError
    }
  }

  private static func text(
    _ status: HTTPResponse.Status, _ text: String, _ more: HTTPFields = [:]
  ) -> Response {
    var headers: HTTPFields = [.contentType: "text/plain; charset=utf-8"]
    headers.append(contentsOf: more)
    return Response(
      status: status, headers: headers,
      body: ResponseBody(byteBuffer: ByteBuffer(string: text + "\n")))
  }

  private static let help = """
    GET    /keys/KEY    the value, as it was put
    PUT    /keys/KEY    sets it to the body
    DELETE /keys/KEY    removes it
    GET    /keys        a line for each key: key, tab, value; what is not printable as \\xHH
                        ?prefix=, or ?from= and ?to=, ?limit= (1000), ?reverse, ?keys-only
                        where there are more, Next-From (or Next-To) is the from (or to) of the next page
    GET    /metrics     for Prometheus
    KEY and bounds are percent-encoded bytes.
    """
}
