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

    /// The octets of a member in base64url. `count`: how many they must be; nil: one at least.
    func octets(_ name: String, count: Int? = nil) throws(KeyFault) -> [UInt8] {
        guard let text = try text(name), let octets = Base64URL.decode(Array(text.utf8)), !octets.isEmpty,
            count == nil || octets.count == count
        else { throw .encoding }
        return octets
    }
}

extension KeyMaterial {
    /// RFC 7518 §6, RFC 8037 §2. Of a private JWK the public part is used.
    fileprivate init(_ jwk: JWKMembers) throws(KeyFault) {
        let key: PublicKey?
        switch try jwk.text("kty") {
        case "EC": key = try Self.ellipticCurve(jwk)
        case "RSA":
            let (modulus, exponent) = (try jwk.octets("n"), try jwk.octets("e"))
            guard bitCount(modulus) >= 2048 else { throw .smallRSA }  // RFC 7518 §3.3
            key = PublicKey(modulus: modulus, exponent: exponent)
        case "OKP":
            guard try jwk.text("crv") == "Ed25519" else { throw .curve }
            key = PublicKey(ed25519: try jwk.octets("x", count: 32))
        case "oct":
            let secret = try jwk.octets("k")
            guard secret.count >= 32 else { throw .shortSecret }  // RFC 7518 §3.2
            self = .secret(secret)
            return
        default: throw .type
        }
        guard let key else { throw .value }
        self = .publicKey(key)
    }

    /// RFC 7518 §6.2.1: coordinates have the full length of the curve.
    private static func ellipticCurve(_ jwk: JWKMembers) throws(KeyFault) -> PublicKey? {
        // The identifiers of RFC 5480 §2.1.1.1.
        let (identifier, length): ([UInt8], Int) =
            switch try jwk.text("crv") {
            case "P-256": ([0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07], 32)
            case "P-384": ([0x2B, 0x81, 0x04, 0x00, 0x22], 48)
            case "P-521": ([0x2B, 0x81, 0x04, 0x00, 0x23], 66)
            default: throw .curve
            }
        return PublicKey(
            curve: identifier, x: try jwk.octets("x", count: length), y: try jwk.octets("y", count: length))
    }
}

/// The length of an unsigned big-endian number, in bits.
private func bitCount(_ octets: [UInt8]) -> Int {
    let significant = octets.drop { $0 == 0 }
    guard let first = significant.first else { return 0 }
    return significant.count * 8 - first.leadingZeroBitCount
}
