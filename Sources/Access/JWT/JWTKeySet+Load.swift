import Text

extension JWTKeySet {
    /// Keys from a JSON Web Key Set or a single key (RFC 7517), or from PEM: one or more blocks of a public key or a
    /// certificate, never of a private key. What cannot be used is left out and listed in `skipped`.
    ///
    /// Takes up to some milliseconds, so it is not for an event loop. `name` is the file or URL, for the error.
    package static func load(_ bytes: [UInt8], name: String) throws(JWTKeyError) -> JWTKeySet {
        func failure(_ kind: JWTKeyError.Kind) -> JWTKeyError { JWTKeyError(name: name, kind: kind) }

        guard bytes.count <= largestFile else { throw failure(.tooLarge) }
        let found: [FoundKey]
        if bytes.first(where: { !isSpace($0) }) == UInt8(ascii: "{") {
            guard let members = try? JSONParser.parse(bytes).members else { throw failure(.json) }
            guard let keys = FoundKey.jwks(members) else { throw failure(.notKeys) }
            found = keys
        } else {
            let blocks = PEMBlock.all(in: String(decoding: bytes, as: UTF8.self))
            guard !blocks.isEmpty else { throw failure(.unknownFormat) }
            guard !blocks.contains(where: \.isPrivate) else { throw failure(.privateKey) }
            found = blocks.map { FoundKey($0) }
        }
        let set = JWTKeySet(found)
        guard !set.isEmpty else { throw failure(.noUsableKey(set.skipped)) }
        return set
    }

    private init(_ found: [FoundKey]) {
        var keys: [JWTKey] = []
        var skipped: [JWTSkippedKey] = []
        for (place, found) in found.enumerated() {
            switch found.result {
            case .success(let key): keys.append(key)
            case .failure(let fault):
                skipped.append(JWTSkippedKey(name: found.id ?? "#\(place + 1)", reason: fault.rawValue))
            }
        }
        self.init(keys, skipped: skipped)
    }
}

/// One key of a file: ready, or why not.
struct FoundKey {
    let id: String?
    let result: Result<JWTKey, KeyFault>
}

/// Why a key is not used.
enum KeyFault: String, Error {
    case notObject = "not a JSON object"
    case member = "a member has the wrong type"
    case use = "its use is not sig"
    case operations = "its key_ops does not have verify"
    case algorithm = "its alg is not a signature algorithm of its key type"
    case type = "unknown kty"
    case curve = "unknown crv"
    case encoding = "a member is missing, or is not base64url of the right length"
    case value = "not a valid key"
    case smallRSA = "RSA below 2048 bits"
    case shortSecret = "a secret shorter than the hash"
    case block = "not a public key or certificate"
    case certificate = "not a certificate of an RSA or EC key"
}

private func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
