import Text

/// Percent-encoding, RFC 3986 §2.1.
enum PercentCoding {
    /// The bytes with each `%XX` replaced by its byte; nil if a `%` is not followed by two hexadecimal digits.
    ///
    /// `+` stays `+`: it means a space in HTML forms only, and is common in base64 tokens.
    static func decode(_ bytes: some Sequence<UInt8>) -> [UInt8]? {
        var decoded: [UInt8] = []
        var iterator = bytes.makeIterator()
        while let byte = iterator.next() {
            guard byte == UInt8(ascii: "%") else {
                decoded.append(byte)
                continue
            }
            guard let high = iterator.next().flatMap(Hexadecimal.value),
                let low = iterator.next().flatMap(Hexadecimal.value)
            else { return nil }
            decoded.append(high << 4 | low)
        }
        return decoded
    }

    /// The same for a part of a query, where a `%` that begins no escape stands for itself, as browsers have it (WHATWG URL,
    /// percent-decode).
    static func decodeQuery(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        var decoded: [UInt8] = []
        var rest = Array(bytes)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%"), rest.count >= 2,
                let high = Hexadecimal.value(rest[rest.startIndex]),
                let low = Hexadecimal.value(rest[rest.startIndex + 1])
            else {
                decoded.append(byte)
                continue
            }
            decoded.append(high << 4 | low)
            rest.removeFirst(2)
        }
        return decoded
    }

    /// A part of a query as text; nil if the decoded bytes are not UTF-8, or one of them is NUL.
    static func queryText(_ bytes: some Sequence<UInt8>) -> String? {
        let decoded = decodeQuery(bytes)
        return decoded.contains(0) ? nil : String(validating: decoded, as: UTF8.self)
    }
}
