import Testing

@testable import Wire

@Suite("PROXY header, written")
struct ProxyHeaderWriteTests {
    typealias Endpoint = ProxyHeader.Endpoint

    struct Fixture: Sendable, CustomTestStringConvertible {
        let name: String
        let version: ProxyHeader.Version
        let source: Endpoint
        let destination: Endpoint
        var details = ProxyHeader.Details()
        let notation: String
        var testDescription: String { name }
    }

    private static let sig = ProxyFixture.signature

    static let text: [Fixture] = [
        Fixture(
            name: "§2.1: IPv4", version: .v1, source: .v4(port: 56324), destination: .v4([198, 51, 100, 2], port: 443),
            notation: "'PROXY TCP4 192.0.2.1 198.51.100.2 56324 443' 0D0A"),
        Fixture(
            name: "§2.1: IPv6", version: .v1, source: .v6(port: 56324), destination: .v6(last: 1, port: 8883),
            notation: "'PROXY TCP6 2001:db8::17 2001:db8::1 56324 8883' 0D0A"),
        Fixture(
            name: "§2.1: IPv4 from IPv6", version: .v1, source: .v6(port: 3), destination: .v4(port: 65535),
            notation: "'PROXY TCP6 2001:db8::17 ::ffff:192.0.2.1 3 65535' 0D0A"),
        Fixture(
            name: "§2.1: IPv6 from IPv4", version: .v1, source: .v4(port: 1), destination: .v6(port: 2),
            notation: "'PROXY TCP6 ::ffff:192.0.2.1 2001:db8::17 1 2' 0D0A"),
        Fixture(
            name: "§2.1: no address at all, as Mosquitto 2.1 takes it", version: .v1,
            source: Endpoint(address: [], port: 0), destination: Endpoint(address: [], port: 0),
            notation: "'PROXY TCP4 127.0.0.1 127.0.0.1 1 1' 0D0A"),
        Fixture(
            name: "§2.1: no address of the client", version: .v1, source: Endpoint(address: [], port: 7),
            destination: .v4(port: 2), notation: "'PROXY TCP4 127.0.0.1 192.0.2.1 1 2' 0D0A"),
        Fixture(
            name: "§2.1: ports that are not known, which Mosquitto 2.1 does not take as 0", version: .v1,
            source: .v4(port: 0), destination: .v6(port: 0),
            notation: "'PROXY TCP6 ::ffff:192.0.2.1 2001:db8::17 1 1' 0D0A"),
        Fixture(
            name: "§2.1: no details", version: .v1, source: .v4(port: 1), destination: .v4(port: 2),
            details: ProxyHeader.Details(authority: "a", uniqueID: "b"),
            notation: "'PROXY TCP4 192.0.2.1 192.0.2.1 1 2' 0D0A"),
    ]

