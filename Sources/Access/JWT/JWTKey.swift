import COpenSSL

/// What a key is made of. It decides which algorithms the key can be used with: a public key has no way to become the
/// secret of an HMAC (RFC 8725 §3.1).
enum KeyMaterial: Sendable {
    case publicKey(PublicKey)
    case secret([UInt8])

    /// RFC 7518 §3.1, RFC 8037 §3.1. A secret fits the hashes that are no longer than itself (RFC 7518 §3.2).
    var algorithms: [SignatureAlgorithm] {
        switch self {
        case .publicKey(let key):
            switch key.kind {
            case .rsa: [.rs256, .rs384, .rs512, .ps256, .ps384, .ps512]
            case .p256: [.es256]
            case .p384: [.es384]
            case .p521: [.es512]
            case .ed25519: [.eddsa]
            }
        case .secret(let bytes):
            [(SignatureAlgorithm.hs256, 32), (.hs384, 48), (.hs512, 64)].filter { $1 <= bytes.count }.map(\.0)
        }
    }
}

/// One verification key, ready for use on any thread.
struct JWTKey: Sendable {
    /// The `kid` of a JWK. Keys from PEM have none.
    let id: String?
    private let material: KeyMaterial
    private let algorithms: [SignatureAlgorithm]

    /// Nil if the key fits no algorithm. `only`: the one that the key's owner allows (RFC 7517 §4.4).
    init?(_ material: KeyMaterial, id: String?, only: SignatureAlgorithm? = nil) {
        self.id = id
        self.material = material
        algorithms = material.algorithms.filter { only == nil || only == $0 }
        guard !algorithms.isEmpty else { return nil }
    }

    /// Whether tokens of `algorithm` may be verified with this key.
    func fits(_ algorithm: SignatureAlgorithm) -> Bool { algorithms.contains(algorithm) }

    /// Whether this key has signed `input`. HMACs are compared in constant time. An `algorithm` that does not fit, or a
    /// signature of the wrong shape, is just as wrong as any other.
    func verifies(_ signature: [UInt8], of input: UnsafeRawBufferPointer, by algorithm: SignatureAlgorithm) -> Bool {
        guard fits(algorithm) else { return false }
        return switch material {
        case .publicKey(let key): key.verifies(signature, of: input, by: algorithm)
        case .secret(let secret): Self.isHMAC(signature, of: input, secret, algorithm)
        }
    }

    /// RFC 7518 §3.2.
    private static func isHMAC(
        _ signature: [UInt8], of input: UnsafeRawBufferPointer, _ secret: [UInt8], _ algorithm: SignatureAlgorithm
    ) -> Bool {
        var made = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var count: UInt32 = 0
        guard
            HMAC(
                algorithm.hash, secret, Int32(clamping: secret.count),
                input.baseAddress?.assumingMemoryBound(to: UInt8.self), input.count, &made, &count) != nil
        else { return false }
        return signature.count == Int(count) && CRYPTO_memcmp(signature, made, signature.count) == 0
    }
}
