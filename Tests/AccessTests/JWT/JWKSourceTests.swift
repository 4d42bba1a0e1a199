import Access
import Reactor
import Testing

/// A URL that answers when the test says so.
private final class FakeURL: Sendable {
    typealias Completion = @Sendable (Result<[UInt8], JWKSFetchFailure>) -> Void

    struct State {
        var now: Int64 = 0
        var pending: [Completion] = []
        var fetches = 0
        var notices: [JWKSource.Notice] = []
        var replies: [String] = []
    }
    let state = Lock(State())

    func source(keys: JWTKeySet? = nil) -> JWKSource {
        JWKSource(
            name: "https://id.example/keys", keys: keys, clock: { self.state.withLock(\.now) },
            notify: { notice in self.state.withLock { $0.notices.append(notice) } },
            fetch: { completion in
                self.state.withLock {
                    $0.fetches += 1
                    $0.pending.append(completion)
                }
            })
    }

    func advance(_ milliseconds: Int64) { state.withLock { $0.now += milliseconds } }

    /// Ends the oldest fetch.
    func answer(_ text: String) throws { try end(.success(Array(text.utf8))) }
    func fail(_ detail: String) throws { try end(.failure(JWKSFetchFailure(detail))) }

    private func end(_ answer: Result<[UInt8], JWKSFetchFailure>) throws {
        let oldest = state.withLock { $0.pending.isEmpty ? nil : $0.pending.removeFirst() }
        let completion = try #require(oldest)
        completion(answer)
    }

    func reply(_ name: String) -> @Sendable (JWKSource.Refreshed) -> Void {
        { outcome in self.state.withLock { $0.replies.append("\(name) \(outcome)") } }
    }

    var fetches: Int { state.withLock(\.fetches) }
    var notices: [JWKSource.Notice] { state.withLock(\.notices) }
    var replies: [String] { state.withLock(\.replies) }
}

@Suite struct JWKSourceTests {
    private let url = FakeURL()

    private func fault(_ source: JWKSource, _ token: String) -> JWTError? {
        do throws(JWTError) {
            _ = try source.verify(Secret(token), rules: JWTRules(), now: 0)
            return nil
        } catch {
            return error
        }
    }

    @Test("Before the first fetch there are no keys, and a client may wait for them")
    func first() throws {
        let source = url.source()
        #expect(source.keys == nil)
        #expect(fault(source, JOSEVectors.a3) == .noKeys)
        source.tick()
        source.tick()
        #expect(url.fetches == 1)
        #expect(source.refresh(ticket: Ticket(), reply: url.reply("a")) == nil)
        #expect(url.fetches == 1)
        #expect(url.replies == [])
        try url.answer(JOSEVectors.a3Key)
        #expect(url.replies == ["a fetched"])
        #expect(fault(source, JOSEVectors.a3) == nil)
        #expect(url.notices == [])
    }

    @Test("Rotation: an unknown kid has the keys fetched, and all that waited are told once")
    func rotation() throws {
        let old = try Signer.make("ES256")
        let new = try Signer.make("ES256")
        let source = url.source(keys: try .load(old.jwk(["kid": "old"])))
        let token = try new.token("{}", header: #"{"alg":"ES256","kid":"new"}"#)
        #expect(fault(source, token) == .unknownKey("new"))
        #expect(source.refresh(ticket: Ticket(), reply: url.reply("a")) == nil)
        #expect(source.refresh(ticket: Ticket(), reply: url.reply("b")) == nil)
        #expect(url.fetches == 1)
        try url.answer("{\"keys\":[\(old.jwk(["kid": "old"])),\(new.jwk(["kid": "new"]))]}")
        #expect(url.replies == ["a fetched", "b fetched"])
        #expect(fault(source, token) == nil)
        #expect(source.keys?.keyIDs == ["new", "old"])
        // Another made-up key, right behind.
        #expect(source.refresh(ticket: Ticket(), reply: url.reply("c")) == .tooSoon)
        url.advance(10_000)
        #expect(source.refresh(ticket: Ticket(), reply: url.reply("d")) == nil)
        #expect(url.fetches == 2)
        try url.fail("timed out")
        #expect(url.replies == ["a fetched", "b fetched", "d failed"])
    }

    @Test(
        "The old keys keep working while the URL is down or answers nonsense",
        arguments: ["", "<html>", "{\"keys\":[]}", "{\"keys\":[{\"kty\":\"x\"}]}", "-----BEGIN PRIVATE KEY-----"])
    func nonsense(answer: String) throws {
        let source = url.source()
        source.tick()
        try url.answer(JOSEVectors.a3Key)
        url.advance(300_000)
        source.tick()
        try url.answer(answer)
        #expect(fault(source, JOSEVectors.a3) == nil)
        #expect(url.notices.count == 1)
        guard case .startsFailing(let detail)? = url.notices.first else {
            Issue.record("no notice")
            return
        }
        #expect(detail.hasPrefix("https://id.example/keys: "))
    }

    @Test("One notice when it begins to fail, one when it is back")
    func notices() throws {
        let source = url.source()
        for _ in 0..<3 {
            source.tick()
            try url.fail("connection refused")
            url.advance(300_000)
        }
        source.tick()
        try url.answer(JOSEVectors.a3Key)
        url.advance(300_000)
        source.tick()
        try url.answer(JOSEVectors.a3Key)
        #expect(
            url.notices == [.startsFailing("https://id.example/keys: connection refused"), .recovers])
        #expect(url.fetches == 5)
    }

