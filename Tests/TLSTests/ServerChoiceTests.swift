import COpenSSL
import Testing

@testable import TLS

/// The server that the name chooses decides everything, not the one that the connection began with.
@Suite("TLS server names: what comes with the choice")
struct ServerChoiceTests {
    private let files: ClientCertificates

    init() throws { files = try ClientCertificates.shared.get() }

    private func names(_ contexts: [TLSContext]) -> TLSServerNames {
        TLSServerNames(contexts: contexts) { $0 == "b.example" ? 1 : $0 == "c.example" ? 2 : 0 }
    }

    @Test("Verification is that of the server that was chosen", arguments: versions)
    func verification(version: Int32) throws {
        for verifying in [0, 1] {
            let names = names(
                try (0..<2).map { try makeContext(verification: $0 == verifying ? files.verification() : nil) })
            for (index, host) in ["a.example", "b.example"].enumerated() {
                func connect(_ client: String?) throws -> Connection {
                    try Connection(
                        names, ServerLoop(),
                        .init(version: version, name: host, credential: client.flatMap { files.clients[$0] }))
                }
                let good = try connect("good")
                try #require(good.handshake())
                #expect(good.contextIndex == index)
                #expect(good.peerCertificate?.commonName == (index == verifying ? "good" : nil))
                #expect(good.client.authorities == (index == verifying ? ["CN=root"] : nil))
                let (none, expired) = (try connect(nil).failedHandshake(), try connect("expired").failedHandshake())
                #expect((none == nil) == (index != verifying))
                #expect((expired == nil) == (index != verifying))
            }
        }
    }

    @Test("Authorities, depth and lists of one server are not another's")
    func rules() throws {
        let other = try ClientCertificates.write("choice.pem", [files.stranger.pem()])
        let names = names([
            try makeContext(verification: files.verification(depth: 0)),
            try makeContext(verification: files.verification(depth: 1, lists: files.revocationLists)),
            try makeContext(verification: files.verification(.optional, authorities: other)),
        ])
        let cases: [(host: String, client: String, words: String?)] = [
            ("a.example", "one below", "certificate chain too long"), ("a.example", "revoked", nil),
            ("b.example", "revoked", "certificate revoked"), ("b.example", "good", nil),
            ("c.example", "good", "unable to get local issuer certificate"), ("c.example", "strange", nil),
        ]
        for version in versions {
            for (host, client, words) in cases {
                let connection = try Connection(
                    names, ServerLoop(),
                    .init(version: version, name: host, credential: files.clients[client]))
                #expect(connection.failedHandshake()?.reason == words.map { "certificate verify failed: \($0)" })
            }
        }
    }

    @Test("So are versions, ciphers and tickets")
    func options() throws {
        let keys = TicketKeys(period: 3600)
        let names = names([
            try makeContext(tls13: false), try makeContext(tls12: false, ticketKeys: keys),
            try makeContext(ciphers: "ECDHE-ECDSA-AES256-GCM-SHA384", ticketKeys: keys),
        ])
        for version in versions {
            for (host, isTaken) in [
                ("a.example", version == TLS1_2_VERSION), ("b.example", version == TLS1_3_VERSION), ("c.example", true),
            ] {
                let connection = try Connection(names, ServerLoop(), .init(version: version, name: host))
                #expect((connection.failedHandshake() == nil) == isTaken)
                guard isTaken else { continue }
                _ = connection.client.readAll()
                #expect((connection.client.ticketLifetime > 0) == (host != "a.example"))
                if host == "c.example", version == TLS1_2_VERSION {
                    #expect(connection.cipher == "ECDHE-ECDSA-AES256-GCM-SHA384")
                }
                let again = try Connection(
                    names, ServerLoop(),
                    .init(version: version, name: host, session: connection.client.session()))
                #expect(again.handshake())
                #expect(again.isResumed == (host != "a.example"))
            }
        }
    }

