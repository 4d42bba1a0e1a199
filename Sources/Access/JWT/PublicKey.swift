import COpenSSL

/// A public key as OpenSSL holds it, of a kind that tokens are signed with. Verifies on any thread, on several at once.
final class PublicKey: Sendable {
    enum Kind: Sendable { case rsa, p256, p384, p521, ed25519 }

    let kind: Kind
    // OpenSSL guards what verifying changes in a key.
    private nonisolated(unsafe) let handle: OpaquePointer

    /// Takes the key over. Nil: no key, or of another kind, or an RSA key that must not be used.
    private init?(_ handle: OpaquePointer?) {
        defer { ERR_clear_error() }
        guard let handle else { return nil }
        guard let kind = Self.kind(handle) else {
            EVP_PKEY_free(handle)
            return nil
        }
        (self.handle, self.kind) = (handle, kind)
    }

    deinit { EVP_PKEY_free(handle) }

    /// Whether `signature`, in the form of RFC 7518 §3 or RFC 8037 §3.1, is of this key over `input`.
    func verifies(_ signature: [UInt8], of input: UnsafeRawBufferPointer, by algorithm: SignatureAlgorithm) -> Bool {
        // Whoever looks at this thread's errors next is a TLS connection.
        defer { ERR_clear_error() }
        guard let signature = opensslForm(signature), let context = EVP_MD_CTX_new() else { return false }
        defer { EVP_MD_CTX_free(context) }
        var parameters: OpaquePointer?  // the context's
        // Ed25519 hashes for itself.
        let hash = kind == .ed25519 ? nil : algorithm.hash
        guard EVP_DigestVerifyInit(context, &parameters, hash, nil, handle) == 1 else { return false }
        if algorithm.isPSS {
            // RFC 7518 §3.5: the salt is as long as the hash.
            guard EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING) == 1,
                EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, RSA_PSS_SALTLEN_DIGEST) == 1
            else { return false }
        }
        return EVP_DigestVerify(
            context, signature, signature.count, input.baseAddress?.assumingMemoryBound(to: UInt8.self), input.count)
            == 1
    }

    /// RFC 7518 §3.4: with ECDSA both numbers in full length, one after the other; OpenSSL wants them in DER.
    private func opensslForm(_ signature: [UInt8]) -> [UInt8]? {
        let length: Int
        switch kind {
        case .rsa, .ed25519: return signature
        case .p256: length = 32
        case .p384: length = 48
        case .p521: length = 66
        }
        guard signature.count == 2 * length else { return nil }
        return DER.sequence(DER.integer(signature[..<length]), DER.integer(signature[length...]))
    }
}

// MARK: Keys from bytes

extension PublicKey {
    /// SubjectPublicKeyInfo (RFC 5280 §4.1).
    convenience init?(_ info: [UInt8]) {
        self.init(Self.whole(info, EVP_PKEY_free) { d2i_PUBKEY(nil, $0, $1) })
    }

    /// RSAPublicKey of PKCS #1 (RFC 8017 appendix A.1.1).
    convenience init?(pkcs1 bytes: [UInt8]) {
        self.init(Self.whole(bytes, EVP_PKEY_free) { d2i_PublicKey(EVP_PKEY_RSA, nil, $0, $1) })
    }

    /// Unsigned big-endian numbers.
    convenience init?(modulus: [UInt8], exponent: [UInt8]) {
        self.init(pkcs1: DER.sequence(DER.integer(modulus), DER.integer(exponent)))
    }

    /// A point, by both coordinates in full length (RFC 5480 §2). `curve`: the encoded identifier.
    convenience init?(curve: [UInt8], x: [UInt8], y: [UInt8]) {
        let ecPublicKey: [UInt8] = [0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01]
        self.init(
            DER.sequence(
                DER.sequence(DER.objectIdentifier(ecPublicKey), DER.objectIdentifier(curve)),
                DER.bitString([4] + x + y)))
    }

    /// The 32 bytes of RFC 8032 §5.1.5.
    convenience init?(ed25519 bytes: [UInt8]) {
        self.init(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, bytes, bytes.count))
    }

    /// The key of a certificate (RFC 5280 §4.1).
    convenience init?(certificate: [UInt8]) {
        guard let certificate = Self.whole(certificate, X509_free, { d2i_X509(nil, $0, $1) }) else {
            ERR_clear_error()
            return nil
        }
        defer { X509_free(certificate) }
        self.init(X509_get_pubkey(certificate))
    }

    /// What `decode` makes of all of `bytes`. Bytes that are left over have no place in a key: then what was made is freed.
    private static func whole(
        _ bytes: [UInt8], _ free: (OpaquePointer?) -> Void,
        _ decode: (UnsafeMutablePointer<UnsafePointer<UInt8>?>, Int) -> OpaquePointer?
    ) -> OpaquePointer? {
        bytes.withUnsafeBufferPointer { bytes in
            var rest = bytes.baseAddress
            let value = decode(&rest, bytes.count)
            if rest == bytes.baseAddress?.advanced(by: bytes.count) { return value }
            free(value)
            return nil
        }
    }
}

// MARK: What is accepted

extension PublicKey {
    private static func kind(_ key: OpaquePointer) -> Kind? {
        switch EVP_PKEY_get_base_id(key) {
        case EVP_PKEY_RSA: isGoodRSA(key) ? .rsa : nil
        case EVP_PKEY_ED25519: .ed25519
        case EVP_PKEY_EC: curve(key)
        default: nil
        }
    }

    /// At least 2048 bits (RFC 7518 §3.3), at most what the library takes; the exponent odd, above one, and small:
    /// verifying happens on event loops.
    private static func isGoodRSA(_ key: OpaquePointer) -> Bool {
        var modulus: OpaquePointer?
        var exponent: OpaquePointer?
        defer {
            BN_free(modulus)
            BN_free(exponent)
        }
        guard EVP_PKEY_get_bn_param(key, "n", &modulus) == 1, EVP_PKEY_get_bn_param(key, "e", &exponent) == 1 else {
            return false
        }
        return (2048...8192).contains(BN_num_bits(modulus)) && BN_is_odd(modulus) == 1
            && (2...33).contains(BN_num_bits(exponent)) && BN_is_odd(exponent) == 1
    }

    /// Nil also for a curve that is described rather than named (RFC 5480 §2.1.1).
    private static func curve(_ key: OpaquePointer) -> Kind? {
        var isDescribed: Int32 = 1
        guard EVP_PKEY_get_int_param(key, "decoded-from-explicit", &isDescribed) == 1, isDescribed == 0 else {
            return nil
        }
        var name = [CChar](repeating: 0, count: 64)
        var count = 0
        guard EVP_PKEY_get_group_name(key, &name, name.count, &count) == 1, (1..<name.count).contains(count) else {
            return nil
        }
        return switch String(decoding: name[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self) {
        case "prime256v1": .p256
        case "secp384r1": .p384
        case "secp521r1": .p521
        default: nil
        }
    }
}
