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
            guard let high = iterator.next().flatMap(HTTPCharacter.hexadecimalValue),
                let low = iterator.next().flatMap(HTTPCharacter.hexadecimalValue)
            else { return nil }
            decoded.append(high << 4 | low)
        }
        return decoded
    }

    /// The decoded bytes as text; nil if the encoding is at fault, the bytes are not UTF-8, or one of them is NUL.
    static func text(_ bytes: some Sequence<UInt8>) -> String? {
        guard let decoded = decode(bytes), !decoded.contains(0) else { return nil }
        return String(validating: decoded, as: UTF8.self)
    }
}
