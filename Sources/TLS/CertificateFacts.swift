import COpenSSL

/// What a server's certificate says. Any text can be empty: what is no proper text, or too long, is left out.
package struct CertificateFacts: Sendable, Equatable {
    /// The file that it was loaded from, as configured.
    package var file: String
    /// As RFC 2253 writes it, with all but ASCII escaped: "CN=a,O=b".
    package var subject: String
    package var issuer: String
    /// DNS names of the subjectAltName (RFC 5280 §4.2.1.6), as written there.
    package var names: [String]
    /// Upper-case hex, two digits a byte.
    package var serial: String
    /// Kind and bits of the key: "EC 256", "RSA 2048".
    package var key: String
    /// Between these the certificate is valid, in milliseconds since 1970-01-01 UTC; 0 when it cannot be read.
    package var notBefore: Int64
    package var notAfter: Int64

    package init(
        file: String = "", subject: String = "", issuer: String = "", names: [String] = [], serial: String = "",
        key: String = "", notBefore: Int64 = 0, notAfter: Int64 = 0
    ) {
        self.file = file
        self.subject = subject
        self.issuer = issuer
        self.names = names
        self.serial = serial
        self.key = key
        self.notBefore = notBefore
        self.notAfter = notAfter
    }

    /// Reads an X509 that was loaded from `file`. Leaves nothing in OpenSSL's error queue.
    init(_ certificate: OpaquePointer, file: String) {
        let same = ClientCertificate(certificate)
        self.init(
            file: file, subject: same.subject,
            issuer: CertificateText.distinguishedName(X509_get_issuer_name(certificate)), names: same.dnsNames,
            serial: same.serial, key: Self.key(X509_get0_pubkey(certificate)),
            notBefore: CertificateText.milliseconds(X509_get0_notBefore(certificate)), notAfter: same.notAfter)
        ERR_clear_error()
    }

    private static func key(_ key: OpaquePointer?) -> String {
        guard let key, let name = EVP_PKEY_get0_type_name(key) else { return "" }
        return "\(String(cString: name)) \(EVP_PKEY_get_bits(key))"
    }
}
