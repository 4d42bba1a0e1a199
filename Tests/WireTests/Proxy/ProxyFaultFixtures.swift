@testable import Wire

/// Headers that are refused, each cut after the first byte that must show the fault.
enum ProxyFaultFixtures {
    static let all = beginnings + text + fields + binary

    private static let sig = ProxyFixture.signature
    private static let tcp4 = " 00*12 "

    private static let beginnings: [ProxyFixture] = [
        ProxyFixture("CONNECT of MQTT", "10", .failed(.notProxyHeader)),
        ProxyFixture("ClientHello of TLS", "16", .failed(.notProxyHeader)),
        ProxyFixture("GET", "'G'", .failed(.notProxyHeader)),
        ProxyFixture("POST", "'PO'", .failed(.notProxyHeader)),
        ProxyFixture("PRI of HTTP/2", "'PRI'", .failed(.notProxyHeader)),
        ProxyFixture("§2.1: lower case", "'p'", .failed(.notProxyHeader)),
        ProxyFixture("§2.1: no space", "'PROXYT'", .failed(.notProxyHeader)),
        ProxyFixture("§2.2: an empty line", "0D0A0D0A 'G'", .failed(.notProxyHeader)),
        ProxyFixture("§2.2: the last byte of the signature", "0D0A0D0A 00 0D0A 'QUIT' 0D", .failed(.notProxyHeader)),
    ]

    private static let text: [ProxyFixture] = [
        ProxyFixture("§2.1: two spaces", "'PROXY  '", .failed(.textProtocol)),
        ProxyFixture("§2.1: UDP4", "'PROXY UD'", .failed(.textProtocol)),
        ProxyFixture("§2.1: TCP5", "'PROXY TCP5'", .failed(.textProtocol)),
        ProxyFixture("§2.1: TCP", "'PROXY TCP '", .failed(.textProtocol)),
        ProxyFixture("§2.1: TCP4 in lower case", "'PROXY t'", .failed(.textProtocol)),
        ProxyFixture("§2.1: TCP4 and the end", "'PROXY TCP4' 0D", .failed(.textProtocol)),
        ProxyFixture("§2.1: UNKNOWN and more", "'PROXY UNKNOWNS'", .failed(.textProtocol)),
        ProxyFixture("§2.1: LF alone", "'PROXY TCP4 1.2.3.4 1.2.3.5 1 2' 0A", .failed(.textLineEnd)),
        ProxyFixture("§2.1: CR alone", "'PROXY TCP4 1.2.3.4 1.2.3.5 1 2' 0D 10", .failed(.textLineEnd)),
        ProxyFixture("§2.1: CR twice", "'PROXY TCP4 1.2.3.4 1.2.3.5 1 2' 0D0D", .failed(.textLineEnd)),
        ProxyFixture("§2.1: UNKNOWN, LF alone", "'PROXY UNKNOWN' 0A", .failed(.textLineEnd)),
        ProxyFixture("§2.1: UNKNOWN, LF alone, later", "'PROXY UNKNOWN abc' 0A", .failed(.textLineEnd)),
        ProxyFixture("§2.1: UNKNOWN, CR alone", "'PROXY UNKNOWN' 0D 20", .failed(.textLineEnd)),
        ProxyFixture("§2.1: 107 bytes without CRLF", "'PROXY UNKNOWN ' 61*93", .failed(.textTooLong)),
        ProxyFixture("§2.1: the CR is the 107th byte", "'PROXY UNKNOWN ' 61*92 0D", .failed(.textTooLong)),
        ProxyFixture("§2.1: TCP6, 107 bytes without CRLF", "'PROXY TCP6 ' 61*96", .failed(.textTooLong)),
        ProxyFixture("§2.1: a tab", "'PROXY TCP4 1.2.3.4' 09", .failed(.textFields)),
        ProxyFixture("§2.1: a NUL", "'PROXY TCP4 ' 00", .failed(.textFields)),
        ProxyFixture("§2.1: a sign", "'PROXY TCP4 1.2.3.4 1.2.3.5 +'", .failed(.textFields)),
        ProxyFixture("RFC 4007 §11: a zone", "'PROXY TCP6 fe80::1%'", .failed(.textFields)),
    ]