    @Test("Tickets are on or off by the server that was chosen, and good in other loops", arguments: versions)
    func tickets(version: Int32) throws {
        let keys = TicketKeys(period: 3600)
        for giving in [0, 1] {
            let loops = try (0..<2).map { _ in
                names(try (0..<2).map { try makeContext(ticketKeys: $0 == giving ? keys : nil) })
            }
            for (index, host) in ["a.example", "b.example"].enumerated() {
                let first = try Connection(loops[0], ServerLoop(), .init(version: version, name: host))
                try #require(first.handshake())
                _ = first.client.readAll()
                #expect((first.client.ticketLifetime > 0) == (index == giving))
                let session = try first.client.session()
                let again = try Connection(
                    loops[1], ServerLoop(), .init(version: version, name: host, session: session))
                try #require(again.handshake())
                #expect(again.isResumed == (index == giving))
            }
        }
    }

    @Test("Two listeners with the same default server keep their own names", arguments: versions)
    func shared(version: Int32) throws {
        let (a, b) = (try makeContext(), try makeContext([Certificates.shared.get().b]))
        let first = TLSServerNames(contexts: [a, b]) { $0 == "b.example" ? 1 : 0 }
        let second = TLSServerNames(contexts: [a, try makeContext()]) { $0 == "c.example" ? 1 : 0 }
        for (names, host, index) in [
            (first, "b.example", 1), (first, "c.example", 0), (second, "b.example", 0), (second, "c.example", 1),
        ] {
            let connection = try Connection(names, ServerLoop(), .init(version: version, name: host))
            try #require(connection.handshake())
            #expect(connection.contextIndex == index)
        }
    }

    @Test("RFC 8446 §4.1.4: a HelloRetryRequest does not ask the choice again")
    func retry() throws {
        let names = names([try makeContext(), try makeContext(verification: files.verification())])
        var groups = Array("P-384".utf8CString)
        try #require(SSL_CTX_ctrl(names.first?.handle, SSL_CTRL_SET_GROUPS_LIST, 0, &groups) == 1)
        for client in ["good", nil] {
            let connection = try Connection(
                names, ServerLoop(),
                .init(name: "b.example", credential: client.flatMap { files.clients[$0] }, groups: "P-256:P-384"))
            #expect(!connection.step())
            #expect(!connection.client.handshake())
            let second = connection.client.take()
            // Behind change_cipher_spec, in the clear: a ClientHello again.
            try #require(second.dropFirst(6).first == UInt8(SSL3_RT_HANDSHAKE))
            _ = connection.event(second)
            #expect((connection.failedHandshake() == nil) == (client != nil))
            #expect(connection.contextIndex == 1)
            #expect(connection.peerCertificate?.commonName == client)
        }
    }

    @Test(
        "RFC 6066 §3: the server_name extension, whole or not at all",
        arguments: [
            ([0, 6, 0, 0, 3, 0x61, 0x2E, 0x42], "a.b"), ([0, 4, 0, 0, 1, 0x61], "a"),
            ([0, 3, 0, 0, 0], nil), ([0, 4, 1, 0, 1, 0x61], nil), ([0, 4, 0, 0, 2, 0x61], nil),
            ([0, 4, 0, 0, 0, 0x61], nil), ([0, 4, 0, 0xFF, 0xFF, 0x61], nil), ([0, 5, 0, 0, 1, 0x61, 0], nil),
            ([0, 4, 0, 0], nil), ([0], nil), ([], nil),
        ] as [([UInt8], String?)])
    func extensions(bytes: [UInt8], name: String?) {
        #expect(bytes.withUnsafeBufferPointer { TLSServerNames.hostName($0) } == name)
    }

    @Test(
        "Any ClientHello with one bit turned chooses a server or fails, and never harms the next", arguments: versions)
    func mutated(version: Int32) throws {
        let names = names([try makeContext(), try makeContext(verification: files.verification())])
        let loop = try ServerLoop()
        for bit in 0..<1600 {
            let connection = try Connection(names, loop, .init(version: version, name: "b.example"))
            _ = connection.client.handshake()
            var bytes = connection.client.take()
            guard bit / 8 < bytes.count else { break }
            bytes[bit / 8] ^= 1 << (bit % 8)
            _ = connection.event(bytes)
            #expect((0...1).contains(connection.contextIndex))
            #expect(ERR_peek_error() == 0, "bit \(bit)")
        }
        #expect(try Connection(names, loop, .init(version: version, name: "a.example")).handshake())
    }
}
