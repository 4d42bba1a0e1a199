/// A parsed request line with its fields, RFC 9112 §2.1. Made by `parse`; every value has passed its checks.
package struct RequestHead: Sendable, Equatable {
    /// The method as sent; methods are case-sensitive (RFC 9110 §9.1).
    package let method: String
    /// The request target as sent.
    package let target: String
    /// The path of the target: percent-decoded once, dot segments and doubled slashes removed, valid UTF-8.
    /// Always begins with "/", never leads above it, and holds no control character and no backslash.
    package let path: String
    /// The query as sent, without its "?"; nil if the target has no "?".
    package let query: String?
    /// The host the request is for, from an absolute-form target or else from Host (RFC 9112 §3.2.2): lower case,
    /// without port and final dot, IPv6 in brackets. Nil only for HTTP/1.0 without Host; empty if Host is empty.
    package let host: String?
    /// The y of "HTTP/1.y".
    package let minorVersion: Int
    /// The fields in the order they came, names in lower case. Bytes of a value that are not UTF-8 became U+FFFD.
    package let fields: [HTTPField]
}

extension RequestHead {
    /// The values of all fields of this name (any case), in order.
    package func values(_ name: String) -> [String] {
        fields.filter { $0.isNamed(name) }.map(\.value)
    }

    /// The value of the first field of this name (any case).
    package func first(_ name: String) -> String? {
        fields.first { $0.isNamed(name) }?.value
    }

    /// The elements of a comma-separated list over all fields of this name, trimmed, empty ones dropped
    /// (RFC 9110 §5.6.1). For lists of tokens: a comma within a quoted string separates too.
    package func tokens(_ name: String) -> [String] {
        values(name).flatMap { value in
            value.utf8.split(separator: UInt8(ascii: ","))
                .map { HTTPCharacter.trimmed($0) }
                .filter { !$0.isEmpty }
                .compactMap { String($0) }
        }
    }

    /// Whether the list field `name` has the element `token`, in any case.
    package func has(token: String, in name: String) -> Bool {
        tokens(name).contains { HTTPCharacter.sameIgnoringCase($0, token) }
    }

    /// The first query argument of this name (case-sensitive), percent-decoded; empty for a name without "=".
    ///
    /// "+" stays as it is, and so does a "%" that begins no escape. Nil if there is none, or if its value is not UTF-8 or
    /// holds a NUL.
    package func argument(_ name: String) -> String? {
        guard let query else { return nil }
        for pair in query.utf8.split(separator: UInt8(ascii: "&")) {
            let nameEnd = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
            guard PercentCoding.decodeQuery(pair[..<nameEnd]).elementsEqual(name.utf8) else { continue }
            return PercentCoding.queryText(pair[nameEnd...].dropFirst())
        }
        return nil
    }

    /// The value of the first cookie of this name (case-sensitive), as sent: neither unquoted nor decoded
    /// (RFC 6265 §4.2.1 gives a server no meaning for either).
    package func cookie(_ name: String) -> String? {
        for value in values("cookie") {
            for pair in value.utf8.split(separator: UInt8(ascii: ";")) {
                guard let nameEnd = pair.firstIndex(of: UInt8(ascii: "=")),
                    HTTPCharacter.trimmed(pair[..<nameEnd]).elementsEqual(name.utf8)
                else { continue }
                return String(HTTPCharacter.trimmed(pair[nameEnd...].dropFirst()))
            }
        }
        return nil
    }
}
