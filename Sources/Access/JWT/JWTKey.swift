internal import JWTKit

/// One verification key, ready for use on any thread.
struct JWTKey: Sendable {
    /// The `kid` of a JWK. Keys from PEM have none.
    let id: String?
    private let verifiers: [SignatureAlgorithm: any JWTAlgorithm]

    /// Nil if the key fits no algorithm. `only`: the one that the key's owner allows (RFC 7517 §4.4).
    init?(_ material: KeyMaterial, id: String?, only: SignatureAlgorithm? = nil) {
        self.id = id
        var verifiers: [SignatureAlgorithm: any JWTAlgorithm] = [:]
        for algorithm in material.algorithms where only == nil || only == algorithm {
            verifiers[algorithm] = material.verifier(algorithm)
        }
        guard !verifiers.isEmpty else { return nil }
        self.verifiers = verifiers
    }

    func fits(_ algorithm: SignatureAlgorithm) -> Bool { verifiers[algorithm] != nil }

    /// Whether this key has signed `input`. The library compares HMACs in constant time.
    func verifies(_ signature: [UInt8], of input: UnsafeRawBufferPointer, by algorithm: SignatureAlgorithm) -> Bool {
        // An error means a signature of the wrong shape: just as wrong.
        (try? verifiers[algorithm]?.verify(signature, signs: input)) ?? false
    }
}
