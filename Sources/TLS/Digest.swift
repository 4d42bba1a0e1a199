import COpenSSL

/// Digests and random bytes of OpenSSL.
package enum Digest {
    /// SHA-1, for Sec-WebSocket-Accept alone (RFC 6455 §4.2.2).
    package static func sha1(_ bytes: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 20)
        _ = SHA1(bytes, bytes.count, &digest)
        return digest
    }

    /// SHA-256.
    static func sha256(_ bytes: [UInt8]) -> [UInt8] {
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
