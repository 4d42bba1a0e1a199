import COpenSSL
import Testing

@testable import TLS

@Suite("TLS server names")
struct ServerNameTests {
    private func names(_ select: @escaping @Sendable (String) -> Int) throws -> TLSServerNames {
        let certificates = try Certificates.shared.get()
        return TLSServerNames(
            contexts: [try makeContext([certificates.a]), try makeContext([certificates.b])], select: select)
    }

    @Test(
        "RFC 6066 §3: the name chooses the certificate; the first stands for all others",
        arguments: [
            ("b.example", "b.example"), ("B.EXAMPLE", "b.example"), ("a.example", "a.example"),
            ("c.example", "a.example"), (nil, "a.example"),
        ] as [(String?, String)])
    func choice(name: String?, certificate: String) throws {
        let names = try names { $0 == "b.example" ? 1 : 0 }
        for version in versions {
            let connection = try Connection(names, ServerLoop(), .init(version: version, name: name))
            try #require(connection.handshake())
            #expect(connection.client.peer?.name == certificate)
            #expect(connection.serverName == name?.lowercased())
        }
    }

    @Test("An index that is none leaves the first", arguments: [-1, 2, Int.max])
    func outOfRange(index: Int) throws {
        let names = try names { _ in index }
        let connection = try Connection(names, ServerLoop(), .init(name: "b.example"))
        #expect(connection.handshake())
        #expect(connection.client.peer?.name == "a.example")
    }

    @Test("Interleaved handshakes get each their own certificate")
    func interleaved() throws {
        let names = try names { $0 == "b.example" ? 1 : 0 }
        let loop = try ServerLoop()
        let hosts = ["a.example", "b.example", "b.example", "a.example"]
        let connections = try hosts.map { try Connection(names, loop, .init(name: $0)) }
        for _ in 0..<6 { for connection in connections { _ = connection.step() } }
        #expect(connections.map(\.isComplete) == [true, true, true, true])
        #expect(connections.map { $0.client.peer?.name } == hosts)
    }

    @Test("One server alone takes every name, and none at all has no context")
    func alone() throws {
        let names = TLSServerNames(contexts: [try makeContext()]) { _ in 0 }
        let connection = try Connection(names, ServerLoop(), .init(name: "any.example"))
        #expect(connection.handshake())
        #expect(TLSServerNames(contexts: []) { _ in 0 }.first == nil)
    }

    @Test("Names that are replaced during a handshake live until it is over, and no longer", arguments: versions)
    func replaced(version: Int32) throws {
        let loop = try ServerLoop()
        var groups = Array("P-384".utf8CString)
        // Before the ClientHello, and in the middle: after a HelloRetryRequest (RFC 8446 §4.1.4), or the first flight of 1.2.
        for steps in 0...1 {
            var current: TLSServerNames? = try names { $0 == "b.example" ? 1 : 0 }
            weak let old = current
            try #require(SSL_CTX_ctrl(current?.first?.handle, SSL_CTRL_SET_GROUPS_LIST, 0, &groups) == 1)
            let connection = try Connection(
                #require(current), loop, .init(version: version, name: "b.example", groups: "P-256:P-384"))
            for _ in 0..<steps { #expect(!connection.step()) }
            current = try names { _ in 0 }
            #expect(old != nil)
            try #require(connection.handshake())
            #expect(connection.client.peer?.name == "b.example")
            #expect(old == nil)
            // What OpenSSL still points to serves on.
            #expect(connection.write(Array("hello".utf8)) == 5)
            connection.client.feed(loop.take())
            #expect(connection.client.readAll() == Array("hello".utf8))
        }
    }
}
