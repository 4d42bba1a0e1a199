import TestSupport
import Testing
import Text

@Suite("Hexadecimal")
struct HexadecimalTests {
    @Test(
        "RFC 4648 §10",
        arguments: [
            ("", ""), ("f", "66"), ("fo", "666F"), ("foo", "666F6F"), ("foob", "666F6F62"), ("fooba", "666F6F6261"),
            ("foobar", "666F6F626172"),
        ])
    func vectors(plain: String, text: String) {
        #expect(Hexadecimal.encode(Array(plain.utf8), .upper) == text)
        #expect(Hexadecimal.encode(Array(plain.utf8)) == text.lowercased())
        #expect(Hexadecimal.decode(Array(text.utf8)) == Array(plain.utf8))
        #expect(Hexadecimal.decode(Array(text.lowercased().utf8)) == Array(plain.utf8))
    }

    @Test("Two digits, upper case", arguments: [(0, "00"), (10, "0A"), (255, "FF"), (16, "10")])
    func byte(byte: UInt8, text: String) {
        #expect(Hexadecimal.encode(byte, .upper) == text)
        #expect(Hexadecimal.encode(byte) == text.lowercased())
        #expect(Hexadecimal.code(byte) == "0x" + text)
    }

    @Test(
        "Sixteen digits, lower case",
        arguments: [
            (0, "0000000000000000"), (0xABC, "0000000000000abc"), (.max, "ffffffffffffffff"),
            (1 << 60, "1000000000000000"),
        ] as [(UInt64, String)])
    func word(value: UInt64, text: String) {
        #expect(Hexadecimal.encode(value) == text)
    }

    @Test(
        "What is not pairs of digits",
        arguments: ["0", "abc", "0g", "g0", "0x", " 0", "+1", "-1", "é", "00 00", "\0\0"])
    func faults(text: String) {
        #expect(Hexadecimal.decode(Array(text.utf8)) == nil)
    }

    @Test("Every byte is a digit as the standard library has it, or none")
    func digits() {
        for byte in UInt8.min ... .max {
            let isASCII = byte < 0x80
            let value = isASCII ? Character(Unicode.Scalar(byte)).hexDigitValue : nil
            #expect(Hexadecimal.value(byte).map { Int($0) } == value, "\(byte)")
        }
        for value in 0..<16 as Range<UInt8> {
            #expect(Hexadecimal.value(Hexadecimal.digit(value)) == value)
            #expect(Hexadecimal.value(Hexadecimal.digit(value, .upper)) == value)
            #expect(Hexadecimal.digit(value | 0xF0) == Hexadecimal.digit(value))
        }
    }

    @Test("Bytes are read as they were written")
    func roundTrip() {
        var random = SeededGenerator(seed: 3)
        for count in 0..<100 {
            let bytes = random.bytes(count)
            #expect(Hexadecimal.decode(Array(Hexadecimal.encode(bytes).utf8)) == bytes)
            #expect(Hexadecimal.decode(Array(Hexadecimal.encode(bytes, .upper).utf8)) == bytes)
        }
    }
}
