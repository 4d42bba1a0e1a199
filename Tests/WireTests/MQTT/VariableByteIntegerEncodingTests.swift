import Testing

@testable import Wire

@Suite("Variable Byte Integer, written")
struct VariableByteIntegerEncodingTests {
    @Test(
        "5.0 table 1-1: the borders of each size",
        arguments: zip(
            [0, 1, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152, 268_435_455],
            [
                [0x00], [0x01], [0x7F], [0x80, 0x01], [0xFF, 0x7F], [0x80, 0x80, 0x01], [0xFF, 0xFF, 0x7F],
                [0x80, 0x80, 0x80, 0x01], [0xFF, 0xFF, 0xFF, 0x7F],
            ] as [[UInt8]]))
    func borders(_ value: Int, _ bytes: [UInt8]) {
        #expect(VariableByteInteger.encoded(value) == bytes)
    }

    @Test("§1.5.5: what four bytes cannot say", arguments: [-1, .min, 268_435_456, .max])
    func outside(_ value: Int) {
        #expect(VariableByteInteger.encoded(value) == nil)
    }

    @Test("[MQTT-1.5.5-1]: what is written is read again, and is the shortest")
    func roundTrip() throws {
        for value in stride(from: 0, through: 268_435_455, by: 99_991) {
            let bytes = try #require(VariableByteInteger.encoded(value))
            let integer = try VariableByteInteger.read(bytes.span, at: 0, end: bytes.count)
            #expect(integer == VariableByteInteger(value: value, size: bytes.count))
            #expect(integer?.isMinimal == true)
        }
    }
}
