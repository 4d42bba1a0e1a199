import Access
import Testing

/// Which keys a token is tried with.
@Suite struct JWTKeyChoiceTests {
    /// Signers with secrets that differ in their first octet.
    private func signers(_ count: Int) throws -> [Signer] {
        var signers: [Signer] = []
        for number in 0..<count {
            signers.append(.hmac("HS256", secret: [UInt8(number)] + Array(repeating: 9, count: 31)))
        }
        return signers
    }

    @Test("Without kid every key that fits is tried, sixteen at most")
    func bounded() throws {
        let signers = try signers(18)
        let noise = try Signer.make("ES256").jwk(["kid": "ec"])
        let named = signers.enumerated().map { $1.jwk(["kid": "\($0)"]) }
        let keys = try JWTKeySet.load(jwks: [noise] + named)
        for (number, signer) in signers.enumerated() {
            #expect(keys.fault(try signer.token("{}")) == (number < 16 ? nil : .signature), "\(number)")
            // Its name leads to it all the same.
            let header = #"{"alg":"HS256","kid":"\#(number)"}"#
            #expect(keys.fault(try signer.token("{}", header: header)) == nil)
        }
    }

    @Test("Fewer keys are tried where a signature costs more", arguments: [("ES384", 8), ("ES512", 4)])
    func slow(name: String, most: Int) throws {
        var signers: [Signer] = []
        for _ in 0...most { signers.append(try .make(name)) }
        let keys = try JWTKeySet.load(jwks: signers.map { $0.jwk() })
        #expect(keys.fault(try signers[most - 1].token("{}")) == nil)
        #expect(keys.fault(try signers[most].token("{}")) == .signature)
    }

    @Test("A kid leads to that key alone")
    func named() throws {
        let signers = try signers(2)
        let keys = try JWTKeySet.load(jwks: [signers[0].jwk(["kid": "a"]), signers[1].jwk(["kid": "b"])])
        let header = #"{"alg":"HS256","kid":"a"}"#
        #expect(keys.fault(try signers[0].token("{}", header: header)) == nil)
        #expect(keys.fault(try signers[1].token("{}", header: header)) == .signature)
    }

    @Test("RFC 7517 §4.5: keys that share a kid are all tried")
    func shared() throws {
        let signers = try signers(2)
        let keys = try JWTKeySet.load(jwks: signers.map { $0.jwk(["kid": "a"]) })
        for signer in signers {
            #expect(keys.fault(try signer.token("{}", header: #"{"alg":"HS256","kid":"a"}"#)) == nil)
        }
    }

    @Test("A key without id serves a token with a kid that no key has")
    func anonymous() throws {
        let signers = try signers(3)
        let header = #"{"alg":"HS256","kid":"new"}"#
        let alone = try JWTKeySet.load(jwks: [signers[0].jwk()])
        #expect(alone.fault(try signers[0].token("{}", header: header)) == nil)
        // Where no key has an id, newer keys cannot be asked for by one.
        #expect(alone.fault(try signers[1].token("{}", header: header)) == .signature)
        #expect(alone.keyIDs == [])

        let mixed = try JWTKeySet.load(jwks: [signers[0].jwk(), signers[1].jwk(["kid": "b"])])
        #expect(mixed.fault(try signers[0].token("{}", header: header)) == nil)
        #expect(mixed.fault(try signers[1].token("{}", header: header)) == .unknownKey("new"))
        #expect(mixed.fault(try signers[2].token("{}", header: header)) == .unknownKey("new"))
        #expect(mixed.fault(try signers[1].token("{}")) == nil)
    }

    /// Bytes and secrets are two ways to the same.
    @Test("A token in plain memory")
    func plainMemory() throws {
        let signer = try Signer.make("ES256")
        let keys = try JWTKeySet.load(signer.jwk())
        let token = Array(try signer.token(#"{"sub":"a"}"#).utf8)
        let subject = try token.withUnsafeBytes { try keys.verify($0, rules: JWTRules(), now: 0).text("sub") }
        #expect(subject == "a")
        #expect(throws: JWTError.malformed(.parts)) {
            try keys.verify(UnsafeRawBufferPointer(start: nil, count: 0), rules: JWTRules(), now: 0)
        }
    }
}
