import Text

/// Appends one JSON text (RFC 8259) to an array of bytes, value by value, without a text or a value of its own for any of them.
///
/// The caller opens and closes objects and arrays in order; commas come by themselves.
package struct JSONWriter: Sendable {
    /// What was written so far.
    package private(set) var bytes: [UInt8]
    private var needsComma = false

    /// `capacity`: bytes that there is to be room for at once.
    package init(capacity: Int = 256) {
        bytes = []
        bytes.reserveCapacity(capacity)
    }

    /// What was written so far, as text.
    package var text: String { String(decoding: bytes, as: UTF8.self) }

    // MARK: Structure

    package mutating func beginObject() { open("{") }

    package mutating func endObject() { close("}") }

    package mutating func beginArray() { open("[") }

    package mutating func endArray() { close("]") }

    /// The name of the member whose value comes next.
    package mutating func name(_ name: StaticString) {
        beginMember()
        name.withUTF8Buffer { bytes.append(contentsOf: $0) }
        endName()
    }

    /// The same for a name that comes from outside.
    package mutating func name(_ name: String) {
        beginMember()
        Self.escape(name, into: &bytes)
        endName()
    }

    // MARK: Values

    package mutating func value(_ value: String) {
        beginValue()
        bytes.append(UInt8(ascii: "\""))
        Self.escape(value, into: &bytes)
        bytes.append(UInt8(ascii: "\""))
    }

    package mutating func value(_ value: some FixedWidthInteger) {
        beginValue()
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        digits(UInt64(truncatingIfNeeded: value.magnitude))
    }

    package mutating func value(_ value: Bool) {
        beginValue()
        append(value ? "true" : "false")
    }

    /// A number with a fraction; null for one that JSON has no text for.
    package mutating func value(_ value: Double) {
        guard value.isFinite else { return null() }
        beginValue()
        bytes.append(contentsOf: value.description.utf8)
    }

    /// Thousandths, as a number with as many places as it takes.
    package mutating func value(thousandths: Int64) { fraction(thousandths, scale: 1000) }

    /// Millionths, as a number with as many places as it takes.
    package mutating func value(millionths: Int64) { fraction(millionths, scale: 1_000_000) }

    /// A value that is written already.
    package mutating func value(json: String) {
        beginValue()
        bytes.append(contentsOf: json.utf8)
    }

    package mutating func null() {
        beginValue()
        append("null")
    }

    // MARK: Bytes

    private mutating func append(_ text: StaticString) { text.withUTF8Buffer { bytes.append(contentsOf: $0) } }

    private mutating func open(_ bracket: StaticString) {
        beginValue()
        append(bracket)
        needsComma = false
    }

    private mutating func close(_ bracket: StaticString) {
        append(bracket)
        needsComma = true
    }

    private mutating func beginMember() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func endName() {
        append("\":")
        needsComma = false
    }

    private mutating func beginValue() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
    }

    private mutating func digits(_ value: UInt64) {
        var (rest, divisor) = (value, 1 as UInt64)
        while rest / divisor > 9 { divisor *= 10 }
        while divisor > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest / divisor))
            rest %= divisor
            divisor /= 10
        }
    }

    private mutating func fraction(_ value: Int64, scale: UInt64) {
        beginValue()
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        digits(value.magnitude / scale)
        var (rest, place) = (value.magnitude % scale, scale / 10)
        guard rest > 0 else { return }
        bytes.append(UInt8(ascii: "."))
        while rest > 0, place > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest / place))
            rest %= place
            place /= 10
        }
    }

    /// RFC 8259 §7; what `LogText` does not show as it is, is escaped, too, so that no text can steer a terminal.
    private static func escape(_ value: String, into bytes: inout [UInt8]) {
        var value = value
        value.withUTF8 { text in
            var start = 0
            var index = 0
            while index < text.count {
                guard let (code, size) = escaped(text[index...]) else {
                    index += 1
                    continue
                }
                bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[start..<index]))
                escape(code, into: &bytes)
                index += size
                start = index
            }
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[start..<index]))
        }
    }

    /// The character that begins well-formed UTF-8, and how many bytes it has, if it is to be escaped. Those have three at most.
    private static func escaped(_ text: Slice<UnsafeBufferPointer<UInt8>>) -> (code: UInt16, size: Int)? {
        let first = text[text.startIndex]
        switch first {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), 0..<0x20, 0x7F: return (UInt16(first), 1)
        case 0xC2, 0xE2:
            let rest = text.dropFirst().prefix(first == 0xC2 ? 1 : 2)
            let code = rest.reduce(UInt16(first & 0x1F)) { $0 << 6 | UInt16($1 & 0x3F) }
            guard let scalar = Unicode.Scalar(code), LogText.isUnsafe(scalar) else { return nil }
            return (code, rest.count + 1)
        default: return nil
        }
    }

    private static func escape(_ code: UInt16, into bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\\"))
        switch code {
        case 0x22, 0x5C: bytes.append(UInt8(truncatingIfNeeded: code))
        case 0x0A: bytes.append(UInt8(ascii: "n"))
        case 0x0D: bytes.append(UInt8(ascii: "r"))
        case 0x09: bytes.append(UInt8(ascii: "t"))
        default:
            bytes.append(UInt8(ascii: "u"))
            for shift in [12, 8, 4, 0] as [UInt16] {
                bytes.append(Hexadecimal.digit(UInt8(truncatingIfNeeded: code >> shift), .upper))
            }
        }
    }
}