    @Test("Skipped keys are told when they change")
    func skipped() throws {
        let source = url.source()
        for key in ["", #",{"kty":"x"}"#, #",{"kty":"x"}"#, #",{"kty":"oct"}"#, ""] {
            source.tick()
            try url.answer("{\"keys\":[\(JOSEVectors.a3Key)\(key)]}")
            url.advance(300_000)
        }
        let reasons = url.notices.map { notice in
            if case .skipped(let keys) = notice { keys.map(\.reason) } else { ["?"] }
        }
        #expect(
            reasons == [["unknown kty"], ["a member is missing, or is not base64url of the right length"], []])
    }

    @Test("A client that has left is not answered")
    func cancelled() throws {
        let source = url.source()
        let left = Ticket()
        #expect(source.refresh(ticket: left, reply: url.reply("left")) == nil)
        #expect(source.refresh(ticket: Ticket(), reply: url.reply("a")) == nil)
        left.cancel()
        try url.answer(JOSEVectors.a3Key)
        #expect(url.replies == ["a fetched"])
    }

    @Test("Waiting is bounded, and a client that has left gives up its place")
    func bounded() throws {
        let source = url.source()
        let left = Ticket()
        #expect(source.refresh(ticket: left, reply: url.reply("left")) == nil)
        for number in 1..<JWKSource.mostWaiting {
            #expect(source.refresh(ticket: Ticket(), reply: url.reply("\(number)")) == nil)
        }
        #expect(source.refresh(ticket: Ticket(), reply: url.reply("late")) == .busy)
        left.cancel()
        #expect(source.refresh(ticket: Ticket(), reply: url.reply("last")) == nil)
        #expect(source.refresh(ticket: Ticket(), reply: url.reply("later")) == .busy)
        #expect(url.fetches == 1)
        try url.answer(JOSEVectors.a3Key)
        #expect(url.replies.count == JWKSource.mostWaiting)
        #expect(url.replies.last == "last fetched")
        #expect(!url.replies.contains("left fetched"))
    }

    @Test("A fetch that ends twice counts once")
    func twice() throws {
        let source = url.source()
        source.tick()
        let completion = try #require(url.state.withLock(\.pending.first))
        try url.answer(JOSEVectors.a3Key)
        url.advance(300_000)
        source.tick()
        completion(.failure(JWKSFetchFailure("late")))
        #expect(source.refresh(ticket: Ticket(), reply: url.reply("a")) == nil)
        #expect(url.replies == [])
        try url.answer(JOSEVectors.a3Key)
        #expect(url.replies == ["a fetched"])
        #expect(url.notices == [])
        #expect(url.fetches == 2)
    }

    @Test("A fetch that ends before it returns")
    func immediate() {
        let replies = Lock<[JWKSource.Refreshed]>([])
        let source = JWKSource(
            name: "u", clock: { 0 }, notify: { _ in },
            fetch: { completion in completion(.success(Array(JOSEVectors.a3Key.utf8))) })
        let answer = source.refresh(ticket: Ticket()) { outcome in replies.withLock { $0.append(outcome) } }
        #expect(answer == nil)
        #expect(replies.withLock { $0 } == [.fetched])
        #expect(fault(source, JOSEVectors.a3) == nil)
    }

    @Test("Many threads verify while keys rotate: each token meets one whole set")
    func threads() throws {
        let signers = [
            try Signer.make("HS256"), Signer.hmac("HS256", secret: Array(repeating: 3, count: 32)),
        ]
        let sets = signers.map { $0.jwk() }
        let tokens = try signers.map { try $0.token("{}") }
        let source = url.source(keys: try .load(sets[0]))
        let faults = Lock<[JWTError]>([])
        var threads: [Thread] = []
        for _ in 0..<4 {
            threads.append(
                try Thread.start(name: "verify") {
                    for number in 0..<300 {
                        let fault = fault(source, tokens[number % 2])
                        if let fault, fault != .signature { faults.withLock { $0.append(fault) } }
                    }
                })
        }
        for number in 0..<50 {
            source.tick()
            try url.answer(sets[number % 2])
            url.advance(300_000)
        }
        for thread in threads { thread.join() }
        #expect(faults.withLock { $0 } == [])
        #expect(fault(source, tokens[1]) == nil)
        #expect(fault(source, tokens[0]) == .signature)
    }
}
