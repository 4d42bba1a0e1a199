import COpenSSL

/// The cipher suites of TLS 1.3 whose records are sealed and opened here (RFC 8446 §B.4). Suites with CCM stay with OpenSSL.
package enum CipherSuite: UInt16, CaseIterable, Sendable {
    case aes128GCM = 0x1301
    case aes256GCM = 0x1302
    case chacha20Poly1305 = 0x1303

    /// As OpenSSL's providers name the cipher.
    var cipherName: String {
        switch self {
        case .aes128GCM: "AES-128-GCM"
        case .aes256GCM: "AES-256-GCM"
        case .chacha20Poly1305: "ChaCha20-Poly1305"
        }
    }

    /// Bytes of a key.
    package var keyLength: Int { self == .aes128GCM ? 16 : 32 }

    /// Bytes of a traffic secret, and of the hash that keys are derived with.
    package var secretLength: Int { self == .aes256GCM ? 48 : 32 }

    /// The hash that keys are derived with.
    var hash: OpaquePointer? { self == .aes256GCM ? EVP_sha384() : EVP_sha256() }

    /// Its place in a table of all.
    var index: Int { Int(rawValue & 3) - 1 }
}
