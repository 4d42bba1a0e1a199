/// Reads the fields of one packet in order and never beyond `end`.
///
/// It holds positions only, so that it can be stored and copied; each read is given the same bytes.
/// Every read returns nil, and moves nothing, when the field does not end before `end`.
struct FieldReader {
    /// Where the next field begins.
    private(set) var offset: Int
    /// Where the last field must end.
    let end: Int

    /// Reads `range`, cut to what `bytes` has.
    init(_ bytes: Span<UInt8>, _ range: Range<Int>) {
        end = max(0, min(range.upperBound, bytes.count))
        offset = max(0, min(range.lowerBound, end))
    }

    /// Whether nothing is left.
    var isAtEnd: Bool { offset >= end }

    mutating func byte(_ bytes: Span<UInt8>) -> UInt8? {
        guard end - offset >= 1 else { return nil }
        defer { offset += 1 }
        return bytes[offset]
    }

    /// A Two Byte Integer (§1.5.2).
    mutating func twoByteInteger(_ bytes: Span<UInt8>) -> UInt16? {
        guard end - offset >= 2 else { return nil }
        defer { offset += 2 }
        return UInt16(bytes[offset]) << 8 | UInt16(bytes[offset + 1])
    }

    /// A Four Byte Integer (MQTT 5.0 §1.5.3).
    mutating func fourByteInteger(_ bytes: Span<UInt8>) -> UInt32? {
        guard end - offset >= 4 else { return nil }
        var value: UInt32 = 0
        for index in offset..<(offset + 4) { value = value << 8 | UInt32(bytes[index]) }
        offset += 4
        return value
    }

    /// Binary Data or a string, both after a two byte length (§1.5.4, §1.5.6): the range of its contents.
    mutating func field(_ bytes: Span<UInt8>) -> Range<Int>? {
        let start = offset
        guard let length = twoByteInteger(bytes) else { return nil }
        guard let contents = take(Int(length)) else {
            offset = start
            return nil
        }
        return contents
    }

    /// A Variable Byte Integer in its shortest form (MQTT 5.0 §1.5.5); nil for any other as well.
    mutating func minimalVariableByteInteger(_ bytes: Span<UInt8>) -> Int? {
        guard let integer = try? VariableByteInteger.read(bytes, at: offset, end: end), integer.isMinimal else {
            return nil
        }
        offset += integer.size
        return integer.value
    }

    /// The next `count` bytes.
    mutating func take(_ count: Int) -> Range<Int>? {
        guard count >= 0, end - offset >= count else { return nil }
        defer { offset += count }
        return offset..<(offset + count)
    }
}
