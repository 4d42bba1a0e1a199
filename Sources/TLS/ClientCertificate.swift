import COpenSSL
import Text

/// Who a client is by the certificate that it has proved to hold the key of. Any text can be empty: a certificate need
/// not have it, and what is no proper text, or longer than `CertificateText.limit`, is left out.
package struct ClientCertificate: Sendable, Equatable {
    /// How many names of a kind are taken.
    package static let nameLimit = 32

    /// The first CN of the subject, as Mosquitto and HAProxy take it.
    package var commonName: String
    /// The subject as RFC 2253 writes it, with all but ASCII escaped: "CN=a,O=b". It is nginx's $ssl_client_s_dn.
    package var subject: String
    /// The serial number in upper-case hex, two digits a byte: nginx's $ssl_client_serial.
    package var serial: String
    /// The SHA-256 of the whole certificate, lower-case hex.
    package var fingerprint: String
    /// DNS names and e-mail addresses of the subjectAltName (RFC 5280 §4.2.1.6), as written there.
    package var dnsNames: [String]
    package var emails: [String]
    /// The last moment at which the certificate is valid, in milliseconds since 1970. 0 when it cannot be read.
    package var notAfter: Int64
    /// What a revocation list would name it by; nil: not known.
    package var number: CertificateNumber?

    package init(
        commonName: String = "", subject: String = "", serial: String = "", fingerprint: String = "",
        dnsNames: [String] = [], emails: [String] = [], notAfter: Int64 = 0
    ) {
        self.commonName = commonName
        self.subject = subject
        self.serial = serial
        self.fingerprint = fingerprint
        self.dnsNames = dnsNames
        self.emails = emails
        self.notAfter = notAfter
    }

    /// Reads an X509. Leaves nothing in OpenSSL's error queue.
    init(_ certificate: OpaquePointer) {
        let name = X509_get_subject_name(certificate)
        commonName = Self.commonName(name)
        subject = CertificateText.distinguishedName(name)
        serial = CertificateText.serial(X509_get0_serialNumber(certificate))
        fingerprint = Self.fingerprint(certificate)
        (dnsNames, emails) = Self.alternativeNames(certificate)
        notAfter = CertificateText.milliseconds(X509_get0_notAfter(certificate))
        number = CertificateNumber(certificate)
        ERR_clear_error()
    }

    private static func commonName(_ name: OpaquePointer?) -> String {
        let index = X509_NAME_get_index_by_NID(name, NID_commonName, -1)
        guard index >= 0 else { return "" }
        return CertificateText.string(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, index))) ?? ""
    }

    private static func fingerprint(_ certificate: OpaquePointer) -> String {
        var digest = [UInt8](repeating: 0, count: 32)
        guard X509_digest(certificate, EVP_sha256(), &digest, nil) == 1 else { return "" }
        return Hexadecimal.encode(digest)
    }

    private static func alternativeNames(_ certificate: OpaquePointer) -> (dnsNames: [String], emails: [String]) {
        // nil, too, for a certificate with two such extensions, which RFC 5280 §4.2 forbids.
        guard let data = X509_get_ext_d2i(certificate, NID_subject_alt_name, nil, nil) else { return ([], []) }
        let names = OpaquePointer(data)
        defer { GENERAL_NAMES_free(names) }
        var (dnsNames, emails): ([String], [String]) = ([], [])
        for index in 0..<max(OPENSSL_sk_num(names), 0) {
            guard let name = OPENSSL_sk_value(names, index)?.assumingMemoryBound(to: GENERAL_NAME.self) else {
                continue
            }
            var type: Int32 = -1
            guard let value = GENERAL_NAME_get0_value(name, &type), type == GEN_DNS || type == GEN_EMAIL,
                let text = CertificateText.string(value.assumingMemoryBound(to: ASN1_STRING.self)), !text.isEmpty
            else { continue }
            if type == GEN_DNS, dnsNames.count < nameLimit { dnsNames.append(text) }
            if type == GEN_EMAIL, emails.count < nameLimit { emails.append(text) }
        }
        return (dnsNames, emails)
    }
}
