/// Reads one JSON text (RFC 8259): strictly, once over the bytes, with a bounded depth.
///
/// Tokens come from strangers and are read on event loops, so a text cannot make the reader recurse deep, and no name
/// counts twice. Strings are well-formed UTF-8; an escaped surrogate without its other half is refused.
package struct JSONParser {
    /// How deep arrays and objects may be nested.
    package static let deepest = 32

    private let bytes: [UInt8]
    private var index = 0

    /// The value of a whole text.
    package static func parse(_ bytes: [UInt8]) throws(JSONError) -> JSONValue {
        var parser = JSONParser(bytes: bytes)
        let value = try parser.value(depth: 0)
        parser.skipSpace()
        guard parser.index == bytes.count else { throw .syntax(at: parser.index) }
        return value
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    // MARK: Bytes

    private var error: JSONError { .syntax(at: index) }

    /// The byte that comes next; nil at the end.
    private var next: UInt8? { index < bytes.count ? bytes[index] : nil }

    private mutating func take() throws(JSONError) -> UInt8 {
        guard let byte = next else { throw error }
        index += 1
        return byte
    }

    /// Steps over `byte` if it comes next.
    private mutating func skip(_ byte: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: byte) else { return false }
        index += 1
        return true
    }

    private mutating func expect(_ byte: Unicode.Scalar) throws(JSONError) {
        guard skip(byte) else { throw error }
    }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { index += 1 }
    }

    // MARK: Values

    /// RFC 8259 §3. `depth`: how many arrays and objects enclose it.
    private mutating func value(depth: Int) throws(JSONError) -> JSONValue {
        skipSpace()
        switch next {
        case UInt8(ascii: "{"): return try object(depth: depth + 1)
        case UInt8(ascii: "["): return try array(depth: depth + 1)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        default: return .number(try number())
        }
    }

    private mutating func literal(_ text: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
        let end = index + text.utf8CodeUnitCount
        let isThere = text.withUTF8Buffer { end <= bytes.count && bytes[index..<end].elementsEqual($0) }
        guard isThere else { throw error }
        index = end
        return value
    }

    /// RFC 8259 §4.
    private mutating func object(depth: Int) throws(JSONError) -> JSONValue {
        guard depth <= Self.deepest else { throw .tooDeep }
        try expect("{")
        skipSpace()
        if skip("}") { return .object([:]) }
        var members = [String: JSONValue](minimumCapacity: 8)
        repeat {
            skipSpace()
            let name = try string()
            skipSpace()
            try expect(":")
            let value = try value(depth: depth)
            guard members.updateValue(value, forKey: name) == nil else { throw .duplicateName }
            skipSpace()
        } while skip(",")
        try expect("}")
        return .object(members)
    }

    /// RFC 8259 §5.
    private mutating func array(depth: Int) throws(JSONError) -> JSONValue {
        guard depth <= Self.deepest else { throw .tooDeep }
        try expect("[")
        var values: [JSONValue] = []
        skipSpace()
        if skip("]") { return .array(values) }
        repeat {
            values.append(try value(depth: depth))
            skipSpace()
        } while skip(",")
        try expect("]")
        return .array(values)
    }

    // MARK: Numbers

    /// RFC 8259 §6: minus, integer without leading zeros, fraction, exponent.
    private mutating func number() throws(JSONError) -> String {
        let start = index
        _ = skip("-")
        if !skip("0") { try digits() }
        if skip(".") { try digits() }
        if skip("e") || skip("E") {
            _ = skip("+") || skip("-")
            try digits()
        }
        return String(decoding: bytes[start..<index], as: UTF8.self)
    }

    /// One digit at least.
    private mutating func digits() throws(JSONError) {
        let start = index
        while let byte = next, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") { index += 1 }
        guard index > start else { throw error }
    }

    // MARK: Strings

    /// RFC 8259 §7.
    private mutating func string() throws(JSONError) -> String {
        try expect("\"")
        let start = index
        var unescaped: [UInt8] = []
        var isEscaped = false
        while true {
            let byte = try take()
            switch byte {
            case UInt8(ascii: "\""):
                let text =
                    isEscaped
                    ? String(validating: unescaped, as: UTF8.self)
                    : String(validating: bytes[start..<(index - 1)], as: UTF8.self)
                guard let text else { throw .syntax(at: start) }
                return text
            case UInt8(ascii: "\\"):
                if !isEscaped { unescaped = Array(bytes[start..<(index - 1)]) }
                isEscaped = true
                try escape(into: &unescaped)
            case 0..<0x20: throw .syntax(at: index - 1)
            default: if isEscaped { unescaped.append(byte) }
            }
        }
    }

    /// Reads what follows a backslash and appends it, as UTF-8.
    private mutating func escape(into text: inout [UInt8]) throws(JSONError) {
        let byte = try take()
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"): text.append(contentsOf: Character(try unicodeEscape()).utf8)
        default: throw .syntax(at: index - 1)
        }
    }

    /// Four hexadecimal digits, or twice that for a surrogate pair.
    private mutating func unicodeEscape() throws(JSONError) -> Unicode.Scalar {
        let first = try hexadecimal()
        guard UTF16.isLeadSurrogate(first) else {
            guard let scalar = Unicode.Scalar(first) else { throw error }  // a trail surrogate
            return scalar
        }
        try expect("\\")
        try expect("u")
        let second = try hexadecimal()
        let value = 0x10000 + ((UInt32(first) & 0x3FF) << 10 | UInt32(second) & 0x3FF)
        guard UTF16.isTrailSurrogate(second), let scalar = Unicode.Scalar(value) else { throw error }
        return scalar
    }

    private mutating func hexadecimal() throws(JSONError) -> UInt16 {
        var value: UInt16 = 0
        for _ in 0..<4 {
            guard let digit = Hexadecimal.value(try take()) else { throw error }
            value = value << 4 | UInt16(digit)
        }
        return value
    }
}
