/// The keys that tokens of one issuer are verified with. Immutable, for any thread.
package struct JWTKeySet: Sendable {
    /// In bytes. A longer token is refused unread.
    package static let longestToken = 8192
    /// In bytes, for a file or an answer with keys.
    package static let largestFile = 1 << 20
    /// How many keys are tried at most for one token that does not name its key; fewer with slow algorithms.
    package static let mostTried = 16

    private let keys: [JWTKey]
    /// Several keys may share an id (RFC 7517 §4.5).
    private let byID: [String: [JWTKey]]
    private let withoutID: [JWTKey]
    /// What the file held besides, and why it is not used.
    package let skipped: [JWTSkippedKey]

    init(_ keys: [JWTKey], skipped: [JWTSkippedKey]) {
        self.keys = keys
        self.skipped = skipped
        withoutID = keys.filter { $0.id == nil }
        byID = Dictionary(grouping: keys.filter { $0.id != nil }) { $0.id ?? "" }
    }

    package var count: Int { keys.count }
    package var isEmpty: Bool { keys.isEmpty }
    /// The `kid` of every key that has one.
    package var keyIDs: [String] { byID.keys.sorted() }

    /// Whether `token`, a compact JWS (RFC 7515 §3.1), is signed by one of the keys and keeps the rules.
    ///
    /// Synchronous, for event loops: it costs the signature (of up to `mostTried` keys) and some microseconds.
    /// The header's `kid` chooses the key. Without one every key that fits `alg` is tried, and so are the keys that have
    /// no id, as those from PEM, when no key has that `kid`.
    ///
    /// - Parameter now: the wall clock, in milliseconds since 1970.
    package func verify(_ token: UnsafeRawBufferPointer, rules: JWTRules, now: Int64) throws(JWTError) -> JWTVerified {
        let header = try JWTHeader(token)
        try checkSignature(header)
        // Nothing of the payload is looked at before.
        guard let claims = members(ofBase64URL: header.payload) else { throw .malformed(.payload) }
        return try JWTVerified(claims: claims, rules: rules, now: now)
    }

    /// The same for a token in a `Secret`.
    package func verify(_ token: Secret, rules: JWTRules, now: Int64) throws(JWTError) -> JWTVerified {
        let result = token.withBytes { bytes in
            Result { () throws(JWTError) in try verify(bytes, rules: rules, now: now) }
        }
        return try result.get()
    }

    private func checkSignature(_ header: JWTHeader) throws(JWTError) {
        let named = header.keyID.flatMap { byID[$0] }
        // No key has the id that the token names.
        let unknownID = named == nil && !byID.isEmpty ? header.keyID : nil
        let candidates = named ?? (header.keyID == nil ? keys : withoutID)
        let fitting = candidates.lazy.filter { $0.fits(header.algorithm) }.prefix(header.algorithm.mostTried)
        let isSigned = fitting.contains {
            $0.verifies(header.signature, of: header.signingInput, by: header.algorithm)
        }
        if isSigned { return }
        if let unknownID { throw .unknownKey(unknownID) }
        throw fitting.isEmpty ? .algorithm(.notOfKey) : .signature
    }
}
