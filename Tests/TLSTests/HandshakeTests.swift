import COpenSSL
import TestSupport
import Testing

@testable import TLS

@Suite("TLS handshake")
struct HandshakeTests {
    @Test("Versions, ciphers, the name in lower case, and bytes both ways", arguments: versions)
    func handshake(version: Int32) throws {
        let connection = try Connection(
            makeContext(), ServerLoop(), .init(version: version, name: "A.Example"))
        try #require(connection.handshake())
        #expect(connection.version == (version == TLS1_3_VERSION ? "TLSv1.3" : "TLSv1.2"))
        #expect(connection.cipher.contains("AES") || connection.cipher.contains("CHACHA"))
        #expect(connection.serverName == "a.example")
        connection.client.write(Array("ping".utf8))
        #expect(connection.event(connection.client.take()) == .open)
        #expect(connection.takeReceived() == Array("ping".utf8))
        #expect(connection.write(Array("pong".utf8)) == 4)
        connection.client.feed(connection.loop.take())
        #expect(connection.client.readAll() == Array("pong".utf8))
    }

    @Test("A version that is not allowed fails, with an alert for the client", arguments: versions)
    func versionRefused(version: Int32) throws {
        let is13 = version == TLS1_3_VERSION
        let context = try makeContext(tls12: is13, tls13: !is13)
        let connection = try Connection(context, ServerLoop(), .init(version: version))
        #expect(!connection.client.handshake())
        guard case .failed(let failure) = connection.event(connection.client.take()) else {
            Issue.record("not refused")
            return
        }
        #expect(failure.reason.contains("version") || failure.reason.contains("protocol"), "\(failure.reason)")
        #expect(!failure.isPlainHTTP)
        #expect(ERR_peek_error() == 0)
        #expect(connection.client.read() == .failed)
    }

    @Test(
        "ALPN (RFC 7301): http/1.1 when it is offered; without the extension the handshake goes on without",
        arguments: [
            (["http/1.1"], "http/1.1"), (["h2", "http/1.1"], "http/1.1"), (["http/1.1", "h2"], "http/1.1"), ([], nil),
        ] as [([String], String?)])
    func alpn(offered: [String], chosen: String?) throws {
        for version in versions {
            let connection = try Connection(
                makeContext(), ServerLoop(), .init(version: version, protocols: offered))
            #expect(connection.handshake())
            #expect(connection.client.chosenProtocol == chosen)
        }
    }

    @Test(
        "RFC 7301 §3.2: no protocol in common is the alert no_application_protocol",
        arguments: [["h2"], ["http/1.0", "http/1.10", "x"]])
    func noCommonProtocol(offered: [String]) throws {
        for version in versions {
            let connection = try Connection(makeContext(), ServerLoop(), .init(version: version, protocols: offered))
            let failure = try #require(connection.failedHandshake())
            #expect(failure.reason == "the client does not offer http/1.1 (ALPN)")
            #expect(connection.client.alert == 120)
        }
    }

    @Test("The client's ciphers decide between an ECDSA and an RSA certificate")
    func twoCertificates() throws {
        let certificates = try Certificates.shared.get()
        let context = try makeContext([certificates.a, certificates.rsa])
        for (ciphers, isRSA) in [("ECDHE-RSA-AES128-GCM-SHA256", true), ("ECDHE-ECDSA-AES128-GCM-SHA256", false)] {
            let connection = try Connection(
                context, ServerLoop(), .init(version: TLS1_2_VERSION, ciphers: ciphers))
            try #require(connection.handshake())
            #expect(connection.client.peer?.isRSA == isRSA)
            #expect(connection.cipher == ciphers)
        }
    }

