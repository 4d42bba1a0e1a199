import Testing

@testable import Wire

@Suite("UTF-8 Encoded String")
struct UTF8ValidationTests {
    @Test(
        "§1.5.3, 5.0 §1.5.4: well-formed",
        arguments: [
            [], [0x01], [0x7F], [0xC2, 0x80], [0xDF, 0xBF], [0xE0, 0xA0, 0x80], [0xED, 0x9F, 0xBF],
            [0xEE, 0x80, 0x80], [0xEF, 0xBF, 0xBF], [0xF0, 0x90, 0x80, 0x80], [0xF4, 0x8F, 0xBF, 0xBF],
            Array("plain ASCII of more than eight bytes".utf8), Array("ASCII, dann Ümläute, dann ASCII".utf8),
        ] as [[UInt8]])
    func wellFormed(_ bytes: [UInt8]) {
        #expect(isWellFormed(bytes, 0..<bytes.count))
    }

    @Test(
        "[MQTT-1.5.4-1]: malformed",
        arguments: [
            [0x80], [0xBF], [0xC0, 0x80], [0xC1, 0xBF], [0xC2], [0xC2, 0x41], [0xE0, 0x9F, 0xBF], [0xE1, 0x80],
            [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF], [0xF0, 0x8F, 0xBF, 0xBF], [0xF1, 0x80, 0x80],
            [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFE], [0xFF], [0xE1, 0x80, 0x41],
        ] as [[UInt8]])
    func malformed(_ bytes: [UInt8]) {
        #expect(!isWellFormed(bytes, 0..<bytes.count))
        let inText = Array("12345678".utf8) + bytes + Array("12345678".utf8)
        #expect(!isWellFormed(inText, 0..<inText.count))
    }

    @Test("[MQTT-1.5.4-2]: U+0000 is found at every place of a word", arguments: 0..<20)
    func null(at index: Int) {
        var bytes = [UInt8](repeating: 0x61, count: 20)
        bytes[index] = 0
        #expect(!isWellFormed(bytes, 0..<20))
        #expect(isWellFormed(bytes, 0..<20, allowingNull: true))
    }

    @Test("A bad byte is found at every place of a word", arguments: 0..<20)
    func badByte(at index: Int) {
        var bytes = [UInt8](repeating: 0x7F, count: 20)
        bytes[index] = 0xFF
        #expect(!isWellFormed(bytes, 0..<20))
        #expect(isWellFormed(bytes, 0..<index))
        #expect(isWellFormed(bytes, (index + 1)..<20))
    }

    @Test("A range that is not inside the bytes is refused")
    func outside() {
        let bytes: [UInt8] = [0x61, 0x62]
        #expect(!isWellFormed(bytes, 0..<3))
        #expect(!isWellFormed(bytes, -1..<1))
    }

    @Test("Every sequence of two bytes, and of three behind every lead, is judged as the standard library does")
    func againstStandardLibrary() {
        for lead in UInt8.min...UInt8.max {
            for second in UInt8.min...UInt8.max {
                for bytes in [[lead, second], [lead, second, 0x80], [lead, second, 0xBF, 0x80]] as [[UInt8]] {
                    let expected = String(validating: bytes, as: UTF8.self) != nil
                    let actual = isWellFormed(bytes, 0..<bytes.count, allowingNull: true)
                    if actual != expected { Issue.record("\(bytes): \(actual)") }
                }
            }
        }
    }

    private func isWellFormed(_ bytes: [UInt8], _ range: Range<Int>, allowingNull: Bool = false) -> Bool {
        UTF8Validation.isWellFormed(bytes.span, range, allowingNull: allowingNull)
    }
}
