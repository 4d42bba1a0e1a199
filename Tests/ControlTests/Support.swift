import Reactor
import TestSupport

@testable import Control

typealias FetchResult = Result<HTTPAnswer, HTTPFailure>

/// A control thread and a server, for the length of a test.
func withServer<Value>(
    _ script: HTTPServer.Script,
    _ body: (ControlLoop, HTTPServer) async throws -> Value
) async throws -> Value {
    let server = try HTTPServer(script)
    let control = try ControlLoop()
    try control.start()
    defer {
        control.stop()
        server.stop()
    }
    return try await body(control, server)
}

extension ControlLoop {
    func answer(_ request: HTTPRequest) async -> FetchResult {
        await withCheckedContinuation { continuation in
            fetch(request) { continuation.resume(returning: $0) }
        }
    }

    /// The answers to many requests at the same time.
    func answers(_ request: HTTPRequest, count: Int) async -> [FetchResult] {
        await withTaskGroup { group in
            for _ in 0..<count { group.addTask { await self.answer(request) } }
            return await group.reduce(into: []) { $0.append($1) }
        }
    }

    /// Waits for what was posted so far.
    func settle() async {
        await withCheckedContinuation { continuation in post { continuation.resume() } }
    }
}

extension HTTPServer {
    func request(_ body: String? = nil, timeout: Int64 = 10_000, pool: HTTPPool? = nil) -> HTTPRequest {
        var request = HTTPRequest(url: url, pool: pool ?? HTTPPool(connections: 64, queue: 1024))
        request.body = body.map { HTTPBody($0) }
        request.timeout = timeout
        return request
    }
}

extension FetchResult {
    var answer: HTTPAnswer? { try? get() }

    var failure: HTTPFailure? {
        if case .failure(let failure) = self { failure } else { nil }
    }
}