    @Test("ssl_ciphers names the ciphers of both versions")
    func ciphers() throws {
        let context = try makeContext(ciphers: "TLS_CHACHA20_POLY1305_SHA256:ECDHE-ECDSA-AES256-GCM-SHA384")
        for (version, cipher) in zip(versions, ["ECDHE-ECDSA-AES256-GCM-SHA384", "TLS_CHACHA20_POLY1305_SHA256"]) {
            let connection = try Connection(context, ServerLoop(), .init(version: version))
            try #require(connection.handshake())
            #expect(connection.cipher == cipher)
        }
        let refused = try Connection(
            context, ServerLoop(), .init(version: TLS1_2_VERSION, ciphers: "ECDHE-ECDSA-AES128-GCM-SHA256"))
        _ = refused.client.handshake()
        let failure = TLSFailure(reason: "no shared cipher", isPlainHTTP: false)
        #expect(refused.event(refused.client.take()) == .failed(failure))
    }

    @Test("Handshake and records cut into single bytes", arguments: versions)
    func byteByByte(version: Int32) throws {
        let connection = try Connection(makeContext(), ServerLoop(), .init(version: version, name: "a.example"))
        for _ in 0..<6 where !connection.isComplete {
            _ = connection.client.handshake()
            for byte in connection.client.take() { _ = connection.event([byte]) }
        }
        #expect(connection.client.handshake())
        try #require(connection.isComplete)
        let message = (0..<300).map { UInt8(truncatingIfNeeded: $0) }
        connection.client.write(message)
        let bytes = connection.client.take()
        for byte in bytes.dropLast() {
            #expect(connection.event([byte]) == .open)
            #expect(connection.received.isEmpty)
        }
        #expect(connection.event(bytes.suffix(1)) == .open)
        #expect(connection.takeReceived() == message)
        #expect(connection.isDrained)
    }

    @Test(
        "The buffers of a loop are shared: handshakes and records of many connections, interleaved",
        arguments: 1...8 as ClosedRange<UInt64>)
    func interleaved(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let loop = try ServerLoop()
        let context = try makeContext(ticketKeys: TicketKeys(period: 3600))
        let count = Int.random(in: 2...12, using: &random)
        let connections = try (0..<count).map { index in
            try Connection(context, loop, .init(version: versions[index % 2], name: "n\(index).example"))
        }
        var open = Array(connections.indices)
        var events = 0
        while !open.isEmpty, events < count * 200 {
            events += 1
            let place = Int.random(in: 0..<open.count, using: &random)
            let connection = connections[open[place]]
            let isReady = connection.client.handshake()
            let bytes = connection.client.take()
            // In two pieces, another connection's between them.
            let half = Int.random(in: 0...bytes.count, using: &random)
            _ = connection.event(bytes.prefix(half))
            let other = connections[Int.random(in: 0..<count, using: &random)]
            if other !== connection { _ = other.event([]) }
            _ = connection.event(bytes.dropFirst(half))
            if isReady, connection.isComplete { open.remove(at: place) }
        }
        #expect(open.isEmpty, "seed \(seed)")
        for round in 0..<40 {
            let index = Int.random(in: 0..<count, using: &random)
            let connection = connections[index]
            let message = Array("\(index) in round \(round)".utf8)
            connection.client.write(message)
            #expect(connection.event(connection.client.take()) == .open, "seed \(seed) round \(round)")
            #expect(connection.takeReceived() == message, "seed \(seed) round \(round)")
            #expect(connection.write(message + message) == message.count * 2)
            connection.client.feed(loop.take())
            #expect(connection.client.readAll() == message + message, "seed \(seed) round \(round)")
            #expect(connection.serverName == "n\(index).example")
        }
    }

    @Test("Connections that end in the middle of others' handshakes leave those alone", arguments: versions)
    func abandoned(version: Int32) throws {
        let loop = try ServerLoop()
        let context = try makeContext()
        let survivor = try Connection(context, loop, .init(version: version))
        #expect(!survivor.step())
        for _ in 0..<5 {
            let other = try Connection(context, loop, .init(version: version))
            #expect(!other.step())
        }
        let broken = try Connection(context, loop, .init(version: version))
        guard case .failed = broken.event(Array(repeating: 0xFF, count: 100)) else {
            Issue.record("garbage was taken")
            return
        }
        #expect(survivor.handshake())
    }
}