    /// Whole lines; each field is read when the CRLF is there (§2.1).
    private static let fields: [ProxyFixture] = [
        line("TCP4 ", .textFields),
        line("TCP4 1.2.3.4 1.2.3.5 1", .textFields),
        line("TCP4 1.2.3.4 1.2.3.5 1 2 3", .textFields),
        line("TCP4 1.2.3.4  1.2.3.5 1 2", .textFields),
        line("TCP4  1.2.3.4 1.2.3.5 1 2", .textFields),
        line("TCP4 1.2.3.4 1.2.3.5 1 2 ", .textFields),
        line("TCP4 1.2.3 1.2.3.5 1 2", .textAddress),
        line("TCP4 1.2.3.4.5 1.2.3.5 1 2", .textAddress),
        line("TCP4 1.2.3.256 1.2.3.5 1 2", .textAddress),
        line("TCP4 1.2.3.04 1.2.3.5 1 2", .textAddress),
        line("TCP4 1.2.3.4 1.2..5 1 2", .textAddress),
        line("TCP4 1.2.3.4 1.2.3.c 1 2", .textAddress),
        line("TCP4 ::1 ::1 1 2", .textAddress),
        line("TCP4 1.2.3.4 ::1 1 2", .textAddress),
        line("TCP6 1.2.3.4 1.2.3.5 1 2", .textAddress),
        line("TCP6 ::1 1.2.3.5 1 2", .textAddress),
        line("TCP6 ::1 1:2:3:4:5:6:7:8:9 1 2", .textAddress),
        line("TCP6 ::1 1::2::3 1 2", .textAddress),
        line("TCP4 1.2.3.4 1.2.3.5 65536 2", .textPort),
        line("TCP4 1.2.3.4 1.2.3.5 1 01", .textPort),
        line("TCP4 1.2.3.4 1.2.3.5 1 00", .textPort),
        line("TCP4 1.2.3.4 1.2.3.5 1 1a", .textPort),
        line("TCP4 1.2.3.4 1.2.3.5 99999999999999999999 2", .textPort),
        line("TCP6 ::1 ::2 1 65536", .textPort),
    ]

    private static let binary: [ProxyFixture] = [
        ProxyFixture("§2.2: version 1", sig + "11", .failed(.binaryVersion)),
        ProxyFixture("§2.2: version 3", sig + "31", .failed(.binaryVersion)),
        ProxyFixture("§2.2: command 2", sig + "22", .failed(.binaryCommand)),
        ProxyFixture("§2.2: command 15", sig + "2F", .failed(.binaryCommand)),
        ProxyFixture("§2.2: UDP over IPv4", sig + "21 12", .failed(.binaryFamily)),
        ProxyFixture("§2.2: UDP over IPv6", sig + "21 22", .failed(.binaryFamily)),
        ProxyFixture("§2.2: UNIX datagrams", sig + "21 32", .failed(.binaryFamily)),
        ProxyFixture("§2.2: family 4", sig + "21 41", .failed(.binaryFamily)),
        ProxyFixture("§2.2: transport 3", sig + "21 13", .failed(.binaryFamily)),
        ProxyFixture("§2.2: IPv4 in 11 bytes", sig + "21 11 000B", .failed(.binaryLength)),
        ProxyFixture("§2.2: IPv6 in 35 bytes", sig + "21 21 0023", .failed(.binaryLength)),
        ProxyFixture("§2.2: UNIX in 215 bytes", sig + "21 31 00D7", .failed(.binaryLength)),
        ProxyFixture("A byte longer than is read", sig + "21 11 1001", .failed(.binaryTooLong)),
        ProxyFixture("LOCAL, longer than is read", sig + "20 00 FFFF", .failed(.binaryTooLong)),
        ProxyFixture("§2.2: a TLV of one byte", sig + "21 11 000D" + tcp4 + "04", .failed(.binaryTLV)),
        ProxyFixture("§2.2: a TLV of two bytes", sig + "21 11 000E" + tcp4 + "04 00", .failed(.binaryTLV)),
        ProxyFixture("§2.2: a TLV a byte too long", sig + "21 11 0010" + tcp4 + "04 0002 00", .failed(.binaryTLV)),
        ProxyFixture("§2.2: a TLV of 65,535 bytes", sig + "21 11 000F" + tcp4 + "EA FFFF", .failed(.binaryTLV)),
        ProxyFixture(
            "§2.2: the second TLV is too long", sig + "21 11 0013" + tcp4 + "04 0001 00 04 0001", .failed(.binaryTLV)),
        ProxyFixture("§2.2: UNIX, a TLV too long", sig + "21 31 00DB 00*216 05 0001", .failed(.binaryTLV)),
        ProxyFixture("§2.2.3: 3 bytes", sig + "21 11 0012" + tcp4 + "03 0003 000000", .failed(.binaryTLV)),
        ProxyFixture("§2.2.3: 5 bytes", sig + "21 11 0014" + tcp4 + "03 0005 0000000000", .failed(.binaryTLV)),
        ProxyFixture(
            "§2.2.3: twice", sig + "21 11 001A" + tcp4 + "03 0004 00000000 03 0004 00000000", .failed(.binaryTLV)),
        ProxyFixture("§2.2.3: wrong", sig + "21 11 0013" + tcp4 + "03 0004 00000000", .failed(.binaryChecksum)),
        ProxyFixture(
            "§2.2.3: one bit of an address changed",
            sig + "21 11 0022 7F000003 7F000003 61AD 5DC3 03 0004 69B708E8 05 \"7F00000261AD\"",
            .failed(.binaryChecksum)),
    ]

    private static func line(_ fields: String, _ error: ProxyHeaderError) -> ProxyFixture {
        ProxyFixture("§2.1: \(fields)", "'PROXY \(fields)' 0D0A", .failed(error))
    }
}
