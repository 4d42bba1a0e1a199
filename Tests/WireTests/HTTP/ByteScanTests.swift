import TestSupport
import Testing

@testable import Wire

@Suite("Searches in bytes")
struct ByteScanTests {
    private func index(of byte: UInt8, _ bytes: [UInt8], _ range: Range<Int>) -> Int {
        ByteScan.index(of: byte, in: bytes.span, range)
    }

    private func endOfVisible(_ bytes: [UInt8], _ range: Range<Int>) -> Int {
        ByteScan.endOfVisible(in: bytes.span, range)
    }

    private func endOfFieldValue(_ bytes: [UInt8], _ range: Range<Int>) -> Int {
        ByteScan.endOfFieldValue(in: bytes.span, range)
    }

    @Test("Every byte at every place, at every offset of a word")
    func everyByte() {
        for byte in UInt8.min...UInt8.max {
            for offset in 0..<20 {
                var bytes = [UInt8](repeating: UInt8(ascii: "a"), count: 20)
                bytes[offset] = byte
                for start in 0..<4 {
                    let range = start..<bytes.count
                    let found = range.first { bytes[$0] == byte } ?? bytes.count
                    let control = range.first { !(0x20...0x7E).contains(bytes[$0]) } ?? bytes.count
                    let value = range.first { !HTTPCharacter.isFieldValue(bytes[$0]) } ?? bytes.count
                    #expect(index(of: byte, bytes, range) == found)
                    #expect(endOfVisible(bytes, range) == control)
                    #expect(endOfFieldValue(bytes, range) == value)
                }
            }
        }
    }

    @Test("Random bytes, of which many are wanted")
    func random() {
        var generator = SeededGenerator(seed: 7)
        let alphabet: [UInt8] = [0, 1, 0x0A, 0x0B, 0x1F, 0x20, 0x7E, 0x7F, 0x80, 0x8A, 0xFF]
        for _ in 0..<5_000 {
            let bytes = (0..<Int.random(in: 0...30, using: &generator)).map { _ in
                alphabet.randomElement(using: &generator) ?? 0
            }
            let start = Int.random(in: 0...bytes.count, using: &generator)
            let range = start..<Int.random(in: start...bytes.count, using: &generator)
            for byte in alphabet {
                let found = range.first { bytes[$0] == byte } ?? range.upperBound
                #expect(index(of: byte, bytes, range) == found)
            }
        }
    }

    @Test("A range beyond the bytes is clamped")
    func clamped() {
        let bytes = [UInt8]("abc".utf8)
        #expect(index(of: 0, bytes, -5..<100) == 3)
        #expect(endOfVisible(bytes, 7..<100) == 3)
        #expect(endOfFieldValue(bytes, -5 ..< -2) == 0)
    }

    @Test("RFC 9110 §5.6.2: the characters of a token")
    func tokens() {
        let tokens = Set("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8)
        for byte in UInt8.min...UInt8.max { #expect(HTTPCharacter.isToken(byte) == tokens.contains(byte)) }
    }
}
