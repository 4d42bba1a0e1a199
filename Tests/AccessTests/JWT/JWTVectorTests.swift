import Access
import Testing

/// Published examples.
@Suite struct JWTVectorTests {
    typealias Vectors = JOSEVectors

    /// One second before the `exp` of RFC 7515 A.1.
    private let before: Int64 = 1_300_819_379_000

    @Test(
        "RFC 7515 A.1, A.2, A.3, RFC 7519 §3.1: HS256, RS256, ES256",
        arguments: [(Vectors.a1, Vectors.a1Key), (Vectors.a2, Vectors.a2Key), (Vectors.a3, Vectors.a3Key)])
    func claims(token: String, key: String) throws {
        let keys = try JWTKeySet.load(key)
        let verified = try keys.verify(Secret(token), rules: JWTRules(), now: before)
        #expect(verified.expiresAt == 1_300_819_380_000)
        #expect(verified.text("iss") == "joe")
        #expect(verified.text("http://example.com/is_root") == "true")
        #expect(verified.text("exp") == "1300819380")
        #expect(keys.fault(token, now: before + 1000) == .expired)
    }

    /// What they sign is no JSON object, and that is only found out behind a good signature.
    @Test(
        "RFC 7515 A.4, RFC 8037 A.4, RFC 7520 §4.1 to §4.4: the signature is good, the payload no set of claims",
        arguments: [
            (Vectors.a4, Vectors.a4Key), (Vectors.rfc8037A4, Vectors.rfc8037Key),
            (Vectors.rfc7520RS256, Vectors.RSA.key), (Vectors.rfc7520PS384, Vectors.RSA.key),
            (Vectors.rfc7520ES512, Vectors.rfc7520EC), (Vectors.rfc7520HS256, Vectors.rfc7520Secret),
        ])
    func plainText(token: String, key: String) throws {
        let keys = try JWTKeySet.load(key)
        #expect(keys.fault(token) == .malformed(.payload))
        // One bit of the signature differs: its first character is none of the last, so every bit counts.
        let dot = try #require(token.lastIndex(of: "."))
        let first = token.index(after: dot)
        let other = token[..<first] + (token[first] == "A" ? "B" : "A") + token[token.index(after: first)...]
        #expect(keys.fault(String(other)) == .signature)
    }

    @Test("RFC 7515 A.5, RFC 7519 §6.1: an unsecured token is refused by every key")
    func unsecured() throws {
        for key in [Vectors.a1Key, Vectors.a2Key, Vectors.a3Key, Vectors.rfc8037Key] {
            #expect(try JWTKeySet.load(key).fault(Vectors.a5) == .algorithm(.none))
        }
    }

    @Test("RFC 7517 §4.5: a kid chooses among the keys of RFC 7520")
    func keyID() throws {
        let keys = try JWTKeySet.load(jwks: [Vectors.rfc7520EC, Vectors.RSA.key, Vectors.rfc7520Secret])
        #expect(keys.count == 3)
        #expect(keys.keyIDs == ["018c0ae5-4d9b-471b-bfd6-eef314bc7037", "bilbo.baggins@hobbiton.example"])
        for token in [Vectors.rfc7520RS256, Vectors.rfc7520PS384, Vectors.rfc7520ES512, Vectors.rfc7520HS256] {
            #expect(keys.fault(token) == .malformed(.payload))
        }
    }
}
