import COpenSSL

extension PasswordHash {
    /// Whether `password` is the one that was hashed. Takes milliseconds to seconds: never on an event loop.
    ///
    /// crypt(3) takes C strings: a password with a NUL, or longer than crypt(5) allows, matches no hash of crypt(5).
    package func verify(_ password: Secret) -> Bool {
        switch form {
        case .crypt(let text): Self.verify(password, crypt: text)
        case .pbkdf2(let iterations, let salt, let key): Self.verify(password, key, salt, iterations)
        }
    }

    private static func verify(_ password: Secret, crypt text: [UInt8]) -> Bool {
        Crypt.withHash(of: password, setting: text) { result in
            result.count == text.count && CRYPTO_memcmp(result.baseAddress, text, text.count) == 0
        } ?? false
    }

    /// PBKDF2 (RFC 8018 §5.2) with HMAC-SHA-512. Any bytes are a password; NULs at its end make no difference, as
    /// HMAC pads with them (RFC 2104 §2).
    private static func verify(_ password: Secret, _ key: [UInt8], _ salt: [UInt8], _ iterations: Int32) -> Bool {
        var made = [UInt8](repeating: 0, count: key.count)
        let isMade = password.withBytes { bytes in
            // Not nil even when empty: OpenSSL takes nil for a password of its own.
            withUnsafeTemporaryAllocation(byteCount: 1, alignment: 1) { empty in
                let start = bytes.baseAddress ?? UnsafeRawPointer(empty.baseAddress)
                return PKCS5_PBKDF2_HMAC(
                    start?.assumingMemoryBound(to: CChar.self), Int32(clamping: bytes.count), salt, Int32(salt.count),
                    iterations, EVP_sha512(), Int32(made.count), &made) == 1
            }
        }
        defer { OPENSSL_cleanse(&made, made.count) }
        return isMade && CRYPTO_memcmp(made, key, key.count) == 0
    }
}
