import Access
import Testing
import Text

/// Every algorithm with its own key, and with no other.
@Suite struct JWTAlgorithmTests {
    @Test("RFC 7518 §3.1, RFC 8037 §3.1: what OpenSSL signs is accepted", arguments: Signer.names)
    func roundTrip(name: String) throws {
        let signer = try Signer.make(name)
        let keys = try JWTKeySet.load(signer.jwk(["kid": "one", "alg": name, "use": "sig"]))
        let header = #"{"typ":"JWT","alg":"\#(name)","kid":"one"}"#
        let verified = try keys.verify(
            Secret(signer.token(#"{"sub":"sensor-7"}"#, header: header)), rules: JWTRules(), now: 0)
        #expect(verified.text("sub") == "sensor-7")
        #expect(verified.expiresAt == nil)
    }

    @Test("A token of one key is not accepted by another key of the same kind", arguments: Signer.names)
    func otherKey(name: String) throws {
        let token = try Signer.make(name).token("{}")
        let other =
            switch name.prefix(2) {
            case "HS": Signer.hmac(name, secret: Array(repeating: 7, count: 64)).jwk()
            case "RS", "PS": JOSEVectors.a2Key
            default: try Signer.make(name).jwk()
            }
        #expect(try JWTKeySet.load(other).fault(token) == .signature)
    }

    /// The signature is good for what `alg` was; only the name in the header is another, and it is signed.
    @Test("RFC 8725 §3.1: alg that is not of the key's kind is refused", arguments: Signer.names)
    func otherAlgorithm(name: String) throws {
        let signer = try Signer.make(name)
        let keys = try JWTKeySet.load(signer.jwk())
        for other in Signer.names where other != name {
            let fault = keys.fault(try signer.token("{}", header: #"{"alg":"\#(other)"}"#))
            let family = name.prefix(2) == "PS" ? "RS" : name.prefix(2)
            let otherFamily = other.prefix(2) == "PS" ? "RS" : other.prefix(2)
            let isSameKind = family == otherFamily && family != "ES"
            #expect(fault == (isSameKind ? .signature : .algorithm(.notOfKey)), "\(name) as \(other)")
        }
    }

    @Test("RFC 7517 §4.4: alg of the key narrows it to that one", arguments: ["RS256", "PS256", "HS256"])
    func narrowed(name: String) throws {
        let signer = try Signer.make(name)
        let other = name == "RS256" ? "RS512" : name == "PS256" ? "RS256" : "HS512"
        #expect(try JWTKeySet.load(signer.jwk(["alg": name])).fault(signer.token("{}")) == nil)
        #expect(
            try JWTKeySet.load(signer.jwk(["alg": other])).fault(signer.token("{}")) == .algorithm(.notOfKey))
    }

    @Test("RFC 9864 §2.2: Ed25519 is the same as EdDSA, in the token and in the key", arguments: ["EdDSA", "Ed25519"])
    func ed25519(name: String) throws {
        let signer = try Signer.make("EdDSA")
        for key in ["EdDSA", "Ed25519"] {
            let keys = try JWTKeySet.load(signer.jwk(["alg": key]))
            #expect(keys.fault(try signer.token("{}", header: #"{"alg":"\#(name)"}"#)) == nil)
        }
    }

    /// Everything an attacker could take for the bytes of a public key.
    @Test("RFC 8725 §2.1: a public key is never the secret of an HMAC", arguments: ["HS256", "HS384", "HS512"])
    func confusion(name: String) throws {
        let pem = PEMFixtures.rsa + "\n"
        let body = pem.split(separator: "\n").dropFirst().dropLast().joined()
        let url = body.replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
        let der = try #require(Base64URL.decode(Array(url.utf8)))
        let modulus = try #require(Base64URL.decode(Array(JOSEVectors.RSA.n.utf8)))
        let secrets = [
            Array(pem.utf8), Array(PEMFixtures.rsa.utf8), der, Array(body.utf8), modulus,
            Array(JOSEVectors.RSA.n.utf8), Array(JOSEVectors.RSA.key.utf8), Array(PEMFixtures.p256.utf8),
        ]
        let pemKeys = try JWTKeySet.load(pem + PEMFixtures.p256)
        let jwkKeys = try JWTKeySet.load(JOSEVectors.RSA.key)
        for secret in secrets {
            let forger = Signer.hmac(name, secret: secret)
            let named = #"{"alg":"\#(name)","kid":"\#(JOSEVectors.RSA.id)"}"#
            #expect(pemKeys.fault(try forger.token("{}")) == .algorithm(.notOfKey))
            #expect(jwkKeys.fault(try forger.token("{}")) == .algorithm(.notOfKey))
            #expect(jwkKeys.fault(try forger.token("{}", header: named)) == .algorithm(.notOfKey))
        }
    }

    @Test("RFC 7518 §3.4: zero, short, long and DER signatures are wrong", arguments: [0, 1, 63, 64, 65, 96, 132])
    func shapeOfSignature(count: Int) throws {
        for name in Signer.names {
            let signer = try Signer.make(name)
            let input = try signer.token("{}").split(separator: ".").dropLast().joined(separator: ".")
            let fault = try JWTKeySet.load(signer.jwk())
                .fault("\(input).\(base64URL(Array(repeating: 0, count: count)))")
            #expect(fault == .signature, "\(name)")
        }
    }
}
