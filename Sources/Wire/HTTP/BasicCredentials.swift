import Text

/// User name and password of HTTP Basic authentication (RFC 7617 §2).
package struct BasicCredentials: Sendable, Equatable {
    package let username: String
    /// Never for a log.
    package let password: [UInt8]

    /// The credentials in the text after the scheme: Base64 of `user ":" password`, in UTF-8 and without control characters.
    /// nil: it is something else.
    init?(_ text: some Sequence<UInt8>) {
        guard let bytes = Base64.decode(Array(text)), let colon = bytes.firstIndex(of: UInt8(ascii: ":")),
            bytes.allSatisfy({ !HTTPCharacter.isControl($0) }),
            let username = String(validating: bytes[..<colon], as: UTF8.self),
            String(validating: bytes[colon...], as: UTF8.self) != nil
        else { return nil }
        self.username = username
        password = Array(bytes[(colon + 1)...])
    }
}

/// What a request says in its Authorization field (RFC 9110 §11.6.2).
package enum Authorization: Sendable, Equatable {
    /// There is no such field.
    case none
    case basic(BasicCredentials)
    /// The token, as sent (RFC 6750 §2.1). Never for a log.
    case bearer([UInt8])
    /// Another scheme.
    case other
    /// Not what its scheme says, longer than `Authorization.longest`, or more than one field.
    case malformed

    /// Bytes of a field value that are looked at.
    package static let longest = 4096
}

extension RequestHead {
    /// The credentials that came with the request.
    package var authorization: Authorization {
        let field = field("authorization")
        guard let place = field.first else { return .none }
        guard field.count == 1, place.count <= Authorization.longest else { return .malformed }
        let value = bytes[place]
        let scheme = value.prefix { $0 != HTTPCharacter.space }
        let rest = value[scheme.endIndex...].drop { $0 == HTTPCharacter.space }  // 1*SP, RFC 9110 §11.4
        switch HTTPCharacter.lowercased(scheme) {
        case "basic": return BasicCredentials(rest).map { .basic($0) } ?? .malformed
        case "bearer": return Self.isToken68(rest) ? .bearer(Array(rest)) : .malformed
        default: return .other
        }
    }

    /// RFC 9110 §11.2
    private static func isToken68(_ text: ArraySlice<UInt8>) -> Bool {
        let digits = text.prefix { HTTPCharacter.isAlphanumeric($0) || "-._~+/".utf8.contains($0) }
        return !digits.isEmpty && text[digits.endIndex...].allSatisfy { $0 == UInt8(ascii: "=") }
    }
}
