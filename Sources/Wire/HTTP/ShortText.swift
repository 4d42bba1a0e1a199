/// A short text of visible US-ASCII that needs no memory of its own, for values that are made for each response. What does not
/// fit is left out.
package struct ShortText: Sendable {
    static let capacity = 40
    private(set) var bytes = InlineArray<40, UInt8>(repeating: 0)
    /// How many bytes it has.
    package private(set) var count = 0

    package init() {}

    /// One of its bytes: below `count`.
    package subscript(_ index: Int) -> UInt8 { bytes[index] }

    package mutating func append(_ byte: UInt8) {
        guard count < Self.capacity else { return }
        bytes[count] = byte
        count += 1
    }

    package mutating func append(_ text: StaticString) {
        text.withUTF8Buffer { for byte in $0 { append(byte) } }
    }

    /// Appends a number in decimal digits, with zeros before it up to `width`.
    package mutating func append(_ number: UInt64, width: Int = 1) {
        append(number, base: 10, width: width)
    }

    /// Appends a number in lower-case hexadecimal digits.
    package mutating func append(hexadecimal number: UInt64) { append(number, base: 16, width: 1) }

    private mutating func append(_ number: UInt64, base: UInt64, width: Int) {
        var (unit, digits) = (UInt64(1), 1)
        while number / unit >= base || digits < width {
            unit *= base
            digits += 1
        }
        while unit > 0 {
            let digit = UInt8(truncatingIfNeeded: number / unit % base)
            append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
            unit /= base
        }
    }

    /// Its bytes, for as long as `body` runs.
    package func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        bytes.span.withUnsafeBufferPointer { body($0.extracting(0..<count)) }
    }

    /// Whether the bytes at a place are those of the text; the place is inside `other`.
    func isSame(_ other: Span<UInt8>, _ place: Range<Int>) -> Bool {
        guard place.count == count else { return false }
        for index in 0..<count where other[place.lowerBound + index] != bytes[index] { return false }
        return true
    }
}

extension ShortText: CustomStringConvertible {
    package var description: String { withBytes { String(decoding: $0, as: UTF8.self) } }
}
