import Testing

@testable import TLS

@Suite("Digests")
struct DigestTests {
    private static func sha1(_ bytes: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 20)
        bytes.withUnsafeBytes { bytes in digest.withUnsafeMutableBytes { Digest.sha1(bytes, into: $0) } }
        return digest
    }

    @Test("RFC 6455 §1.3: the SHA-1 of its example key")
    func sha1() {
        let key = "dGhlIHNhbXBsZSBub25jZQ==258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        let digest: [UInt8] = [
            0xB3, 0x7A, 0x4F, 0x2C, 0xC0, 0x62, 0x4F, 0x16, 0x90, 0xF6,
            0x46, 0x06, 0xCF, 0x38, 0x59, 0x45, 0xB2, 0xBE, 0xC4, 0xEA,
        ]
        #expect(Self.sha1(Array(key.utf8)) == digest)
    }

    @Test("FIPS 180-2: the SHA-1 of nothing")
    func nothing() {
        #expect(Self.sha1([]).prefix(4) == [0xDA, 0x39, 0xA3, 0xEE])
    }

    @Test("Random words differ")
    func random() {
        #expect(Set((0..<100).map { _ in Digest.randomWord() }).count == 100)
    }

    @Test("The library says which it is")
    func version() {
        #expect(Library.version.hasPrefix("OpenSSL "))
    }
}
