/// Checks of UTF-8 Encoded Strings (MQTT 3.1.1 §1.5.3, MQTT 5.0 §1.5.4).
///
/// Control characters and non-characters are accepted: the specification only says a sender SHOULD NOT use them.
/// U+FEFF is an ordinary character anywhere in a string [MQTT-1.5.4-3].
enum UTF8Validation {
    /// Whether `range` of `bytes` is well-formed UTF-8: shortest form, no surrogates, nothing above U+10FFFF
    /// [MQTT-1.5.4-1], and no U+0000 [MQTT-1.5.4-2] unless `allowingNull`. False when `range` is not inside `bytes`.
    static func isWellFormed(_ bytes: Span<UInt8>, _ range: Range<Int>, allowingNull: Bool = false) -> Bool {
        guard range.lowerBound >= 0, range.upperBound <= bytes.count else { return false }
        var index = range.lowerBound
        while index < range.upperBound {
            if range.upperBound - index >= 8, isPlainASCII(bytes, at: index) {
                index += 8
                continue
            }
            let size = characterSize(bytes, at: index, end: range.upperBound)
            if size == 0 || (bytes[index] == 0 && !allowingNull) { return false }
            index += size
        }
        return true
    }

    /// Whether the eight bytes at `index`, which the caller knows to exist, all lie in U+0001...U+007F.
    private static func isPlainASCII(_ bytes: Span<UInt8>, at index: Int) -> Bool {
        let word = unsafe bytes.bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self)
        let highBits: UInt64 = 0x8080_8080_8080_8080
        // With no high bit set, adding 0x7F sets the high bit of every byte but a zero byte, and carries nothing.
        guard word & highBits == 0 else { return false }
        return (word &+ 0x7F7F_7F7F_7F7F_7F7F) & highBits == highBits
    }

    /// The length of the well-formed character at `index`; 0 when there is none (Unicode table 3-7).
    private static func characterSize(_ bytes: Span<UInt8>, at index: Int, end: Int) -> Int {
        let lead = bytes[index]
        let size: Int
        var second: ClosedRange<UInt8> = 0x80...0xBF
        switch lead {
        case 0x00...0x7F: return 1
        case 0xC2...0xDF: size = 2
        case 0xE0: (size, second) = (3, 0xA0...0xBF)
        case 0xED: (size, second) = (3, 0x80...0x9F)
        case 0xE1...0xEF: size = 3
        case 0xF0: (size, second) = (4, 0x90...0xBF)
        case 0xF1...0xF3: size = 4
        case 0xF4: (size, second) = (4, 0x80...0x8F)
        default: return 0
        }
        guard end - index >= size, second.contains(bytes[index + 1]) else { return 0 }
        var offset = 2
        while offset < size {
            guard bytes[index + offset] & 0xC0 == 0x80 else { return 0 }
            offset += 1
        }
        return size
    }
}
