import TestSupport
import Testing

@testable import Text

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

        /// Of the notation: hexadecimal digits, and `00*16` for a byte that is repeated.
        var bytes: [UInt8]? {
            var bytes: [UInt8] = []
            for word in notation.split(separator: " ") {
                let parts = word.split(separator: "*")
                guard let part = Hexadecimal.decode(Array(parts[0].utf8)) else { return nil }
                let times = parts.count == 2 ? Int(parts[1]) ?? 0 : 1
                for _ in 0..<times { bytes += part }
            }
            return bytes.count == 16 ? bytes : nil
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
        let address = try #require(pair.bytes)
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
        let address = try #require(pair.bytes)
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
            #expect(AddressText.bytes(text) == address, "\(text)")
            let short = Array(address.prefix(4))
            #expect(AddressText.text(short).flatMap { AddressText.bytes($0) } == short)
        }
    }

    @Test(
        "RFC 5952 §4, §5: another form, and the one that is written",
        arguments: [
            ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"), ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
            ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"), ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"),
            ("::ffff:a00:1", "::ffff:10.0.0.1"),
        ])
    func rewritten(text: String, canonical: String) {
        #expect(AddressText.bytes(text).flatMap { AddressText.text($0) } == canonical)
    }

    @Test("Changed and cut texts are read or refused, and trap nowhere")
    func mutations() {
        var random = SeededGenerator(seed: 12)
        for source in ["1:2:3:4:5:6:192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1", "192.168.100.200"] {
            for _ in 0..<1_000 {
                var bytes = Array(source.utf8)
                for _ in 0..<3 {
                    let place = Int.random(in: bytes.indices, using: &random)
                    bytes[place] = Array("0123456789abcdefABCDEF:.".utf8).randomElement(using: &random) ?? 0
                }
                let cut = bytes.prefix(Int.random(in: 0...bytes.count, using: &random))
                guard let address = AddressText.ipv4(cut) ?? AddressText.ipv6(cut) else { continue }
                let text = AddressText.text(address) ?? ""
                #expect(AddressText.bytes(text) == address, "\(text)")
            }
        }
    }
}
