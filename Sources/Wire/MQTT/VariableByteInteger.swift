/// A Variable Byte Integer as it is on the wire (MQTT 5.0 §1.5.5; Remaining Length, MQTT 3.1.1 §2.2.3).
struct VariableByteInteger: Equatable {
    /// 0...268,435,455.
    var value: Int
    /// Bytes used: 1...4.
    var size: Int

    /// Four bytes and no end.
    struct Malformed: Error {}

    /// Whether no shorter encoding of the value exists [MQTT-1.5.5-1].
    var isMinimal: Bool { size == 1 || value >> (7 * (size - 1)) != 0 }

    /// Reads the integer at `offset`, looking at no byte from `end` on; nil: it does not end before `end`.
    static func read(
        _ bytes: Span<UInt8>, at offset: Int, end: Int
    ) throws(Malformed) -> VariableByteInteger? {
        let end = min(end, bytes.count)
        var value = 0
        var size = 0
        while size < 4 {
            let index = offset + size
            guard index >= 0, index < end else { return nil }
            let byte = bytes[index]
            value |= Int(byte & 0x7F) << (7 * size)
            size += 1
            if byte & 0x80 == 0 { return VariableByteInteger(value: value, size: size) }
        }
        throw Malformed()
    }

    /// The shortest encoding of `value`; nil: it is larger than four bytes can say.
    static func encoded(_ value: Int) -> [UInt8]? {
        guard (0...268_435_455).contains(value) else { return nil }
        var rest = value
        var bytes: [UInt8] = []
        repeat {
            let more: UInt8 = rest > 0x7F ? 0x80 : 0
            bytes.append(UInt8(truncatingIfNeeded: rest & 0x7F) | more)
            rest >>= 7
        } while rest > 0
        return bytes
    }
}
