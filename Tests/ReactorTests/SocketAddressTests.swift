import CShims
import Testing

@testable import Reactor

@Suite("Socket addresses")
struct SocketAddressTests {
    @Test(
        "Literals and their text",
        arguments: [
            ("127.0.0.1", 1883, "127.0.0.1", "127.0.0.1:1883"),
            ("192.0.2.255", 65535, "192.0.2.255", "192.0.2.255:65535"),
            ("0.0.0.0", 0, "0.0.0.0", "0.0.0.0:0"),
            ("::1", 1883, "::1", "[::1]:1883"),
            ("2001:0DB8:0:0:0:0:0:1", 8883, "2001:db8::1", "[2001:db8::1]:8883"),
            ("::ffff:192.0.2.1", 1, "::ffff:192.0.2.1", "[::ffff:192.0.2.1]:1"),
            (
                "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 1, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
                "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:1"
            ),
        ] as [(String, UInt16, String, String)])
    func literals(literal: String, port: UInt16, host: String, text: String) throws {
        let addresses = try SocketAddress.resolve(host: literal, port: port)
        #expect(addresses.count == 1)
        let address = try #require(addresses.first)
        #expect(!address.isUnix)
        let compact = CompactAddress(address)
        #expect(compact.host == host)
        #expect(compact.port == port)
        #expect(compact.text == text)
        #expect(compact == CompactAddress(address))
    }

    @Test("Addresses that differ in host, port or family are not equal")
    func inequality() throws {
        let all = try [("127.0.0.1", 1), ("127.0.0.2", 1), ("127.0.0.1", 2), ("::1", 1), ("::2", 1)].map {
            CompactAddress(try #require(try SocketAddress.resolve(host: $0.0, port: UInt16($0.1)).first))
        }
        for (first, a) in all.enumerated() {
            for (second, b) in all.enumerated() { #expect((a == b) == (first == second), "\(a.text) \(b.text)") }
            #expect(a != CompactAddress())
        }
    }

    @Test("A session keeps at most 24 bytes of an address")
    func size() {
        #expect(MemoryLayout<CompactAddress>.size <= 24)
    }

    @Test("A unix socket has neither host nor port")
    func unix() throws {
        let address = try #require(SocketAddress(unixPath: "/run/a.sock"))
        #expect(address.isUnix)
        let compact = CompactAddress(address)
        #expect(compact.host == "unix:")
        #expect(compact.port == 0)
        #expect(compact.text == "unix:")
        #expect(compact == CompactAddress())
    }

    @Test("unix(7): a path of at most 107 bytes, no zero in it")
    func unixPaths() {
        #expect(SocketAddress(unixPath: "/" + String(repeating: "a", count: 106)) != nil)
        #expect(SocketAddress(unixPath: "/" + String(repeating: "a", count: 107)) == nil)
        #expect(SocketAddress(unixPath: "/" + String(repeating: "é", count: 54)) == nil)
        #expect(SocketAddress(unixPath: "") == nil)
        #expect(SocketAddress(unixPath: "/a\0b") == nil)
    }

    @Test("A name that does not resolve says which one (RFC 6761 §6.4: .invalid never does)")
    func unresolved() {
        do throws(ResolveError) {
            let addresses = try SocketAddress.resolve(host: "name.invalid", port: 1)
            Issue.record("\(addresses.count) addresses")
        } catch {
            #expect(error.host == "name.invalid")
            #expect(!error.reason.isEmpty)
            #expect(error.description == "name.invalid: \(error.reason)")
        }
    }
}
