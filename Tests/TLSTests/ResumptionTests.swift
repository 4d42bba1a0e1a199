import COpenSSL
import Testing

@testable import TLS

@Suite("TLS session resumption")
struct ResumptionTests {
    /// Two visits of one client, to contexts with these keys; whether the second resumed the first.
    private func isResumed(
        _ version: Int32, _ first: TicketKeys?, _ second: TicketKeys?, _ cache: SessionCache? = nil,
        _ secondCache: SessionCache? = nil
    ) throws -> Bool {
        let visit = try Connection(
            makeContext(ticketKeys: first, sessionCache: cache), ServerLoop(),
            .init(version: version, name: "a.example"))
        try #require(visit.handshake())
        #expect(!visit.client.isResumed)
        _ = visit.client.readAll()  // TLS 1.3 sends tickets behind the handshake (RFC 8446 §4.6.1)
        let session = try visit.client.session()
        let again = try Connection(
            makeContext(ticketKeys: second, sessionCache: secondCache), ServerLoop(),
            .init(version: version, name: "a.example", session: session))
        try #require(again.handshake())
        again.client.write([1, 2, 3])
        #expect(again.event(again.client.take()) == .open)
        #expect(again.takeReceived() == [1, 2, 3])
        return again.client.isResumed
    }

    @Test("A ticket of one loop is good for another with the same keys", arguments: versions)
    func sameKeys(version: Int32) throws {
        let keys = TicketKeys(period: 3600)
        #expect(try isResumed(version, keys, keys))
    }

    @Test("A ticket under other keys means a full handshake, no failure", arguments: versions)
    func otherKeys(version: Int32) throws {
        #expect(try !isResumed(version, TicketKeys(period: 3600), TicketKeys(period: 3600)))
    }

    @Test("ssl_session_tickets off: none is given, and none is taken", arguments: versions)
    func off(version: Int32) throws {
        let keys = TicketKeys(period: 3600)
        #expect(try !isResumed(version, nil, nil))
        #expect(try !isResumed(version, nil, keys))
        #expect(try !isResumed(version, keys, nil))
    }

    @Test("Keys from files: what one seals another opens that has it in second place", arguments: versions)
    func files(version: Int32) throws {
        let files = try Certificates.shared.get()
        func path(_ name: String) -> String { files.path("\(version)-\(name)") }
        for (name, size) in [("long.key", 80), ("other.key", 80), ("short.key", 48)] {
            try files.run(["rand", "-out", path(name), "\(size)"])
        }
        func keys(_ names: String...) throws -> TicketKeys { try TicketKeys(files: names.map(path)) }
        #expect(try isResumed(version, keys("long.key"), keys("other.key", "long.key")))
        #expect(try isResumed(version, keys("short.key"), keys("other.key", "short.key")))
        #expect(try !isResumed(version, keys("long.key"), keys("other.key", "short.key")))
        #expect(throws: TLSError.self) { try TicketKeys(files: [files.garbage]) }
    }

    @Test("Kept sessions are resumed where tickets are off, in every context that shares them", arguments: versions)
    func kept(version: Int32) throws {
        let cache = SessionCache(limit: 1 << 20)
        #expect(try isResumed(version, nil, nil, cache, cache))
        #expect(cache.count > 0)
        #expect(try !isResumed(version, nil, nil, cache, SessionCache(limit: 1 << 20)))
        #expect(try !isResumed(version, nil, nil, cache, nil))
        #expect(try !isResumed(version, nil, TicketKeys(period: 3600), cache, nil))
    }
}
