import Testing

@testable import Wire

@Suite("TLVs of the PROXY header")
struct ProxyTLVTests {
    /// The addresses of IPv4 and IPv6, with their ports (§2.2).
    static let addresses = [12, 36]

    /// Type and contents of each TLV, those inside the one of TLS too.
    private func read(_ bytes: [UInt8]) throws -> [UInt8: [UInt8]] {
        var found: [UInt8: [UInt8]] = [:]
        var rest = bytes[...]
        while let type = rest.popFirst() {
            let length = rest.prefix(2)
            try #require(length.count == 2)
            rest = rest.dropFirst(2)
            let count = length.reduce(0) { $0 << 8 | Int($1) }
            try #require(rest.count >= count)
            #expect(found[type] == nil, "a TLV stands there twice")
            found[type] = Array(rest.prefix(count))
            rest = rest.dropFirst(count)
            guard type == 0x20, let contents = found[type] else { continue }
            found.merge(try read(Array(contents.dropFirst(5)))) { _, inner in inner }
            found[type] = Array(contents.prefix(5))
        }
        return found
    }

    private func text(_ count: Int) -> String { String(repeating: "a", count: count) }

    private func tlvs(_ details: ProxyHeader.Details, addresses: Int = 12) throws -> [UInt8: [UInt8]] {
        try read(ProxyTLVs.bytes(details, addresses: addresses))
    }

    struct Client: Sendable {
        let certificate: ProxyHeader.TLS.Certificate
        let contents: [UInt8]
    }

    @Test(
        "§2.2.6: client and verify",
        arguments: [
            Client(certificate: .none, contents: [0x01, 0, 0, 0, 1]),
            Client(certificate: .presented(isVerified: true), contents: [0x07, 0, 0, 0, 0]),
            Client(certificate: .presented(isVerified: false), contents: [0x07, 0, 0, 0, 1]),
            Client(certificate: .resumed(isVerified: true), contents: [0x05, 0, 0, 0, 0]),
            Client(certificate: .resumed(isVerified: false), contents: [0x05, 0, 0, 0, 1]),
        ])
    func client(_ client: Client) throws {
        let tls = ProxyHeader.TLS(version: "TLSv1.2", cipher: "x", certificate: client.certificate, commonName: "n")
        let found = try tlvs(ProxyHeader.Details(tls: tls))
        #expect(found[0x20] == client.contents)
        #expect((found[0x22] != nil) == (client.certificate != .none), "a name without a certificate")
    }

    @Test("Mosquitto 2.1: a server name of 255 bytes and a Common Name of 300 stay within 500", arguments: addresses)
    func budget(addresses: Int) throws {
        let details = ProxyHeader.Details(
            alpn: "http/1.1", authority: text(255), uniqueID: text(32),
            tls: ProxyHeaderWriteTests.tls(.presented(isVerified: true), commonName: text(300)))
        let found = try tlvs(details, addresses: addresses)
        #expect(Set(found.keys) == [0x01, 0x02, 0x05, 0x20, 0x21, 0x23])
        #expect(found[0x02]?.count == 255)
        #expect(ProxyTLVs.bytes(details, addresses: addresses).count + addresses <= 500)
    }

    @Test("The Common Name leaves first, then the authority, then ALPN", arguments: addresses)
    func order(addresses: Int) throws {
        // UNIQUE_ID and SSL always stay: 131 and 43 bytes.
        let room = min(480, 500 - addresses) - 131 - 43
        func types(alpn: Int, authority: Int, commonName: Int) throws -> Set<UInt8> {
            let details = ProxyHeader.Details(
                alpn: text(alpn), authority: text(authority), uniqueID: text(128),
                tls: ProxyHeaderWriteTests.tls(.presented(isVerified: true), commonName: text(commonName)))
            let bytes = ProxyTLVs.bytes(details, addresses: addresses)
            #expect(bytes.count <= 480 && bytes.count + addresses <= 500)
            return Set(try read(bytes).keys).subtracting([0x05, 0x20, 0x21, 0x23])
        }
        let authority = room - 3 - 10 - 3 - 10 - 3
        #expect(try types(alpn: 10, authority: authority, commonName: 10) == [0x01, 0x02, 0x22])
        #expect(try types(alpn: 10, authority: authority, commonName: 11) == [0x01, 0x02])
        #expect(try types(alpn: 10, authority: authority + 13, commonName: 1) == [0x01, 0x02])
        #expect(try types(alpn: 10, authority: authority + 14, commonName: room) == [0x01])
        #expect(try types(alpn: room - 3, authority: 1, commonName: 1) == [0x01])
        #expect(try types(alpn: room - 2, authority: room - 2, commonName: room - 2) == [])
    }

