import TestSupport
import Testing
import Text

@Suite("Base64")
struct Base64Tests {
    private func isEncoding(_ text: String, ofByteCount count: Int) -> Bool {
        let bytes = Array("x\(text)x".utf8)
        return Base64.isEncoding(bytes.span, 1..<bytes.count - 1, ofByteCount: count)
    }

    @Test(
        "RFC 4648 §10",
        arguments: [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ])
    func vectors(plain: String, encoded: String) {
        let bytes = Array(plain.utf8)
        #expect(Base64.encode(bytes.span) == encoded)
        #expect(isEncoding(encoded, ofByteCount: bytes.count))
        #expect(!isEncoding(encoded, ofByteCount: bytes.count + 1))
        // No text at all stands for no value here.
        #expect(Base64.decode(Array(encoded.utf8)) == (bytes.isEmpty ? nil : bytes))
    }

    @Test(
        "RFC 4648 §3: other characters, lengths, padding and spare bits are refused",
        arguments: [
            "", "Zg", "Zg=", "Zh==", "Zm9=", "Z===", "====", "Zm9v=", "Zm 9", "Zm-_", "Zg==Zg==", "Zm9v\n", "=Zm9",
            "Z=m9", "\0\0\0\0", "ééZ",
        ])
    func faults(text: String) {
        #expect(Base64.decode(Array(text.utf8)) == nil)
    }

    @Test(
        "RFC 4648 §3.5: whether a text encodes so many bytes; spare bits do not matter",
        arguments: [
            ("dGhlIHNhbXBsZSBub25jZQ==", 16, true), ("dGhlIHNhbXBsZSBub25jZR==", 16, true),
            ("dGhlIHNhbXBsZSBub25jZQ=", 16, false), ("dGhlIHNhbXBsZSBub25jZQ", 16, false),
            ("dGhlIHNhbXBsZSBub25jZQ==", 17, false), ("dGhlIHNhbXBsZSBub25jZQ==", 15, false),
            ("dGhlIHNhbXBsZSBub25j=Q==", 16, false), ("dGhlIHNhbXBsZSBub2-jZQ==", 16, false), ("", 0, true),
        ])
    func isEncoding(text: String, count: Int, isOne: Bool) {
        #expect(isEncoding(text, ofByteCount: count) == isOne)
    }

    @Test("Bytes are read as they were written, in both alphabets")
    func roundTrip() {
        var random = SeededGenerator(seed: 4)
        for count in 1..<200 {
            let bytes = random.bytes(count)
            #expect(Base64.decode(Array(Base64.encode(bytes.span).utf8)) == bytes)
            #expect(isEncoding(Base64.encode(bytes.span), ofByteCount: count))
            #expect(Base64URL.decode(Array(Base64URL.encode(bytes.span).utf8)) == bytes)
        }
    }
}

@Suite("Base64 for URLs")
struct Base64URLTests {
    @Test(
        "RFC 4648 §10, without padding",
        arguments: [
            ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("fooba", "Zm9vYmE"),
            ("foobar", "Zm9vYmFy"),
        ])
    func vectors(plain: String, encoded: String) {
        #expect(Base64URL.decode(Array(encoded.utf8)) == Array(plain.utf8))
        #expect(Base64URL.encode(Array(plain.utf8).span) == encoded)
    }

    @Test("RFC 4648 §5: every octet, and the two letters of its own")
    func alphabet() {
        let all = Array(UInt8.min ... .max)
        #expect(Base64URL.decode(Array(Base64URL.encode(all.span).utf8)) == all)
        #expect(Base64URL.decode(Array("-_8".utf8)) == [0xFB, 0xFF])
        #expect(Base64URL.encode(([0xFB, 0xFF] as [UInt8]).span) == "-_8")
        #expect(Base64.encode(([0xFB, 0xFF] as [UInt8]).span) == "+/8=")
    }

    @Test(
        "RFC 7515 §2: other characters, padding, lengths and spare bits are refused",
        arguments: [
            "A", "AAAAA", "Zg==", "Zm8=", "Zm9v=", "+/8", "Zm 9v", "Zm9v\n", "Zh", "Zv", "Zm9", "Zm_", "é", "Zm9.",
            "\0\0",
        ])
    func faults(text: String) {
        #expect(Base64URL.decode(Array(text.utf8)) == nil)
    }
}
