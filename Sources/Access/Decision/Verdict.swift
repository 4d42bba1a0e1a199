/// What one method of authentication says about a CONNECT.
package enum Verdict: Sendable, Equatable {
    /// It knows the client.
    case allow(Identity)
    /// What the client presented is wrong.
    case deny(Denial)
    /// The client presented nothing that this method looks at.
    case missing
    /// The method has no opinion.
    case ignore
    /// The method cannot answer now. The text is for the operator.
    case unavailable(String)
    /// The method has more to do than it may take on.
    case busy
}

/// Why a method denies. `detail` is for the operator's log and never holds a secret.
package struct Denial: Sendable, Equatable {
    package enum Kind: Sendable, CaseIterable {
        /// User name or password.
        case credentials
        /// The token: malformed, forged, expired, or not ours.
        case token
        /// The client is known; what it asks for is not allowed.
        case notAuthorized
    }
    package var kind: Kind
    package var detail: String

    package init(_ kind: Kind, _ detail: String) {
        self.kind = kind
        self.detail = detail
    }
}

/// Who a client is, as far as a method has found out.
package struct Identity: Sendable, Equatable {
    /// The user name that the broker is to see; nil keeps the client's.
    package var username: String?
    /// The client identifier that the broker is to see; nil keeps the client's.
    package var clientID: String?
    /// When the session must end, in milliseconds since 1970; nil: never.
    package var expiresAt: Int64?
    /// Claims of the token, as text, by name.
    package var claims: [String: String] = [:]

    package init() {}

    /// Takes over what `other` knows; where both say something, `other` wins, and the earlier end.
    mutating func add(_ other: Identity) {
        username = other.username ?? username
        clientID = other.clientID ?? clientID
        if let end = other.expiresAt { expiresAt = min(end, expiresAt ?? end) }
        claims.merge(other.claims) { $1 }
    }
}