    @Test("A name that does not fit leaves its room to the next one", arguments: addresses)
    func nextFits(addresses: Int) throws {
        let details = ProxyHeader.Details(
            authority: text(480), tls: ProxyHeaderWriteTests.tls(.resumed(isVerified: true), commonName: "device-17"))
        #expect(Set(try tlvs(details, addresses: addresses).keys) == [0x20, 0x21, 0x22, 0x23])
    }

    @Test("Whatever the lengths, the body has at most 500 bytes and the TLVs at most 480", arguments: addresses)
    func everyLength(addresses: Int) throws {
        let lengths = [0, 1, 64, 65, 128, 129, 255, 256, 480, 70_000]
        for first in lengths {
            for second in lengths {
                let tls = ProxyHeader.TLS(
                    version: text(second), cipher: text(first), certificate: .presented(isVerified: false),
                    commonName: text(second))
                let details = ProxyHeader.Details(
                    alpn: text(second), authority: text(first), uniqueID: text(second), tls: tls)
                let bytes = ProxyTLVs.bytes(details, addresses: addresses)
                #expect(bytes.count <= 480 && bytes.count + addresses <= 500)
                #expect((try read(bytes)[0x05] != nil) == (1...128).contains(second))
            }
        }
    }

    @Test("§2.2.5: an identifier of 128 bytes is written, one of 129 is not", arguments: [128, 129])
    func uniqueID(count: Int) throws {
        let found = try tlvs(ProxyHeader.Details(uniqueID: text(count)))
        #expect(found[0x05]?.count == (count == 128 ? 128 : nil))
    }

    @Test(
        "EMQX: a name that is not printable is left out",
        arguments: [
            "a\u{0}", "a\nb", "\tb", "a\u{1B}[31m", "a\u{7F}", "a\u{85}", "a\u{9F}", "a\u{200B}b", "a\u{202E}b",
            "a\u{2028}", "a\u{2029}", "a\u{FEFF}", "a\u{E000}", "a\u{FFFF}", "a\u{FFFE}", "\r\n",
        ])
    func notPrintable(name: String) throws {
        let tls = ProxyHeaderWriteTests.tls(.presented(isVerified: true), commonName: name)
        let found = try tlvs(ProxyHeader.Details(authority: name, uniqueID: "c", tls: tls))
        #expect(Set(found.keys) == [0x05, 0x20, 0x21, 0x23])
    }

    @Test(
        "Printable names stay as they are", arguments: ["a", "a b", "*.example.com", "Gerät", "デバイス", "e\u{301}", "😀"])
    func printable(name: String) throws {
        let tls = ProxyHeaderWriteTests.tls(.presented(isVerified: true), commonName: name)
        let found = try tlvs(ProxyHeader.Details(authority: name, tls: tls))
        #expect(found[0x02] == Array(name.utf8) && found[0x22] == Array(name.utf8))
    }

    @Test("Nothing to say gives no TLV, and an empty text none either")
    func empty() throws {
        #expect(ProxyTLVs.bytes(ProxyHeader.Details(), addresses: 12) == [])
        let tls = ProxyHeader.TLS(
            version: "", cipher: "", certificate: .presented(isVerified: true), commonName: "")
        let details = ProxyHeader.Details(alpn: "", authority: "", uniqueID: "", tls: tls)
        #expect(ProxyTLVs.bytes(details, addresses: 12) == [0x20, 0, 5, 7, 0, 0, 0, 0])
    }
}
