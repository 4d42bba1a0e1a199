/// Searches in bytes, eight at a time where that is possible. Ranges are clamped to the bytes.
enum ByteScan {
    private static let highBits: UInt64 = 0x8080_8080_8080_8080
    private static let ones: UInt64 = 0x0101_0101_0101_0101

    /// Where `byte` next stands in `range`; the end of the range when it does not.
    static func index(of byte: UInt8, in bytes: Span<UInt8>, _ range: Range<Int>) -> Int {
        var (index, end) = bounds(range, of: bytes)
        while end &- index >= 8 {
            let word = word(bytes, at: index) ^ (ones &* UInt64(byte))
            // The lowest bit set belongs to the first byte that is zero; those above it may be wrong.
            let zeros = (word &- ones) & ~word & highBits
            if zeros != 0 { return index &+ zeros.trailingZeroBitCount >> 3 }
            index &+= 8
        }
        while index < end, bytes[index] != byte { index &+= 1 }
        return index
    }

    /// The end of the bytes at the start of `range` that are all 0x20...0x7E.
    static func endOfVisible(in bytes: Span<UInt8>, _ range: Range<Int>) -> Int {
        var (index, end) = bounds(range, of: bytes)
        while end &- index >= 8 {
            let word = word(bytes, at: index)
            guard word & highBits == 0, !hasControl(word) else { break }
            index &+= 8
        }
        while index < end, (0x20...0x7E).contains(bytes[index]) { index &+= 1 }
        return index
    }

    /// The end of the bytes at the start of `range` that a field value may hold (RFC 9110 §5.5).
    static func endOfFieldValue(in bytes: Span<UInt8>, _ range: Range<Int>) -> Int {
        var (index, end) = bounds(range, of: bytes)
        while end &- index >= 8, !hasControl(word(bytes, at: index)) { index &+= 8 }
        while index < end, HTTPCharacter.isFieldValue(bytes[index]) { index &+= 1 }
        return index
    }

    /// Whether the bytes of `range` are those of `text`; `range` is inside `bytes`.
    static func isSame(_ bytes: Span<UInt8>, _ range: Range<Int>, _ text: StaticString) -> Bool {
        guard range.count == text.utf8CodeUnitCount else { return false }
        return text.withUTF8Buffer { text in
            for index in 0..<text.count where bytes[range.lowerBound + index] != text[index] { return false }
            return true
        }
    }

    /// The same, where `A`–`Z` counts as `a`–`z`.
    static func isSameIgnoringCase(_ bytes: Span<UInt8>, _ range: Range<Int>, _ text: StaticString) -> Bool {
        text.withUTF8Buffer { isSameIgnoringCase(bytes, range, $0) }
    }

    /// The same for a text that is not of the program.
    static func isSameIgnoringCase(
        _ bytes: Span<UInt8>, _ range: Range<Int>, _ text: some RandomAccessCollection<UInt8>
    ) -> Bool {
        // Most texts differ in length already.
        guard range.count == text.count else { return false }
        var index = range.lowerBound
        for byte in text {
            guard HTTPCharacter.lowercased(bytes[index]) == HTTPCharacter.lowercased(byte) else { return false }
            index += 1
        }
        return true
    }

    /// Whether one of the eight bytes is below 0x20 or 0x7F.
    private static func hasControl(_ word: UInt64) -> Bool {
        // Without the high bits nothing carries: adding 0x60 sets that of each byte from 0x20 on, adding 1 that of 0x7F.
        let low = word & ~highBits
        let isVisible = (low &+ ones &* 0x60) | word
        let isDelete = (low &+ ones) & ~word
        return (~isVisible | isDelete) & highBits != 0
    }

    private static func bounds(_ range: Range<Int>, of bytes: Span<UInt8>) -> (Int, Int) {
        let end = min(max(range.upperBound, 0), bytes.count)
        return (min(max(range.lowerBound, 0), end), end)
    }

    /// Eight bytes, which the caller knows to exist; the first is the lowest.
    private static func word(_ bytes: Span<UInt8>, at index: Int) -> UInt64 {
        unsafe UInt64(littleEndian: bytes.bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self))
    }
}
