import COpenSSL
import Text

@testable import Access

/// An issuer of tokens: signs with OpenSSL, and knows its verification key as a JWK.
final class Signer: Sendable {
    static let names = [
        "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512",
        "EdDSA",
    ]

    enum Failure: Error { case key, signature }

    let name: String
    /// The members of the JWK, without kid.
    private let members: [String: String]
    private let secret: [UInt8]
    /// Nil: a secret it is. Read alone, after init.
    private nonisolated(unsafe) let key: OpaquePointer?

    private init(_ name: String, _ members: [String: String], secret: [UInt8] = [], key: OpaquePointer? = nil) {
        (self.name, self.members, self.secret, self.key) = (name, members, secret, key)
    }

    deinit { EVP_PKEY_free(key) }

    /// A signer for `name` with a key of its own, except that all of RSA share the key of RFC 7520 §3.4.
    static func make(_ name: String) throws -> Signer {
        switch name {
        case "HS256", "HS384", "HS512": hmac(name, secret: Array(UInt8.min...63))
        case "ES256": try ellipticCurve(name, "P-256")
        case "ES384": try ellipticCurve(name, "P-384")
        case "ES512": try ellipticCurve(name, "P-521")
        case "EdDSA": try ed25519()
        default: try rsa(name)
        }
    }

    /// `HS256`, `HS384` or `HS512` with any secret.
    static func hmac(_ name: String, secret: [UInt8]) -> Signer {
        Signer(name, ["kty": "oct", "k": base64URL(secret)], secret: secret)
    }

    private static func rsa(_ name: String) throws -> Signer {
        typealias Key = JOSEVectors.RSA
        let numbers = [Key.n, Key.e, Key.d, Key.p, Key.q, Key.dp, Key.dq, Key.qi].map {
            DER.integer(Base64URL.decode(Array($0.utf8)) ?? [])
        }
        let der = DER.sequence(DER.integer([0]), Array(numbers.joined()))  // RFC 8017 appendix A.1.2
        let key = der.withUnsafeBufferPointer { bytes in
            var start = bytes.baseAddress
            return d2i_PrivateKey(EVP_PKEY_RSA, nil, &start, bytes.count)
        }
        guard let key else { throw Failure.key }
        return Signer(name, ["kty": "RSA", "n": Key.n, "e": Key.e], key: key)
    }

    private static func ellipticCurve(_ name: String, _ curve: String) throws -> Signer {
        let key = try generated("EC") { EVP_PKEY_CTX_set_group_name($0, curve) }
        var point = [UInt8](repeating: 0, count: 133)
        var count = 0
        guard EVP_PKEY_get_octet_string_param(key, "pub", &point, point.count, &count) == 1 else { throw Failure.key }
        let coordinates = point[1..<count]
        let (x, y) = (coordinates.prefix(count / 2), coordinates.suffix(count / 2))
        return Signer(
            name, ["kty": "EC", "crv": curve, "x": base64URL(Array(x)), "y": base64URL(Array(y))], key: key)
    }

    private static func ed25519() throws -> Signer {
        let key = try generated("ED25519") { _ in 1 }
        var x = [UInt8](repeating: 0, count: 32)
        var count = x.count
        guard EVP_PKEY_get_raw_public_key(key, &x, &count) == 1 else { throw Failure.key }
        return Signer("EdDSA", ["kty": "OKP", "crv": "Ed25519", "x": base64URL(x)], key: key)
    }

    private static func generated(_ type: String, _ prepare: (OpaquePointer) -> Int32) throws -> OpaquePointer {
        guard let context = EVP_PKEY_CTX_new_from_name(nil, type, nil) else { throw Failure.key }
        defer { EVP_PKEY_CTX_free(context) }
        var key: OpaquePointer?
        guard EVP_PKEY_keygen_init(context) == 1, prepare(context) == 1, EVP_PKEY_generate(context, &key) == 1, let key
        else { throw Failure.key }
        return key
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
        "\(input).\(base64URL(try signature(Array(input.utf8))))"
    }

    private func signature(_ input: [UInt8]) throws -> [UInt8] {
        let hash =
            switch name.suffix(3) {
            case "256": EVP_sha256()
            case "384": EVP_sha384()
            default: EVP_sha512()
            }
        var signature = [UInt8](repeating: 0, count: 512)
        guard let key else {
            var count: UInt32 = 0
            _ = HMAC(hash, secret, Int32(secret.count), input, input.count, &signature, &count)
            return Array(signature.prefix(Int(count)))
        }
        guard let context = EVP_MD_CTX_new() else { throw Failure.signature }
        defer { EVP_MD_CTX_free(context) }
        var parameters: OpaquePointer?
        guard EVP_DigestSignInit(context, &parameters, name == "EdDSA" ? nil : hash, nil, key) == 1 else {
            throw Failure.signature
        }
        if name.hasPrefix("PS") {
            EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING)
            EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, RSA_PSS_SALTLEN_DIGEST)
        }
        var count = signature.count
        guard EVP_DigestSign(context, &signature, &count, input, input.count) == 1 else { throw Failure.signature }
        return name.hasPrefix("ES") ? try numbers(signature[..<count]) : Array(signature[..<count])
    }

    /// RFC 7518 §3.4: both numbers of an ECDSA signature, in full length.
    private func numbers(_ der: ArraySlice<UInt8>) throws -> [UInt8] {
        let length = name == "ES256" ? 32 : name == "ES384" ? 48 : 66
        let signature = der.withUnsafeBufferPointer { bytes in
            var start = bytes.baseAddress
            return d2i_ECDSA_SIG(nil, &start, bytes.count)
        }
        guard let signature else { throw Failure.signature }
        defer { ECDSA_SIG_free(signature) }
        var numbers = [UInt8](repeating: 0, count: 2 * length)
        numbers.withUnsafeMutableBufferPointer { numbers in
            BN_bn2binpad(ECDSA_SIG_get0_r(signature), numbers.baseAddress, Int32(length))
            BN_bn2binpad(ECDSA_SIG_get0_s(signature), numbers.baseAddress?.advanced(by: length), Int32(length))
        }
        return numbers
    }
}

/// Base64url without padding (RFC 7515 §2).
func base64URL(_ bytes: [UInt8]) -> String { Base64URL.encode(bytes.span) }
