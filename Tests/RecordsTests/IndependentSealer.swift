import COpenSSL
import Records
import Testing

/// Seals whatever it is told to, as no client does: keys by OpenSSL's own HKDF, every record with a context of its own.
final class IndependentSealer {
    private let suite: CipherSuite
    private var secret: [UInt8]
    private var key: [UInt8] = []
    private var vector: [UInt8] = []
    var sequence: UInt64 = 0

    init(_ suite: CipherSuite, secret: [UInt8]) throws {
        self.suite = suite
        self.secret = secret
        try derive()
    }

    /// RFC 8446 §7.2.
    func updateKeys() throws {
        secret = try expand("traffic upd", suite.secretLength)
        sequence = 0
        try derive()
    }

    private func derive() throws {
        key = try expand("key", suite.keyLength)
        vector = try expand("iv", 12)
    }

    /// HKDF-Expand-Label (RFC 8446 §7.1) by OpenSSL's HKDF.
    private func expand(_ label: String, _ count: Int) throws -> [UInt8] {
        let name = Array("tls13 \(label)".utf8)
        let info = [0, UInt8(count), UInt8(name.count)] + name + [0]
        let context = EVP_PKEY_CTX_new_id(EVP_PKEY_HKDF, nil)
        defer { EVP_PKEY_CTX_free(context) }
        var result = [UInt8](repeating: 0, count: count)
        var length = count
        try #require(
            EVP_PKEY_derive_init(context) == 1
                && EVP_PKEY_CTX_set_hkdf_mode(context, Int32(EVP_PKEY_HKDEF_MODE_EXPAND_ONLY)) == 1
                && EVP_PKEY_CTX_set_hkdf_md(context, suite == .aes256GCM ? EVP_sha384() : EVP_sha256()) == 1
                && EVP_PKEY_CTX_set1_hkdf_key(context, secret, Int32(secret.count)) == 1
                && EVP_PKEY_CTX_add1_hkdf_info(context, info, Int32(info.count)) == 1
                && EVP_PKEY_derive(context, &result, &length) == 1 && length == count)
        return result
    }

    /// A record of this content and type, padded.
    func seal(_ type: UInt8, _ content: [UInt8], padding: Int = 0) -> [UInt8] {
        seal(inner: content + [type] + [UInt8](repeating: 0, count: padding))
    }

    /// A record of any TLSInnerPlaintext (RFC 8446 §5.2).
    func seal(inner: [UInt8], type: UInt8 = 23) -> [UInt8] {
        let length = inner.count + 16
        let head: [UInt8] = [type, 3, 3, UInt8(truncatingIfNeeded: length >> 8), UInt8(truncatingIfNeeded: length)]
        var nonce = vector
        for index in 0..<8 { nonce[4 + index] ^= UInt8(truncatingIfNeeded: sequence >> UInt64(8 * (7 - index))) }
        sequence += 1
        let cipher =
            switch suite {
            case .aes128GCM: EVP_aes_128_gcm()
            case .aes256GCM: EVP_aes_256_gcm()
            case .chacha20Poly1305: EVP_chacha20_poly1305()
            }
        let context = EVP_CIPHER_CTX_new()
        defer { EVP_CIPHER_CTX_free(context) }
        var sealed = [UInt8](repeating: 0, count: inner.count)
        var tag = [UInt8](repeating: 0, count: 16)
        var made: Int32 = 0
        EVP_EncryptInit_ex(context, cipher, nil, key, nonce)
        EVP_EncryptUpdate(context, nil, &made, head, 5)
        if !inner.isEmpty { EVP_EncryptUpdate(context, &sealed, &made, inner, Int32(inner.count)) }
        EVP_EncryptFinal_ex(context, &tag, &made)
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, &tag)
        return head + sealed + tag
    }
}
