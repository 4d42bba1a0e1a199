import TestSupport
import Testing

@testable import Wire

@Suite("Text of addresses")
struct AddressTextTests {
    struct Pair: Sendable, CustomTestStringConvertible {
        let text: String
        let notation: String
        var testDescription: String { text }
        init(_ text: String, _ notation: String) {
            self.text = text
            self.notation = notation
        }
    }

    /// In the form that RFC 5952 asks for.
    static let canonicalForms: [Pair] = [
        Pair("::", "00*16"),
        Pair("::1", "00*15 01"),
        Pair("1::", "0001 00*14"),
        Pair("2001:db8::1", "20010DB8 00*11 01"),
        Pair("2001:db8:0:1:1:1:1:1", "20010DB8 0000 0001 0001 0001 0001 0001"),
        Pair("2001:db8::1:0:0:1", "20010DB8 0000 0000 0001 0000 0000 0001"),
        Pair("2001:0:0:1::1", "2001 0000 0000 0001 00*6 0001"),
        Pair("0:1:0:1:0:1:0:1", "0000 0001 0000 0001 0000 0001 0000 0001"),
        Pair("1:2:3:4:5:6::", "0001 0002 0003 0004 0005 0006 0000 0000"),
        Pair("::3:4:5:6:7:8", "00*4 0003 0004 0005 0006 0007 0008"),
        Pair("fe80::9610:3eff:fe1c", "FE80 00*8 9610 3EFF FE1C"),
        Pair("::ffff:192.0.2.1", "00*10 FFFF C0000201"),
        Pair("::ffff:0.0.0.0", "00*10 FFFF 00*4"),
        Pair("::fffe:c000:201", "00*10 FFFE C0000201"),
        Pair("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "FF*16"),
    ]

    @Test("RFC 5952 §4, §5: written in the one way, and read", arguments: canonicalForms)
    func canonical(_ pair: Pair) throws {
        let address = try #require(PacketNotation.bytes(pair.notation))
        #expect(AddressText.text(address) == pair.text)
        #expect(AddressText.ipv6(Array(pair.text.utf8)[...]) == address)
    }

    @Test(
        "RFC 4291 §2.2: other forms of the same",
        arguments: [
            Pair("0:0:0:0:0:0:0:0", "00*16"),
            Pair("0000:0000:0000:0000:0000:0000:0000:0001", "00*15 01"),
            Pair("2001:0DB8::0001", "20010DB8 00*11 01"),
            Pair("1::3:4:5:6:7:8", "0001 0000 0003 0004 0005 0006 0007 0008"),
            Pair("1:2:3:4:5:6:7::", "0001 0002 0003 0004 0005 0006 0007 0000"),
            Pair("::2:3:4:5:6:7:8", "0000 0002 0003 0004 0005 0006 0007 0008"),
            Pair("::FFFF:C000:0201", "00*10 FFFF C0000201"),
            Pair("::192.0.2.1", "00*12 C0000201"),
            Pair("64:ff9b::192.0.2.1", "0064FF9B 00*8 C0000201"),
            Pair("1:2:3:4:5:6:192.0.2.1", "0001 0002 0003 0004 0005 0006 C0000201"),
        ])
    func other(_ pair: Pair) throws {
        let address = try #require(PacketNotation.bytes(pair.notation))
        #expect(AddressText.ipv6(Array(pair.text.utf8)[...]) == address)
    }

    @Test(
        "RFC 4291 §2.2: what is no IPv6 address",
        arguments: [
            "", ":", ":::", "1", "1:", ":1", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8:",
            ":1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8", "1:2:3:4::5:6:7:8", "1::2::3", "1:::2",
            "::1:", ":1::", "12345::", "00001::", "g::", "::1%eth0", " ::1", "::1 ", "[::1]", "1.2.3.4",
            "::1.2.3", "::1.2.3.4.5", "::1.2.3.256", "::01.2.3.4", "::1.2.3.4:5", "1.2.3.4::", "::.1.2.3",
            "1:2:3:4:5:6:7:1.2.3.4", "1:2:3:4:5:1.2.3.4", "1:2:3:4:5:6::1.2.3.4", "-1::", "0x1::", "::ffff:",
        ])
    func notIPv6(text: String) {
        #expect(AddressText.ipv6(Array(text.utf8)[...]) == nil)
    }

    @Test("IPv4: written and read", arguments: ["0.0.0.0", "1.2.3.4", "10.100.200.255", "255.255.255.255"])
    func ipv4(text: String) {
        let address = AddressText.ipv4(Array(text.utf8)[...])
        #expect(address?.count == 4)
        #expect(address.flatMap(AddressText.text) == text)
    }

    @Test(
        "§2.1: what is no IPv4 address",
        arguments: [
            "", "1", "1.2.3", "1.2.3.", ".1.2.3", "1..3.4", "1.2.3.4.", "1.2.3.4.5", "01.2.3.4", "1.2.3.00",
            "256.1.1.1",
            "1.2.3.1000", "1.2.3.-4", "1.2.3.+4", "1.2.3.4 ", " 1.2.3.4", "1.2.3.a", "1.2.3.4/8", "0x1.2.3.4", "::1",
            "1.2.3.99999999999999999999",
        ])
    func notIPv4(text: String) {
        #expect(AddressText.ipv4(Array(text.utf8)[...]) == nil)
    }

    @Test(
        "§2.1: numbers have one form",
        arguments: zip(
            ["0", "7", "65535", "65536", "00", "01", "", "a", "+1"],
            [0, 7, 65_535, nil, nil, nil, nil, nil, nil] as [Int?]))
    func decimal(_ text: String, _ number: Int?) {
        #expect(AddressText.decimal(Array(text.utf8)[...], upTo: 65_535) == number)
    }

    @Test("Bytes that are no address have no text", arguments: [0, 3, 5, 15, 17])
    func noAddress(count: Int) {
        #expect(AddressText.text([UInt8](repeating: 0, count: count)) == nil)
    }

    @Test("Every written address is read as itself")
    func roundTrip() {
        var random = SeededGenerator(seed: 11)
        for _ in 0..<2_000 {
            var address = random.bytes(16)
            for index in address.indices where Bool.random(using: &random) { address[index & ~1] = 0 }
            for index in address.indices where Bool.random(using: &random) { address[index] = 0 }
            let text = AddressText.text(address) ?? ""
            #expect(AddressText.ipv6(Array(text.utf8)[...]) == address, "\(text)")
        }
    }
}
