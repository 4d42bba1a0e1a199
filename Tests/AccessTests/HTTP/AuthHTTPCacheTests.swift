import Control
import Reactor
import TestSupport
import Testing

@testable import Access

@Suite("What auth_http remembers", .timeLimit(.minutes(1)))
struct AuthHTTPCacheTests {
    private func question(_ change: (inout AuthHTTP.Question) -> Void = { _ in }) -> AuthHTTP.Question {
        var question = QuestionTests.question(password: Secret("geheim"))
        change(&question)
        return question
    }

    /// How many of the questions, one behind the other, the service gets.
    private func asked(
        _ questions: [AuthHTTP.Question], answer: HTTPServer.Action, cacheFor: Int64 = 60_000,
        onFailure: AuthHTTP.OnFailure = .refuse, after: Int64 = 0,
        clock: @escaping @Sendable () -> Int64 = wallMilliseconds
    ) async throws -> Int {
        let server = try HTTPServer { _ in answer }
        let control = try ControlLoop()
        try control.start()
        defer {
            control.stop()
            server.stop()
        }
        var options = AuthHTTP.Options(url: server.url)
        (options.cacheFor, options.onFailure) = (cacheFor, onFailure)
        let service = AuthHTTP(options, control: control, clock: clock) { _ in }
        for question in questions {
            _ = await withCheckedContinuation { continuation in
                let now = monotonicMilliseconds() + after
                let known = service.ask(question, now: now, ticket: nil) { continuation.resume(returning: $0) }
                if let known { continuation.resume(returning: known) }
            }
        }
        return server.requests.count
    }

    @Test("what was allowed is allowed again, from another port too")
    func hit() async throws {
        let questions = [question(), question { $0.remotePort = 1 }, question()]
        #expect(try await asked(questions, answer: .answer("allow")) == 1)
    }

    @Test("without auth_http_cache every question is asked")
    func off() async throws {
        #expect(try await asked([question(), question()], answer: .answer("allow"), cacheFor: 0) == 2)
    }

    @Test("whatever else differs is another question")
    func differences() async throws {
        let others = [
            question(), question { $0.clientID = "c2" }, question { $0.username = "" }, question { $0.username = "c" },
            question { $0.password = Secret("geheim2") }, question { $0.password = nil },
            question { $0.password = Secret([0xFF]) }, question { $0.remoteAddress = "192.0.2.2" },
            question { $0.certificateCN = "x" }, question { $0.protocolVersion = "3.1" },
            question { $0.serverName = "s" }, question { $0.headers = [("a", "b")] },
            question { $0.headers = [("a", "c")] },
        ]
        #expect(try await asked(others, answer: .answer("allow")) == others.count)
    }

    @Test("only what allows is remembered", arguments: ["deny", "ignore", "{", #"{"result":"deny"}"#])
    func others(_ answer: String) async throws {
        for onFailure in [.refuse, .allow] as [AuthHTTP.OnFailure] {
            #expect(try await asked([question(), question()], answer: .answer(answer), onFailure: onFailure) == 2)
        }
    }

    @Test("it is forgotten after its time")
    func life() async throws {
        let questions = [question(), question()]
        #expect(try await asked(questions, answer: .answer("allow"), after: 30_000) == 1)
        #expect(try await asked(questions, answer: .answer("allow"), after: 61_000) == 2)
    }

    @Test("expires_at ends it earlier", arguments: [(2, 1), (3, 2)])
    func expiry(questions: Int, requests: Int) async throws {
        let time = Lock<Int64>(0)
        // Every look at the clock, one for each answer and one for each hit, is 400 ms later: the third is too late.
        let clock: @Sendable () -> Int64 = {
            time.withLock {
                $0 += 400
                return $0
            }
        }
        let answer = HTTPServer.Action.answer(#"{"result":"allow","expires_at":1}"#)
        let same = Array(repeating: question(), count: questions)
        #expect(try await asked(same, answer: answer, clock: clock) == requests)
    }
}
