internal import JWTKit
import Text

extension FoundKey {
    /// The keys of a JWK Set (RFC 7517 §5) or of a single JWK; nil if it is neither.
    static func jwks(_ members: [String: JSONValue]) -> [FoundKey]? {
        if case .array(let keys)? = members["keys"] { return keys.map { FoundKey($0) } }
        return members["kty"] != nil ? [FoundKey(.object(members))] : nil
    }

    /// RFC 7517 §4.
    init(_ value: JSONValue) {
        id = value.members?["kid"]?.text
        do throws(KeyFault) {
            guard let members = value.members else { throw .notObject }
            result = .success(try Self.key(JWKMembers(members)))
        } catch {
            result = .failure(error)
        }
    }

    private static func key(_ jwk: JWKMembers) throws(KeyFault) -> JWTKey {
        let id = try jwk.text("kid")
        if let use = try jwk.text("use"), use != "sig" { throw .use }  // RFC 7517 §4.2
        guard try jwk.allowsVerify else { throw .operations }
        let material = try KeyMaterial(jwk)
        let name = try jwk.text("alg")
        let only = name.flatMap { SignatureAlgorithm(name: $0) }
        guard name == nil || only != nil else { throw .algorithm }
        if case .secret = material, let only, [.hs256, .hs384, .hs512].contains(only),
            !material.algorithms.contains(only)
        {
            throw .shortSecret
        }
        guard let key = JWTKey(material, id: id, only: only) else { throw .algorithm }
        return key
    }
}

/// The members of a JWK, read with their types.
private struct JWKMembers {
    private let members: [String: JSONValue]

    init(_ members: [String: JSONValue]) { self.members = members }

    /// Nil if it is not there.
    func text(_ name: String) throws(KeyFault) -> String? {
        guard let value = members[name] else { return nil }
        guard let text = value.text else { throw .member }
        return text
    }

    /// RFC 7517 §4.3.
    var allowsVerify: Bool {
        get throws(KeyFault) {
            guard let value = members["key_ops"] else { return true }
            guard case .array(let operations) = value else { throw .member }
            return operations.contains(.string("verify"))
        }
    }

    /// A member in base64url as it is, and its octets. `count`: how many they must be; nil: one at least.
    func base64URL(_ name: String, count: Int? = nil) throws(KeyFault) -> (text: String, octets: [UInt8]) {
        guard let text = try text(name), let octets = Base64URL.decode(Array(text.utf8)), !octets.isEmpty,
            count == nil || octets.count == count
        else { throw .encoding }
        return (text, octets)
    }
}

extension KeyMaterial {
    /// RFC 7518 §6, RFC 8037 §2. Of a private JWK the public part is used.
    fileprivate init(_ jwk: JWKMembers) throws(KeyFault) {
        switch try jwk.text("kty") {
        case "EC": self = try .ellipticCurve(jwk)
        case "RSA":
            let modulus = try jwk.base64URL("n")
            let exponent = try jwk.base64URL("e")
            guard bitCount(modulus.octets) >= 2048 else { throw .smallRSA }  // RFC 7518 §3.3
            guard let key = try? Insecure.RSA.PublicKey(modulus: modulus.text, exponent: exponent.text) else {
                throw .value
            }
            self = .rsa(key)
        case "OKP":
            guard try jwk.text("crv") == "Ed25519" else { throw .curve }
            guard let key = try? EdDSA.PublicKey(x: jwk.base64URL("x", count: 32).text, curve: .ed25519) else {
                throw .encoding
            }
            self = .ed25519(key)
        case "oct":
            let octets = try jwk.base64URL("k").octets
            guard octets.count >= 32 else { throw .shortSecret }  // RFC 7518 §3.2
            self = .secret(octets)
        default: throw .type
        }
    }

    /// RFC 7518 §6.2.1: coordinates have the full length of the curve.
    private static func ellipticCurve(_ jwk: JWKMembers) throws(KeyFault) -> KeyMaterial {
        func point(_ count: Int) throws(KeyFault) -> ECDSAParameters {
            (try jwk.base64URL("x", count: count).text, try jwk.base64URL("y", count: count).text)
        }

        switch try jwk.text("crv") {
        case "P-256":
            let point = try point(32)
            if let key = try? ES256PublicKey(parameters: point) { return .p256(key) }
        case "P-384":
            let point = try point(48)
            if let key = try? ES384PublicKey(parameters: point) { return .p384(key) }
        case "P-521":
            let point = try point(66)
            if let key = try? ES512PublicKey(parameters: point) { return .p521(key) }
        default: throw .curve
        }
        throw .value
    }
}

/// The length of an unsigned big-endian number, in bits.
private func bitCount(_ octets: [UInt8]) -> Int {
    let significant = octets.drop { $0 == 0 }
    guard let first = significant.first else { return 0 }
    return significant.count * 8 - first.leadingZeroBitCount
}
