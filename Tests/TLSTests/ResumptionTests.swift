import COpenSSL
import Testing

@testable import TLS

@Suite("TLS session resumption")
struct ResumptionTests {
    /// Two visits of one client, to contexts with these keys; whether the second resumed the first.
    private func isResumed(_ version: Int32, _ first: [UInt8]?, _ second: [UInt8]?) throws -> Bool {
        let visit = try Connection(
            makeContext(ticketKeys: first), ServerLoop(), .init(version: version, name: "a.example"))
        try #require(visit.handshake())
        #expect(!visit.client.isResumed)
        _ = visit.client.readAll()  // TLS 1.3 sends tickets behind the handshake (RFC 8446 §4.6.1)
        let session = try visit.client.session()
        let again = try Connection(
            makeContext(ticketKeys: second), ServerLoop(),
            .init(version: version, name: "a.example", session: session))
        try #require(again.handshake())
        again.client.write([1, 2, 3])
        #expect(again.event(again.client.take()) == .open)
        #expect(again.takeReceived() == [1, 2, 3])
        return again.client.isResumed
    }

    @Test("A ticket of one loop is good for another with the same keys", arguments: versions)
    func sameKeys(version: Int32) throws {
        let keys = TLSOptions.makeTicketKeys()
        #expect(try isResumed(version, keys, keys))
    }

    @Test("A ticket under other keys means a full handshake, no failure", arguments: versions)
    func otherKeys(version: Int32) throws {
        #expect(try !isResumed(version, TLSOptions.makeTicketKeys(), TLSOptions.makeTicketKeys()))
    }

    @Test("ssl_session_tickets off: none is given, and none is taken", arguments: versions)
    func off(version: Int32) throws {
        let keys = TLSOptions.makeTicketKeys()
        #expect(try !isResumed(version, nil, nil))
        #expect(try !isResumed(version, nil, keys))
        #expect(try !isResumed(version, keys, nil))
    }

    @Test("Fresh keys are 80 bytes, never the same")
    func keys() {
        let keys = (0..<4).map { _ in TLSOptions.makeTicketKeys() }
        #expect(keys.allSatisfy { $0.count == 80 })
        #expect(Set(keys).count == 4)
    }
}
