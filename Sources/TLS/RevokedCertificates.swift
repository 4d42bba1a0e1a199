import COpenSSL

/// Which certificate of which authority: what a revocation list names one by (RFC 5280 §5.1.2.6), as a digest of 16 bytes.
package struct CertificateNumber: Sendable, Hashable {
    private let high: UInt64
    private let low: UInt64

    /// nil: OpenSSL cannot encode one of them.
    fileprivate init?(issuer: OpaquePointer?, serial: UnsafePointer<ASN1_INTEGER>?) {
        guard let issuer, let serial else { return nil }
        var digest = [UInt8](repeating: 0, count: 32)
        guard X509_NAME_digest(issuer, EVP_sha256(), &digest, nil) == 1 else { return nil }
        digest += Array(CertificateText.serial(serial).utf8)
        var result = [UInt8](repeating: 0, count: 32)
        guard EVP_Digest(digest, digest.count, &result, nil, EVP_sha256(), nil) == 1 else { return nil }
        (high, low) = result.withUnsafeBytes { ($0.load(as: UInt64.self), $0.load(fromByteOffset: 8, as: UInt64.self)) }
    }

    /// Of an X509.
    init?(_ certificate: OpaquePointer) {
        self.init(issuer: X509_get_issuer_name(certificate), serial: X509_get0_serialNumber(certificate))
    }
}

/// The client certificates that the revocation lists of a configuration name, for sessions that are open already: OpenSSL looks
/// at the lists in a handshake only.
package struct RevokedCertificates: Sendable {
    private var numbers: Set<CertificateNumber> = []

    package init() {}

    package var isEmpty: Bool { numbers.isEmpty }

    package func contains(_ number: CertificateNumber) -> Bool { numbers.contains(number) }

    /// Adds what the lists of a context name.
    package mutating func add(_ context: TLSContext) {
        let objects = X509_STORE_get0_objects(SSL_CTX_get_cert_store(context.handle))
        for index in 0..<max(OPENSSL_sk_num(objects), 0) {
            let object = OPENSSL_sk_value(objects, index).map { OpaquePointer($0) }
            guard let list = X509_OBJECT_get0_X509_CRL(object) else { continue }
            let entries = X509_CRL_get_REVOKED(list)
            for entry in 0..<max(OPENSSL_sk_num(entries), 0) {
                let revoked = OPENSSL_sk_value(entries, entry).map { OpaquePointer($0) }
                guard
                    let number = CertificateNumber(
                        issuer: X509_CRL_get_issuer(list), serial: X509_REVOKED_get0_serialNumber(revoked))
                else { continue }
                numbers.insert(number)
            }
        }
        ERR_clear_error()
    }
}
