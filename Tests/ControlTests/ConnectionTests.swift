import Glibc
import Reactor
import TestSupport
import Testing

@testable import Control

private final class WeakBody {
    private weak var body: HTTPBody?

    func set(_ body: HTTPBody?) { self.body = body }

    var isGone: Bool { body == nil }
}

/// Requests that are answered when so many of them have come.
private final class Barrier: Sendable {
    private let missing: Lock<Int>

    init(_ count: Int) { missing = Lock(count) }

    func wait(_ action: HTTPServer.Action) -> HTTPServer.Action {
        missing.withLock { $0 -= 1 }
        while missing.withLock({ $0 > 0 }) { sched_yield() }
        return action
    }
}

@Suite("Connections and pools", .timeLimit(.minutes(1)))
struct ConnectionTests {
    @Test("a connection is used again")
    func keepAlive() async throws {
        try await withServer(HTTPServer.Script { _ in .answer("a") }) {
            for _ in 0..<50 { #expect(await $0.answer($1.request("q")).answer?.status == 200) }
            #expect($1.requests.count == 50)
            #expect($1.connections == 1)
        }
    }

    @Test("no more requests at the same time than the pool has connections")
    func limit() async throws {
        try await withServer(HTTPServer.Script { _ in .answer(after: 5) }) {
            let pool = HTTPPool(connections: 4, queue: 100)
            let results = await $0.answers($1.request("q", pool: pool), count: 100)
            #expect(results.count { $0.answer?.status == 200 } == 100)
            #expect($1.connections == 4)
            #expect($1.mostActive == 4)
        }
    }

    @Test("pools do not hold up each other")
    func pools() async throws {
        try await withServer(HTTPServer.Script { $0.head.contains("X-Slow") ? .silence : .answer() }) {
            var slow = $1.request(pool: HTTPPool(connections: 1, queue: 10))
            slow.headers = [("X-Slow", "1")]
            for _ in 0..<5 { $0.fetch(slow) { _ in } }
            #expect(await $0.answer($1.request()).answer?.status == 200)
        }
    }

    @Test("a full pool says so before fetch returns, and has places again later")
    func queueFull() async throws {
        let isOpen = Lock(false)
        let script = HTTPServer.Script { _ in
            while !isOpen.withLock(\.self) { sched_yield() }
            return .answer()
        }
        try await withServer(script) { control, server in
            let request = server.request(pool: HTTPPool(connections: 1, queue: 2))
            let (results, continuation) = AsyncStream<FetchResult>.makeStream()
            let full = Lock(0)
            for _ in 0..<5 {
                control.fetch(request) { result in
                    if result.failure?.kind == .queueFull {
                        full.withLock { $0 += 1 }
                    } else {
                        continuation.yield(result)
                    }
                }
            }
            #expect(full.withLock(\.self) == 2)
            isOpen.withLock { $0 = true }
            var answers = 0
            for await result in results {
                #expect(result.answer?.status == 200)
                answers += 1
                if answers == 3 { break }
            }
            await control.settle()
            #expect(await control.answer(request).answer?.status == 200)
            #expect(server.requests.count == 4)
        }
    }

    @Test("a request that is no longer wanted is not sent, and gives its place back")
    func unwanted() async throws {
        try await withServer(HTTPServer.Script { _ in .answer(after: 50) }) { control, server in
            let request = server.request(pool: HTTPPool(connections: 1, queue: 2))
            async let first = control.answer(request)
            await server.wait(requests: 1)
            for _ in 0..<2 { control.fetch(request, isWanted: { false }, reply: { _ in Issue.record("a reply") }) }
            #expect(await first.answer?.status == 200)
            await control.settle()
            #expect(await control.answers(request, count: 3).count { $0.answer?.status == 200 } == 3)
            #expect(server.requests.count == 4)
        }
    }

    @Test("nor does one take a place whose turn comes at once")
    func unwantedAtOnce() async throws {
        try await withServer(HTTPServer.Script { _ in .answer() }) { control, server in
            let request = server.request(pool: HTTPPool(connections: 1, queue: 0))
            for _ in 0..<3 {
                control.fetch(request, isWanted: { false }, reply: { _ in Issue.record("a reply") })
                await control.settle()
            }
            #expect(await control.answer(request).answer?.status == 200)
            #expect(server.requests.count == 1)
        }
    }

    @Test("the wait for its turn is part of a request's time")
    func queueTimeout() async throws {
        try await withServer(HTTPServer.Script { _ in .silence }) { control, server in
            let pool = HTTPPool(connections: 1, queue: 10)
            control.fetch(server.request(timeout: 60_000, pool: pool)) { _ in }
            await server.wait(requests: 1)
            let began = monotonicMilliseconds()
            #expect(await control.answer(server.request(timeout: 50, pool: pool)).failure?.kind == .timeout)
            #expect(monotonicMilliseconds() - began < 30_000)
            #expect(server.requests.count == 1)
        }
    }

    // MARK: Dead connections

    @Test("closed while it was kept: a new connection, no second try")
    func closedInBetween() async throws {
        try await withServer(HTTPServer.Script { _ in .raw("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") }) {
            for _ in 0..<5 { #expect(await $0.answer($1.request("q")).answer?.status == 200) }
            #expect($1.requests.count == 5)
            #expect($1.connections == 5)
        }
    }

    @Test("a kept connection that ends instead of an answer: once more, on a fresh one", arguments: [false, true])
    func retry(isReset: Bool) async throws {
        try await withServer(HTTPServer.Script { $0.number == 1 ? .answer() : isReset ? .reset : .close }) {
            #expect(await $0.answer($1.request("q")).answer?.status == 200)
            #expect(await $0.answer($1.request("again")).answer?.status == 200)
            #expect($1.requests.map(\.connection) == [1, 1, 2])
            #expect($1.requests.last?.text == "again")
        }
    }

    @Test("many kept connections that end: still once more, and not on another of them")
    func retryOnFresh() async throws {
        let all = Barrier(8)
        try await withServer(HTTPServer.Script { $0.number == 1 ? all.wait(.answer()) : .close }) {
            let request = $1.request("q", pool: HTTPPool(connections: 8, queue: 0))
            #expect(await $0.answers(request, count: 8).count { $0.answer?.status == 200 } == 8)
            #expect($1.connections == 8)
            #expect(await $0.answer(request).answer?.status == 200)
            #expect($1.requests.count == 10)
            #expect($1.requests.last?.connection == 9)
        }
    }

    @Test("the second try ends too: that is all")
    func retryFails() async throws {
        let all = Barrier(8)
        let script = HTTPServer.Script { $0.connection <= 8 && $0.number == 1 ? all.wait(.answer()) : .close }
        try await withServer(script) {
            let request = $1.request("q", pool: HTTPPool(connections: 8, queue: 0))
            #expect(await $0.answers(request, count: 8).count { $0.answer?.status == 200 } == 8)
            #expect(await $0.answer(request).failure?.kind == .broken)
            #expect($1.requests.count == 10)
        }
    }

    @Test("a kept connection that ends while a large body is sent: once more")
    func retryLarge() async throws {
        try await withServer(HTTPServer.Script { $0.number == 1 ? .answer() : .reset }) {
            #expect(await $0.answer($1.request("q")).answer?.status == 200)
            let body = String(repeating: "b", count: 16 << 20)
            #expect(await $0.answer($1.request(body)).answer?.status == 200)
            #expect($1.requests.map(\.connection) == [1, 1, 2])
            #expect($1.requests.last?.body.count == body.utf8.count)
        }
    }

    @Test("the second try is part of the request's time")
    func retryTimeout() async throws {
        let script = HTTPServer.Script { request in
            if request.connection > 1 { return .silence }
            if request.number == 1 { return .answer() }
            poll(nil, 0, 4500)
            return .close
        }
        try await withServer(script) {
            #expect(await $0.answer($1.request("q")).answer?.status == 200)
            let began = monotonicMilliseconds()
            #expect(await $0.answer($1.request("q", timeout: 5000)).failure?.kind == .timeout)
            #expect(monotonicMilliseconds() - began < 8000)
            #expect($1.requests.count == 3)
        }
    }

    @Test("an answer that has begun is not asked for again")
    func noRetry() async throws {
        let half = HTTPServer.Action.raw("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n1")
        try await withServer(HTTPServer.Script { $0.number == 1 ? .answer() : half }) {
            #expect(await $0.answer($1.request("q")).answer?.status == 200)
            #expect(await $0.answer($1.request("q")).failure?.kind == .broken)
            #expect($1.requests.count == 2)
        }
    }

    // MARK: Bodies

    @Test("a body lives no longer than its request")
    func body() async throws {
        try await withServer(HTTPServer.Script { _ in .answer() }) { control, server in
            var request = server.request("geheim")
            weak let body = request.body
            #expect(await control.answer(request).answer?.status == 200)
            request.body = nil
            await control.settle()
            #expect(body == nil)
        }
    }

    @Test("a body is gone while others of its pool still run and wait")
    func bodyOfQueue() async throws {
        try await withServer(HTTPServer.Script { $0.number < 3 ? .answer() : .silence }) { control, server in
            let pool = HTTPPool(connections: 1, queue: 8)
            var request = server.request(pool: pool)
            let bodies = (0..<5).map { _ in WeakBody() }
            for body in bodies {
                request.body = HTTPBody("geheim")
                body.set(request.body)
                control.fetch(request) { _ in }
            }
            request.body = nil
            await server.wait(requests: 3)
            await control.settle()
            #expect(bodies.map(\.isGone) == [true, true, false, false, false])
        }
    }

    @Test("a body that is filled in place")
    func fill() {
        let body = HTTPBody(count: 3) { $0.copyBytes(from: [1, 2, 3]) }
        #expect(body.withBytes { Array($0) } == [1, 2, 3])
        #expect(HTTPBody("").withBytes { $0.isEmpty })
    }
}
