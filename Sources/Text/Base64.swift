/// Base64 with the standard alphabet and padding (RFC 4648 §4).
package enum Base64 {
    private static let alphabet = Base64Alphabet(last: "+/")

    /// The padded text of `bytes`.
    package static func encode(_ bytes: Span<UInt8>) -> String { alphabet.encode(bytes, isPadded: true) }

    /// The bytes of a padded text that is not empty; nil for anything else. As strict as RFC 4648 §3.5 allows: every
    /// value has one spelling, so bits of the last digit that stand for nothing are zero.
    package static func decode(_ text: [UInt8]) -> [UInt8]? {
        guard !text.isEmpty, text.count.isMultiple(of: 4) else { return nil }
        let padding = text.suffix(2).reversed().prefix { $0 == pad }.count
        return text.dropLast(padding).withUnsafeBytes(alphabet.decode)
    }

    /// Appends the digits and the padding of `bytes` one by one.
    package static func encode(_ bytes: Span<UInt8>, append: (UInt8) -> Void) {
        alphabet.encode(bytes, isPadded: true, append: append)
    }

    /// Whether the bytes of `range` are the padded encoding of exactly `count` bytes. Stray bits in the last digit are
    /// tolerated (RFC 4648 §3.5): they decode to the same bytes.
    package static func isEncoding(_ text: Span<UInt8>, _ range: Range<Int>, ofByteCount count: Int) -> Bool {
        let groups = (count + 2) / 3
        let padding = groups * 3 - count
        guard range.count == groups * 4, range.upperBound <= text.count else { return false }
        return range.dropLast(padding).allSatisfy { alphabet.value(text[$0]) != nil }
            && range.suffix(padding).allSatisfy { text[$0] == pad }
    }
}

/// Base64 with the alphabet for URLs and without padding (RFC 4648 §5, RFC 7515 §2).
package enum Base64URL {
    private static let alphabet = Base64Alphabet(last: "-_")

    /// The text of `bytes`, without padding.
    package static func encode(_ bytes: Span<UInt8>) -> String { alphabet.encode(bytes, isPadded: false) }

    /// The bytes of an unpadded text; nil for any other character, an impossible length, and bits of the last digit
    /// that stand for nothing: every value has one spelling.
    package static func decode(_ text: UnsafeRawBufferPointer) -> [UInt8]? { alphabet.decode(text) }

    /// The same for a text in an array.
    package static func decode(_ text: [UInt8]) -> [UInt8]? { text.withUnsafeBytes(alphabet.decode) }
}

private let pad = UInt8(ascii: "=")

/// The 64 digits of a variant, both ways.
private struct Base64Alphabet {
    private let digits: [UInt8]
    /// For each byte the value of the digit, or 0xFF.
    private let values: [UInt8]

    /// `last`: the digits for 62 and 63.
    init(last: String) {
        digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8) + Array(last.utf8)
        var values = [UInt8](repeating: 0xFF, count: 256)
        for (value, digit) in digits.enumerated() { values[Int(digit)] = UInt8(truncatingIfNeeded: value) }
        self.values = values
    }

    func value(_ digit: UInt8) -> UInt8? {
        let value = values[Int(digit)]
        return value == 0xFF ? nil : value
    }

    func encode(_ bytes: Span<UInt8>, isPadded: Bool) -> String {
        String(unsafeUninitializedCapacity: (bytes.count + 2) / 3 * 4) { text in
            var count = 0
            encode(bytes, isPadded: isPadded) { digit in
                text[count] = digit
                count += 1
            }
            return count
        }
    }

    func encode(_ bytes: Span<UInt8>, isPadded: Bool, append: (UInt8) -> Void) {
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let second = start + 1 < bytes.count ? bytes[start + 1] : 0
            let third = start + 2 < bytes.count ? bytes[start + 2] : 0
            let group = UInt32(bytes[start]) << 16 | UInt32(second) << 8 | UInt32(third)
            let count = min(3, bytes.count - start)
            for place in 0...3 where place <= count || isPadded {
                append(place <= count ? digits[Int(group >> UInt32(18 - 6 * place) & 0x3F)] : pad)
            }
        }
    }

    /// The bytes of digits alone, without padding.
    func decode(_ text: UnsafeRawBufferPointer) -> [UInt8]? {
        guard text.count % 4 != 1 else { return nil }
        var bits: UInt32 = 0
        var held: UInt32 = 0
        var isGood = true
        let bytes = [UInt8](unsafeUninitializedCapacity: text.count / 4 * 3 + 2) { bytes, count in
            values.withUnsafeBufferPointer { values in
                for digit in text {
                    let value = values[Int(digit)]
                    if value > 63 { isGood = false }
                    bits = bits << 6 | UInt32(value)
                    held += 6
                    guard held >= 8 else { continue }
                    held -= 8
                    bytes[count] = UInt8(truncatingIfNeeded: bits >> held)
                    count += 1
                }
            }
        }
        guard isGood, bits & (1 << held - 1) == 0 else { return nil }
        return bytes
    }
}
