import JWTKit
import Text

/// An issuer of tokens: signs with jwt-kit, and knows its verification key as a JWK.
struct Signer: Sendable {
    static let names = [
        "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512",
        "EdDSA",
    ]

    let name: String
    /// The members of the JWK, without kid.
    private let members: [String: String]
    let algorithm: any JWTAlgorithm

    private init(_ name: String, _ members: [String: String], _ keys: JWTKeyCollection) async throws {
        self.name = name
        self.members = members
        algorithm = try await keys.getKey()
    }

    /// A signer for `name` with a key of its own, except that all of RSA share the key of RFC 7520 §3.4.
    static func make(_ name: String) async throws -> Signer {
        let keys = JWTKeyCollection()
        let hash: DigestAlgorithm = name.hasSuffix("256") ? .sha256 : name.hasSuffix("384") ? .sha384 : .sha512
        switch name.prefix(2) {
        case "HS": return try await hmac(name, secret: Array(UInt8.min...63))
        case "RS", "PS":
            typealias Key = JOSEVectors.RSA
            let key = try Insecure.RSA.PrivateKey(
                modulus: Key.n, exponent: Key.e, privateExponent: Key.d, prime1: Key.p, prime2: Key.q)
            if name.hasPrefix("RS") {
                await keys.add(rsa: key, digestAlgorithm: hash)
            } else {
                await keys.add(pss: key, digestAlgorithm: hash)
            }
            return try await Signer(name, ["kty": "RSA", "n": Key.n, "e": Key.e], keys)
        case "ES":
            switch name {
            case "ES256": return try await ellipticCurve(name, "P-256", ES256PrivateKey())
            case "ES384": return try await ellipticCurve(name, "P-384", ES384PrivateKey())
            default: return try await ellipticCurve(name, "P-521", ES512PrivateKey())
            }
        default:
            let key = try EdDSA.PrivateKey()
            await keys.add(eddsa: key)
            let x = base64URL(Array(key.publicKey.rawRepresentation))
            return try await Signer(name, ["kty": "OKP", "crv": "Ed25519", "x": x], keys)
        }
    }

    /// `HS256`, `HS384` or `HS512` with any secret.
    static func hmac(_ name: String, secret: [UInt8]) async throws -> Signer {
        let hash: DigestAlgorithm = name == "HS256" ? .sha256 : name == "HS384" ? .sha384 : .sha512
        let keys = JWTKeyCollection()
        await keys.add(hmac: HMACKey(from: secret), digestAlgorithm: hash)
        return try await Signer(name, ["kty": "oct", "k": base64URL(secret)], keys)
    }

    private static func ellipticCurve<Curve>(
        _ name: String, _ curve: String, _ key: ECDSA.PrivateKey<Curve>
    ) async throws -> Signer {
        let keys = JWTKeyCollection()
        await keys.add(ecdsa: key)
        var members = ["kty": "EC", "crv": curve]
        // The library gives the coordinates in plain base64.
        for (name, value) in [("x", key.parameters?.x), ("y", key.parameters?.y)] {
            members[name] = value.map {
                $0.replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
            }
        }
        return try await Signer(name, members, keys)
    }

    /// The JWK, with further members.
    func jwk(_ further: [String: String] = [:]) -> String {
        let all = members.merging(further) { $1 }.sorted { $0.key < $1.key }
        return "{\(all.map { "\"\($0)\":\"\($1)\"" }.joined(separator: ","))}"
    }

    /// A token with this payload and header, signed over whatever they are. The default header has `alg` and nothing else.
    func token(_ payload: String, header: String? = nil) throws -> String {
        let header = header ?? #"{"alg":"\#(name)"}"#
        return try signed("\(base64URL(Array(header.utf8))).\(base64URL(Array(payload.utf8)))")
    }

    /// `input`, a dot, and the signature.
    func signed(_ input: String) throws -> String {
        "\(input).\(base64URL(try algorithm.sign(Array(input.utf8))))"
    }
}

/// Base64url without padding (RFC 7515 §2).
func base64URL(_ bytes: [UInt8]) -> String { Base64URL.encode(bytes.span) }
