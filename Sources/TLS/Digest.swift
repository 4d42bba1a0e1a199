import COpenSSL

/// Digests and random bytes of OpenSSL.
package enum Digest {
    /// Puts the SHA-1 of `bytes` into `digest`, which has 20 bytes; for Sec-WebSocket-Accept alone (RFC 6455 §4.2.2).
    package static func sha1(_ bytes: UnsafeRawBufferPointer, into digest: UnsafeMutableRawBufferPointer) {
        guard digest.count >= Int(SHA_DIGEST_LENGTH) else { return }
        _ = EVP_Digest(
            bytes.baseAddress, bytes.count, digest.baseAddress?.assumingMemoryBound(to: UInt8.self), nil, sha1, nil)
    }

    /// Looked up once: `SHA1` does so at each call. It lives as long as the process.
    nonisolated(unsafe) private static let sha1 = EVP_MD_fetch(nil, "SHA1", nil)

    /// SHA-256.
    package static func sha256(_ bytes: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        _ = SHA256(bytes, bytes.count, &digest)
        return digest
    }

    /// Eight random bytes.
    package static func randomWord() -> UInt64 {
        var word: UInt64 = 0
        _ = withUnsafeMutableBytes(of: &word) {
            RAND_bytes($0.baseAddress?.assumingMemoryBound(to: UInt8.self), Int32($0.count))
        }
        return word
    }
}