    static let binary: [Fixture] = [
        Fixture(
            name: "§2.2: IPv4", version: .v2, source: .v4(port: 56324), destination: .v4([198, 51, 100, 2], port: 443),
            notation: sig + "21 11 000C C0000201 C6336402 DC04 01BB"),
        Fixture(
            name: "§2.2: IPv6", version: .v2, source: .v6(port: 56324), destination: .v6(last: 1, port: 8883),
            notation: sig + "21 21 0024 20010DB8 00*11 17 20010DB8 00*11 01 DC04 22B3"),
        Fixture(
            name: "§2.2: IPv4 from IPv6", version: .v2, source: .v6(port: 0), destination: .v4(port: 65535),
            notation: sig + "21 21 0024 20010DB8 00*11 17 00*10 FFFF C0000201 0000 FFFF"),
        Fixture(
            name: "§2.2: IPv6 from IPv4", version: .v2, source: .v4(port: 1), destination: .v6(port: 2),
            notation: sig + "21 21 0024 00*10 FFFF C0000201 20010DB8 00*11 17 0001 0002"),
        Fixture(
            name: "§2.2: no address at all, as Mosquitto 2.1 takes it", version: .v2,
            source: Endpoint(address: [], port: 0), destination: Endpoint(address: [], port: 0),
            details: ProxyHeader.Details(uniqueID: "c-17"),
            notation: sig + "21 11 0013 7F000001 7F000001 0001 0001 05 \"c-17\""),
        Fixture(
            name: "§2.2: no address of the broker, and a client of IPv6 whose port is not known", version: .v2,
            source: .v6(port: 0), destination: Endpoint(address: [1, 2, 3], port: 2),
            notation: sig + "21 21 0024 20010DB8 00*11 17 00*10 FFFF 7F000001 0000 0001"),
        Fixture(
            name: "§2.2.1, §2.2.2, §2.2.5: without TLS", version: .v2, source: .v4(port: 1), destination: .v4(port: 2),
            details: ProxyHeader.Details(alpn: "mqtt", authority: "mqtt.example.com", uniqueID: "c-17"),
            notation: sig + """
                21 11 002D C0000201 C0000201 0001 0002
                01 "mqtt" 02 "mqtt.example.com" 05 "c-17"
                """),
        Fixture(
            name: "§2.2.6: TLS without a certificate", version: .v2, source: .v4(port: 1), destination: .v4(port: 2),
            details: ProxyHeader.Details(tls: tls(.none, commonName: "device")),
            notation: sig + """
                21 11 0037 C0000201 C0000201 0001 0002
                20 0028 01 00000001 21 "TLSv1.3" 23 "TLS_AES_256_GCM_SHA384"
                """),
        Fixture(
            name: "§2.2.6: a verified certificate and its name, with all the rest", version: .v2,
            source: .v6(port: 1), destination: .v6(last: 1, port: 2),
            details: ProxyHeader.Details(
                alpn: "http/1.1", authority: "mqtt.example.com", uniqueID: "c-17",
                tls: tls(.presented(isVerified: true), commonName: "Gerät 17")),
            notation: sig + """
                21 21 0080 20010DB8 00*11 17 20010DB8 00*11 01 0001 0002
                01 "http/1.1" 02 "mqtt.example.com" 05 "c-17"
                20 0034 07 00000000 21 "TLSv1.3" 23 "TLS_AES_256_GCM_SHA384" 22 "Gerät 17"
                """),
    ]

    static func tls(_ certificate: ProxyHeader.TLS.Certificate, commonName: String? = nil) -> ProxyHeader.TLS {
        ProxyHeader.TLS(
            version: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384", certificate: certificate, commonName: commonName)
    }

    @Test("Fixtures", arguments: text + binary)
    func fixture(_ fixture: Fixture) throws {
        let expected = try #require(PacketNotation.bytes(fixture.notation), "the notation has a mistake")
        let bytes = ProxyHeader.bytes(
            fixture.version, from: fixture.source, to: fixture.destination, fixture.details)
        #expect(bytes == expected)
    }

    @Test("No other number of bytes is an address: 127.0.0.1 stands for it", arguments: Array(0...20))
    func addressLength(count: Int) throws {
        let odd = Endpoint(address: [UInt8](repeating: 2, count: count), port: 7)
        let isKnown = count == 4 || count == 16
        for version in ProxyHeader.Version.allCases {
            for (source, destination) in [(odd, Endpoint.v4(port: 2)), (.v6(port: 2), odd), (odd, odd)] {
                let bytes = ProxyHeader.bytes(version, from: source, to: destination, ProxyHeader.Details())
                let header = try #require(try ProxyHeader.parse(bytes.span))
                #expect(header.length == bytes.count && header.command == .proxy)
                let ends = [header.source, header.destination].compactMap(\.self)
                let isLocal = ends.contains { $0.address.suffix(4) == [127, 0, 0, 1] && $0.port == 1 }
                #expect(ends.count == 2 && isLocal != isKnown)
            }
        }
    }
}
