import Text

/// What a token must satisfy besides its signature.
package struct JWTRules: Sendable, Equatable {
    /// By how much the clocks may differ, in milliseconds: for `exp` and `nbf`. Less than nothing counts as nothing.
    package var leeway: Int64
    package var requirements: [JWTRequirement]

    package init(leeway: Int64 = 0, requirements: [JWTRequirement] = []) {
        self.leeway = leeway
        self.requirements = requirements
    }
}

/// What one claim of the token must be.
package struct JWTRequirement: Sendable, Equatable {
    /// A member of the payload itself, not of an object in it.
    package var claim: String
    /// The string that the claim equals or, if it is an array, contains; a number or boolean is compared by its JSON
    /// text. Nil: the claim must be there and not null. The empty string is never satisfied.
    package var value: String?

    package init(claim: String, value: String? = nil) {
        self.claim = claim
        self.value = value
    }

    /// Strings are compared code point by code point, without normalization (RFC 7519 §2 StringOrURI, RFC 7515 §5.3).
    func isSatisfied(by claim: JSONValue?) -> Bool {
        guard let claim, claim != .null else { return false }
        guard let value else { return true }
        guard !value.isEmpty else { return false }
        let found = if case .array(let values) = claim { values } else { [claim] }
        return found.contains { $0.scalarText?.utf8.elementsEqual(value.utf8) ?? false }
    }
}

/// A token whose signature, times and claims are in order.
package struct JWTVerified: Sendable, Equatable {
    /// When the session must end, in milliseconds since 1970: `exp` and the leeway. Nil: the token does not say.
    package let expiresAt: Int64?
    private let claims: [String: JSONValue]

    /// Checks times and requirements of a payload. `now`: milliseconds since 1970.
    init(claims: [String: JSONValue], rules: JWTRules, now: Int64) throws(JWTError) {
        let leeway = min(max(rules.leeway, 0), latestTime)
        let now = min(max(now, -latestTime), latestTime)
        let expiry = try Self.time(claims["exp"])
        // RFC 7519 §4.1.4: the current time must be before it.
        if let expiry, expiry + leeway <= now { throw .expired }
        // RFC 7519 §4.1.5: the current time must be after or equal.
        if let start = try Self.time(claims["nbf"]), start > now + leeway { throw .notYetValid }
        for requirement in rules.requirements where !requirement.isSatisfied(by: claims[requirement.claim]) {
            throw .claim(requirement.claim)
        }
        self.expiresAt = expiry.map { $0 + leeway }
        self.claims = claims
    }

    /// A claim as text: a string as it is, an integer or boolean by its JSON text. Nil for what is not there, and for
    /// everything else.
    package func text(_ name: String) -> String? {
        guard let claim = claims[name] else { return nil }
        if case .number(let text) = claim, !text.utf8.allSatisfy(isIntegerDigit) { return nil }
        return claim.scalarText
    }

    /// A NumericDate (RFC 7519 §2) in milliseconds since 1970. One beyond the year 9999 is that year's end.
    private static func time(_ claim: JSONValue?) throws(JWTError) -> Int64? {
        guard let claim else { return nil }
        guard case .number(let text) = claim, let seconds = Double(text) else { throw .malformed(.time) }
        let latest = Double(latestTime)
        return Int64(min(max((seconds * 1000).rounded(.down), -latest), latest))
    }
}

/// The end of the year 9999, in milliseconds since 1970.
private let latestTime: Int64 = 253_402_300_799_999

private func isIntegerDigit(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "-") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
}
