/// Base64 with the standard alphabet and padding, RFC 4648 §4.
enum Base64 {
    /// Appends the encoding of `bytes`.
    static func encode(_ bytes: Span<UInt8>, to writer: inout HeadWriter) {
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let count = min(bytes.count - start, 3)
            let second = count > 1 ? bytes[start + 1] : 0
            let third = count > 2 ? bytes[start + 2] : 0
            let group = UInt32(bytes[start]) << 16 | UInt32(second) << 8 | UInt32(third)
            for digit in 0..<4 {
                writer.append(digit > count ? UInt8(ascii: "=") : self.digit(group >> UInt32(18 - 6 * digit) & 0x3F))
            }
        }
    }

    private static func digit(_ value: UInt32) -> UInt8 {
        let value = UInt8(truncatingIfNeeded: value)
        return switch value {
        case 0..<26: value + UInt8(ascii: "A")
        case 26..<52: value - 26 + UInt8(ascii: "a")
        case 52..<62: value - 52 + UInt8(ascii: "0")
        case 62: UInt8(ascii: "+")
        default: UInt8(ascii: "/")
        }
    }

    /// Whether the bytes of `range` are the padded encoding of exactly `count` bytes. Stray bits in the last digit are
    /// tolerated (RFC 4648 §3.5): they decode to the same bytes.
    static func isEncoding(_ text: Span<UInt8>, _ range: Range<Int>, ofByteCount count: Int) -> Bool {
        let groups = (count + 2) / 3
        let padding = groups * 3 - count
        guard range.count == groups * 4 else { return false }
        return range.dropLast(padding).allSatisfy { isDigit(text[$0]) }
            && range.suffix(padding).allSatisfy { text[$0] == UInt8(ascii: "=") }
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        HTTPCharacter.isAlphanumeric(byte) || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "/")
    }
}
