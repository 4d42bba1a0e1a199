import Testing

@testable import Wire

@Suite("Variable Byte Integer")
struct VariableByteIntegerTests {
    @Test(
        "5.0 table 1-1: the borders of each size",
        arguments: zip(
            [
                [0x00], [0x7F], [0x80, 0x01], [0xFF, 0x7F], [0x80, 0x80, 0x01], [0xFF, 0xFF, 0x7F],
                [0x80, 0x80, 0x80, 0x01], [0xFF, 0xFF, 0xFF, 0x7F],
            ] as [[UInt8]],
            [0, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152, 268_435_455]))
    func borders(_ bytes: [UInt8], _ value: Int) throws {
        let integer = try read(bytes, at: 0, end: bytes.count)
        #expect(integer == VariableByteInteger(value: value, size: bytes.count))
        #expect(integer?.isMinimal == true)
        #expect(try read(bytes, at: 0, end: bytes.count - 1) == nil)
        #expect(PacketNotation.variableByteInteger(value) == bytes)
    }

    @Test(
        "5.0 [MQTT-1.5.5-1]: longer than needed",
        arguments: [[0x80, 0x00], [0xFF, 0x00], [0xFF, 0xFF, 0x00], [0x80, 0x80, 0x80, 0x00]] as [[UInt8]])
    func notMinimal(_ bytes: [UInt8]) throws {
        #expect(try read(bytes, at: 0, end: bytes.count)?.isMinimal == false)
    }

    @Test("5.0 §1.5.5: four bytes without an end")
    func malformed() {
        let bytes: [UInt8] = [0x80, 0x80, 0x80, 0x80, 0x00]
        #expect(throws: VariableByteInteger.Malformed.self) {
            try read(bytes, at: 0, end: bytes.count)
        }
    }

    @Test("Offsets outside the bytes read nothing", arguments: [-1, 1, 2])
    func outside(offset: Int) throws {
        let bytes: [UInt8] = [0x00]
        #expect(try read(bytes, at: offset, end: 9) == nil)
    }

    private func read(_ bytes: [UInt8], at offset: Int, end: Int) throws -> VariableByteInteger? {
        try VariableByteInteger.read(bytes.span, at: offset, end: end)
    }
}
