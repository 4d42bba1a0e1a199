import Text

/// Texts of URIs, RFC 3986.
enum URIText {
    /// A path as a URI writes it: percent-encoded except for what RFC 3986 §2.3 leaves, and for slashes.
    static func encoded(path: String) -> String {
        encoded(path) { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "/"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"), UInt8(ascii: "~"):
                true
            default: false
            }
        }
    }

    /// A reference that may have been made of decoded parts: what no URI has is percent-encoded, and nothing else.
    static func encoded(reference: String) -> String {
        encoded(reference) { byte in
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "\\"): false
            default: (0x21...0x7E).contains(byte)
            }
        }
    }

    private static func encoded(_ text: String, _ isPlain: (UInt8) -> Bool) -> String {
        if text.utf8.allSatisfy(isPlain) { return text }
        var result = ""
        for byte in text.utf8 {
            if isPlain(byte) {
                result.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                result += "%" + Hexadecimal.encode(byte, .upper)
            }
        }
        return result
    }

    /// A request target without scheme and authority (RFC 9112 §3.2.2).
    static func originForm(_ target: String) -> String {
        guard !target.hasPrefix("/"), let scheme = target.firstRange(of: "://") else { return target }
        let rest = target[scheme.upperBound...]
        guard let start = rest.firstIndex(where: { $0 == "/" || $0 == "?" }) else { return "/" }
        return (rest[start] == "?" ? "/" : "") + rest[start...]
    }
}
