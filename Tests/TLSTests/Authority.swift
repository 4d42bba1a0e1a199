import COpenSSL
import Testing

@testable import TLS

/// A certificate with its key, and the certificates between it and the authority that a server knows.
final class Credential: @unchecked Sendable {
    let certificate: OpaquePointer
    let key: OpaquePointer
    let chain: [Credential]

    init(_ certificate: OpaquePointer, _ key: OpaquePointer, chain: [Credential] = []) {
        (self.certificate, self.key, self.chain) = (certificate, key, chain)
    }

    deinit {
        X509_free(certificate)
        EVP_PKEY_free(key)
    }
}

/// What a certificate is to hold.
struct Request {
    struct Entry {
        var field = NID_commonName
        var type = V_ASN1_UTF8STRING
        var bytes: [UInt8]

        init(_ text: String, _ field: Int32 = NID_commonName) { (bytes, self.field) = (Array(text.utf8), field) }
        init(bytes: [UInt8], type: Int32) { (self.bytes, self.type) = (bytes, type) }
    }

    var subject: [Entry]
    /// GEN_DNS, GEN_EMAIL …, and the bytes of the IA5String.
    var alternativeNames: [(type: Int32, bytes: [UInt8])] = []
    var serial: [UInt8] = [0x0A, 0xBC]
    /// Seconds from now.
    var notBefore = -3600
    var notAfter = 86_400
    var isAuthority = false
    var purpose = "clientAuth"
    /// nil: P-256.
    var rsaBits: Int32?

    init(_ name: String) { subject = [Entry(name)] }
}

/// Signs certificates and revocation lists. With COpenSSL and not the command: that one would not make the strange
/// ones.
extension Credential {
    /// nil signs with its own key.
    static func make(_ request: Request, by issuer: Credential? = nil) throws -> Credential {
        let key = try makeKey(request.rsaBits)
        let certificate = try #require(X509_new())
        try #require(X509_set_version(certificate, 2) == 1)
        let number = try #require(BN_bin2bn(request.serial, Int32(request.serial.count), nil))
        try #require(BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != nil)
        BN_free(number)
        X509_gmtime_adj(X509_getm_notBefore(certificate), request.notBefore)
        X509_gmtime_adj(X509_getm_notAfter(certificate), request.notAfter)
        try #require(X509_set_pubkey(certificate, key) == 1)
        let name = X509_get_subject_name(certificate)
        for entry in request.subject {
            try #require(
                X509_NAME_add_entry_by_NID(
                    name, entry.field, entry.type, entry.bytes, Int32(entry.bytes.count), -1, 0) == 1)
        }
        X509_set_issuer_name(certificate, issuer.map { X509_get_subject_name($0.certificate) } ?? name)
        try addExtensions(request, certificate)
        try #require(X509_sign(certificate, issuer?.key ?? key, EVP_sha256()) > 0)
        let chain = issuer.map { $0.isRoot ? [] : [$0] + $0.chain } ?? []
        return Credential(certificate, key, chain: chain)
    }

    private var isRoot: Bool {
        X509_NAME_cmp(X509_get_subject_name(certificate), X509_get_issuer_name(certificate)) == 0
    }

    private static func makeKey(_ rsaBits: Int32?) throws -> OpaquePointer {
        let context = try #require(EVP_PKEY_CTX_new_id(rsaBits == nil ? EVP_PKEY_EC : EVP_PKEY_RSA, nil))
        defer { EVP_PKEY_CTX_free(context) }
        try #require(EVP_PKEY_keygen_init(context) == 1)
        if let rsaBits {
            try #require(EVP_PKEY_CTX_set_rsa_keygen_bits(context, rsaBits) == 1)
        } else {
            try #require(EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context, NID_X9_62_prime256v1) == 1)
        }
        var key: OpaquePointer?
        try #require(EVP_PKEY_keygen(context, &key) == 1)
        return try #require(key)
    }

    private static func addExtensions(_ request: Request, _ certificate: OpaquePointer) throws {
        var values = [(NID_basic_constraints, "critical,CA:\(request.isAuthority ? "TRUE" : "FALSE")")]
        if request.isAuthority {
            values.append((NID_key_usage, "critical,keyCertSign,cRLSign"))
        } else {
            values.append((NID_ext_key_usage, request.purpose))
        }
        for (field, value) in values {
            let made = try #require(X509V3_EXT_conf_nid(nil, nil, field, value))
            try #require(X509_add_ext(certificate, made, -1) == 1)
            X509_EXTENSION_free(made)
        }
        guard !request.alternativeNames.isEmpty else { return }
        let names = try #require(OPENSSL_sk_new_null())
        for (type, bytes) in request.alternativeNames {
            let name = try #require(GENERAL_NAME_new())
            let text = try #require(ASN1_STRING_type_new(V_ASN1_IA5STRING))
            try #require(ASN1_STRING_set(text, bytes, Int32(bytes.count)) == 1)
            GENERAL_NAME_set0_value(name, type, text)
            try #require(OPENSSL_sk_push(names, name) > 0)
        }
        try #require(
            X509_add1_ext_i2d(certificate, NID_subject_alt_name, UnsafeMutableRawPointer(names), 0, 0) == 1)
        GENERAL_NAMES_free(names)
    }

    /// A revocation list of this authority, as PEM.
    func revocationList(_ revoked: [Credential], nextUpdate: Int = 86_400) throws -> String {
        let list = try #require(X509_CRL_new())
        defer { X509_CRL_free(list) }
        try #require(X509_CRL_set_version(list, 1) == 1)
        try #require(X509_CRL_set_issuer_name(list, X509_get_subject_name(certificate)) == 1)
        let (last, next) = (X509_gmtime_adj(nil, -7200), X509_gmtime_adj(nil, nextUpdate))
        defer {
            ASN1_STRING_free(last)
            ASN1_STRING_free(next)
        }
        try #require(X509_CRL_set1_lastUpdate(list, last) == 1 && X509_CRL_set1_nextUpdate(list, next) == 1)
        for credential in revoked {
            let entry = try #require(X509_REVOKED_new())
            try #require(X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(credential.certificate)) == 1)
            try #require(X509_REVOKED_set_revocationDate(entry, last) == 1)
            try #require(X509_CRL_add0_revoked(list, entry) == 1)
        }
        try #require(X509_CRL_sort(list) == 1 && X509_CRL_sign(list, key, EVP_sha256()) > 0)
        return try Self.text { PEM_write_bio_X509_CRL($0, list) }
    }

    /// What the gateway would make of it.
    var identity: ClientCertificate { withExtendedLifetime(self) { ClientCertificate(certificate) } }

    func der() -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Int(i2d_X509(certificate, nil)))
        bytes.withUnsafeMutableBufferPointer {
            var next = $0.baseAddress
            i2d_X509(certificate, &next)
        }
        return bytes
    }

    /// The certificate as PEM.
    func pem() throws -> String { try Self.text { PEM_write_bio_X509($0, certificate) } }

    private static func text(_ write: (OpaquePointer) -> Int32) throws -> String {
        let bio = try #require(BIO_new(BIO_s_mem()))
        defer { BIO_free(bio) }
        try #require(write(bio) == 1)
        var bytes = [UInt8](repeating: 0, count: BIO_ctrl_pending(bio))
        try #require(BIO_read(bio, &bytes, Int32(bytes.count)) == bytes.count)
        return String(decoding: bytes, as: UTF8.self)
    }
}
