import Control
import Reactor
import TestSupport
import Testing

@testable import Access

/// A service, a control thread, and what the operator's log was told.
private struct Bench {
    let server: HTTPServer
    let control: ControlLoop
    let notes = Lock<[String?]>([])

    static func with(_ script: HTTPServer.Script, _ body: (Bench) async throws -> Void) async throws {
        let bench = Bench(server: try HTTPServer(script), control: try ControlLoop())
        try bench.control.start()
        defer {
            bench.control.stop()
            bench.server.stop()
        }
        try await body(bench)
    }

    func service(_ set: (inout AuthHTTP.Options) -> Void = { _ in }) -> AuthHTTP {
        var options = AuthHTTP.Options(url: server.url)
        options.timeout = 5000
        set(&options)
        return AuthHTTP(options, control: control) { note in notes.withLock { $0.append(note) } }
    }
}

extension AuthHTTP {
    fileprivate func verdict(_ question: Question, now: Int64 = 0, ticket: Ticket? = nil) async -> Verdict {
        await withCheckedContinuation { continuation in
            let known = ask(question, now: now, ticket: ticket) { continuation.resume(returning: $0) }
            if let known { continuation.resume(returning: known) }
        }
    }
}

private let allow = HTTPServer.Action.answer(#"{"result":"allow","username":"u"}"#)
private let down = HTTPServer.Action.answer(status: 503)

private var allowed: Verdict {
    var identity = Identity()
    identity.username = "u"
    return .allow(identity)
}

@Suite("auth_http", .timeLimit(.minutes(1)))
struct AuthHTTPTests {
    private func question(_ id: String = "c1", password: String = "geheim") -> AuthHTTP.Question {
        var question = QuestionTests.question(password: Secret(password))
        question.clientID = id
        return question
    }

    @Test("a question is a POST with JSON; the configured fields go with it")
    func request() async throws {
        try await Bench.with(HTTPServer.Script { _ in allow }) { bench in
            let service = bench.service { $0.headers = [("Authorization", "Bearer abc")] }
            #expect(await service.verdict(question()) == allowed)
            let request = try #require(bench.server.requests.first)
            #expect(request.head.hasPrefix("POST /auth HTTP/1.1\r\n"))
            for field in ["Content-Type: application/json", "Accept: application/json", "Authorization: Bearer abc"] {
                #expect(request.head.contains("\r\n\(field)\r\n"))
            }
            #expect(request.body == question().body.withBytes { Array($0) })
            #expect(bench.notes.withLock(\.self) == [])
        }
    }

    @Test("a denial is the service's word, whatever is done on failure", arguments: ["refuse", "allow", "ignore"])
    func denial(_ onFailure: String) async throws {
        let locked = HTTPServer.Action.answer(#"{"result":"deny","reason":"locked"}"#, status: 403)
        try await Bench.with(HTTPServer.Script { _ in locked }) { bench in
            let service = bench.service { $0.onFailure = AuthHTTP.OnFailure(rawValue: onFailure) ?? .refuse }
            #expect(await service.verdict(question()) == .deny(Denial(.notAuthorized, "locked")))
        }
    }

    private static let failures: [String: HTTPServer.Action] = [
        "503": down, "redirect": .answer(status: 301, fields: "Location: /\r\n"), "end": .close, "reset": .reset,
        "garbage": .raw("garbage"), "half a head": .raw("HTTP/1.1 200 OK\r\n"), "wrong JSON": .answer("{"),
        "too large": .endless("HTTP/1.1 200 OK\r\n\r\n", then: "allow"), "silence": .silence,
        "64 KiB and more": .answer(#"{"result":"allow"}"# + String(repeating: " ", count: 65_536)),
    ]

    @Test("a failure of the service", arguments: failures.keys.sorted())
    func failure(_ name: String) async throws {
        let action = try #require(Self.failures[name])
        try await Bench.with(HTTPServer.Script { _ in action }) { bench in
            let instead: [(AuthHTTP.OnFailure, Verdict)] = [(.allow, .allow(Identity())), (.ignore, .ignore)]
            for (onFailure, expected) in instead {
                let service = bench.service {
                    $0.timeout = name == "silence" ? 50 : 5000
                    $0.onFailure = onFailure
                }
                #expect(await service.verdict(question()) == expected)
            }
            let service = bench.service { $0.timeout = name == "silence" ? 50 : 5000 }
            guard case .unavailable(let detail) = await service.verdict(question()) else {
                Issue.record("not unavailable")
                return
            }
            #expect(!detail.isEmpty)
            let notes = bench.notes.withLock(\.self)
            #expect(notes.count == 3 && !notes.contains(nil))
            #expect(notes.allSatisfy { $0?.contains("geheim") == false })
        }
    }

    @Test("the operator is told when failures begin and when they are over, each once")
    func notes() async throws {
        let isDown = Lock(false)
        try await Bench.with(HTTPServer.Script { _ in isDown.withLock(\.self) ? down : .answer("deny") }) { bench in
            let service = bench.service()
            for state in [false, true, true, false, false, true] {
                isDown.withLock { $0 = state }
                _ = await service.verdict(question())
            }
            let told = bench.notes.withLock(\.self).map { $0 == nil ? "back" : "down" }
            #expect(told == ["down", "back", "down"])
            #expect(bench.notes.withLock(\.self).first == "it answers with status 503")
        }
    }

    @Test("1,000 questions at 100 ms each", arguments: [64, 1024])
    func many(connections: Int) async throws {
        let slow = HTTPServer.Action.answer(#"{"result":"allow","username":"u"}"#, after: 100)
        try await Bench.with(HTTPServer.Script { _ in slow }) { bench in
            let service = bench.service {
                $0.timeout = 30_000
                $0.connections = connections
            }
            let verdicts = await withTaskGroup { group in
                for id in 0..<1000 { group.addTask { await service.verdict(question("c\(id)")) } }
                return await group.reduce(into: [Verdict]()) { $0.append($1) }
            }
            #expect(verdicts == Array(repeating: allowed, count: 1000))
            #expect(Set(bench.server.requests.map(\.text)).count == 1000)
            #expect(bench.server.connections <= connections)
        }
    }

    @Test("a full queue is busy, at once, and no failure")
    func busy() async throws {
        try await Bench.with(HTTPServer.Script { _ in .silence }) { bench in
            let service = bench.service {
                $0.connections = 1
                $0.queue = 1
            }
            for _ in 0..<2 { #expect(service.ask(question(), now: 0, ticket: nil) { _ in } == nil) }
            let late = service.ask(question(), now: 0, ticket: nil) { _ in Issue.record("a second answer") }
            #expect(late == .busy)
            #expect(bench.notes.withLock(\.self) == [])
        }
    }

    @Test("clients that have left: their questions are not sent, and nobody is told the answers")
    func cancelled() async throws {
        let tickets = (0..<10).map { _ in Ticket() }
        // They leave while the first question is under way.
        let script = HTTPServer.Script { _ in
            for ticket in tickets { ticket.cancel() }
            return .answer("allow")
        }
        try await Bench.with(script) { bench in
            let service = bench.service {
                $0.connections = 1
                $0.queue = 10
            }
            for (number, ticket) in tickets.enumerated() {
                let known = service.ask(question("c\(number)"), now: 0, ticket: ticket) { _ in Issue.record("a reply") }
                #expect(known == nil)
            }
            #expect(await service.verdict(question("last")) == .allow(Identity()))
            let asked = bench.server.requests.map(\.text)
            #expect(asked.count == 2)
            #expect(asked.last?.contains("\"last\"") == true)
        }
    }

    @Test("the gateway stops: unavailable, and not called the service's failure")
    func stop() async throws {
        try await Bench.with(HTTPServer.Script { _ in .silence }) { bench in
            let service = bench.service { $0.onFailure = .allow }
            async let verdict = service.verdict(question())
            await bench.server.wait(requests: 1)
            bench.control.stop()
            #expect(await verdict == .unavailable("the gateway is stopping"))
            #expect(bench.notes.withLock(\.self) == [])
        }
    }
}
