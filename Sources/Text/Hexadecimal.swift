/// Base 16 (RFC 4648 §8).
package enum Hexadecimal {
    package enum Case: Sendable { case lower, upper }

    /// Two digits for each byte.
    package static func encode(_ bytes: [UInt8], _ letters: Case = .lower) -> String {
        String(unsafeUninitializedCapacity: 2 * bytes.count) { text in
            for (index, byte) in bytes.enumerated() {
                text[2 * index] = digit(byte >> 4, letters)
                text[2 * index + 1] = digit(byte & 0xF, letters)
            }
            return 2 * bytes.count
        }
    }

    /// The two digits of one byte.
    package static func encode(_ byte: UInt8, _ letters: Case = .lower) -> String { encode([byte], letters) }

    /// The sixteen digits of a word, in lower case.
    package static func encode(_ word: UInt64) -> String {
        String(unsafeUninitializedCapacity: 16) { text in
            for index in 0..<16 { text[index] = digit(UInt8(truncatingIfNeeded: word >> UInt64(60 - 4 * index))) }
            return 16
        }
    }

    /// A code as the specification of MQTT writes it: `0x8A`.
    package static func code(_ byte: UInt8) -> String { "0x" + encode(byte, .upper) }

    /// The bytes of an even number of digits of either case; nil for anything else.
    package static func decode(_ text: [UInt8]) -> [UInt8]? {
        guard text.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 2)
        for index in stride(from: 0, to: text.count, by: 2) {
            guard let high = value(text[index]), let low = value(text[index + 1]) else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    /// The digit for the lower four bits of `value`.
    package static func digit(_ value: UInt8, _ letters: Case = .lower) -> UInt8 {
        let value = value & 0xF
        guard value > 9 else { return UInt8(ascii: "0") + value }
        return (letters == .lower ? UInt8(ascii: "a") : UInt8(ascii: "A")) + (value - 10)
    }

    /// The value of a digit of either case; nil for any other byte.
    package static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
