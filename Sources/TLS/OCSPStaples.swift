import COpenSSL

/// What the authorities of a server's certificates say about them, to be sent in handshakes that ask for it (RFC 6066 §8,
/// RFC 6960). Nothing of it changes.
struct OCSPStaples: Sendable {
    private struct Staple: Sendable {
        /// The certificate, which the context keeps alive; only its address counts.
        nonisolated(unsafe) let certificate: OpaquePointer
        let response: [UInt8]
        /// Seconds since 1970: afterwards it is not sent.
        let until: Int64
    }

    /// What was loaded for a context.
    struct Loaded {
        let certificate: OpaquePointer
        /// Of OpenSSL's stack; nil: none.
        let chain: OpaquePointer?
    }

    private var staples: [Staple] = []
    /// What is wrong with responses that are not sent.
    private(set) var faults: [TLSError] = []

    static let none = OCSPStaples()

    private init() {}

    /// Reads and verifies the responses in `files`, in DER. One that is wrong is a fault, and no reason not to serve.
    init(_ files: [String], for certificates: [Loaded], trusted: String?) {
        defer { ERR_clear_error() }
        for (index, path) in files.enumerated() {
            do throws(TLSError) {
                let bytes = try CredentialFile.read(path)
                staples.append(try Self.staple(bytes, path, certificates, trusted))
            } catch {
                faults.append(error.about(.stapling(index)))
            }
        }
    }

    /// Sends the response for the certificate that a connection shows. SSL_TLSEXT_ERR_NOACK: there is none.
    static func set(on handle: OpaquePointer) {
        _ = COpenSSLShims_SSL_CTX_set_tlsext_status_cb(handle) { ssl, _ in
            guard let ssl, let shown = SSL_get_certificate(ssl), let staples = TLSContext.of(ssl)?.staples,
                let bytes = staples.response(for: shown, now: Int64(time(nil))),
                let copy = CRYPTO_malloc(bytes.count, nil, 0)
            else { return SSL_TLSEXT_ERR_NOACK }
            copy.copyMemory(from: bytes, byteCount: bytes.count)
            // Takes the copy.
            guard SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_STATUS_REQ_OCSP_RESP, bytes.count, copy) == 1 else {
                CRYPTO_free(copy, nil, 0)
                return SSL_TLSEXT_ERR_NOACK
            }
            return SSL_TLSEXT_ERR_OK
        }
    }

    func response(for certificate: OpaquePointer, now: Int64) -> [UInt8]? {
        staples.first { $0.certificate == certificate && $0.until > now }?.response
    }

    // MARK: Verification

    private static func staple(
        _ bytes: [UInt8], _ path: String, _ certificates: [Loaded], _ trusted: String?
    ) throws(TLSError) -> Staple {
        func fault(_ message: String, hint: String? = nil) -> TLSError {
            ERR_clear_error()
            return TLSError("\(path) \(message), and is not stapled", hint: hint)
        }
        let parsed = bytes.withUnsafeBufferPointer { buffer in
            var start = buffer.baseAddress
            return d2i_OCSP_RESPONSE(nil, &start, buffer.count)
        }
        guard let parsed else { throw fault("is no OCSP response in DER form") }
        defer { OCSP_RESPONSE_free(parsed) }
        let status = OCSP_response_status(parsed)
        guard status == OCSP_RESPONSE_STATUS_SUCCESSFUL, let basic = OCSP_response_get1_basic(parsed) else {
            let words = OCSP_response_status_str(Int(status)).map { String(cString: $0) } ?? ""
            throw fault("is an OCSP responder's refusal (\(words))")
        }
        defer { OCSP_BASICRESP_free(basic) }
        var hasIssuer = false
        for loaded in certificates {
            guard let issuer = Issuer(of: loaded, trusted: trusted) else { continue }
            hasIssuer = true
            guard let found = Status(of: loaded.certificate, issuer, in: basic) else { continue }
            guard issuer.signed(basic) else {
                throw fault("is not signed by the authority of the certificate: \(ErrorQueue.take().reason)")
            }
            guard found.status == V_OCSP_CERTSTATUS_GOOD else {
                throw fault("says that the certificate is revoked, or unknown to its authority")
            }
            guard found.isCurrent else { throw fault("has expired, or is of the future") }
            return Staple(certificate: loaded.certificate, response: bytes, until: found.until)
        }
        guard hasIssuer else {
            throw fault(
                "cannot be verified without the certificate of the authority",
                hint: "add it to the file of \"ssl_certificate\", or name it in \"ssl_trusted_certificate\"")
        }
        throw fault("is about another certificate")
    }

    /// The authority that has signed a certificate.
    private struct Issuer: ~Copyable {
        let certificate: OpaquePointer
        private let store: OpaquePointer

        /// nil: it is neither in the chain nor among the trusted ones.
        init?(of loaded: Loaded, trusted: String?) {
            guard let store = X509_STORE_new() else { return nil }
            for index in 0..<max(OPENSSL_sk_num(loaded.chain), 0) {
                X509_STORE_add_cert(store, OPENSSL_sk_value(loaded.chain, index).map { OpaquePointer($0) })
            }
            if let trusted, let lookup = X509_STORE_add_lookup(store, X509_LOOKUP_file()) {
                X509_load_cert_file(lookup, trusted, X509_FILETYPE_PEM)
            }
            // The issuer is trusted, whoever has signed it.
            X509_STORE_set_flags(store, UInt(X509_V_FLAG_PARTIAL_CHAIN))
            var issuer: OpaquePointer?
            if let context = X509_STORE_CTX_new() {
                if X509_STORE_CTX_init(context, store, nil, nil) == 1 {
                    X509_STORE_CTX_get1_issuer(&issuer, context, loaded.certificate)
                }
                X509_STORE_CTX_free(context)
            }
            ERR_clear_error()
            guard let issuer else {
                X509_STORE_free(store)
                return nil
            }
            (self.certificate, self.store) = (issuer, store)
        }

        deinit {
            X509_free(certificate)
            X509_STORE_free(store)
        }

        /// Whether this authority has signed a response, or somebody whom it has appointed (RFC 6960 §4.2.2.2).
        func signed(_ basic: OpaquePointer) -> Bool {
            ERR_clear_error()
            guard let signers = OPENSSL_sk_new_null() else { return false }
            defer { OPENSSL_sk_free(signers) }
            OPENSSL_sk_push(signers, UnsafeRawPointer(certificate))
            return OCSP_basic_verify(basic, signers, store, 0) == 1
        }
    }

    /// What a response says about one certificate.
    private struct Status {
        var status: Int32 = -1
        var isCurrent = false
        var until: Int64 = 0
        /// Seconds for which a response is good that does not say it, and by which clocks may differ.
        private static let (unlimited, tolerance): (Int64, Int) = (86_400, 300)

        /// nil: nothing.
        init?(of certificate: OpaquePointer, _ issuer: borrowing Issuer, in basic: OpaquePointer) {
            for digest in [EVP_sha1(), EVP_sha256()] {
                guard let id = OCSP_cert_to_id(digest, certificate, issuer.certificate) else { continue }
                defer { OCSP_CERTID_free(id) }
                var (begin, end):
                    (UnsafeMutablePointer<ASN1_GENERALIZEDTIME>?, UnsafeMutablePointer<ASN1_GENERALIZEDTIME>?)
                guard OCSP_resp_find_status(basic, id, &status, nil, nil, &begin, &end) == 1 else { continue }
                isCurrent = OCSP_check_validity(begin, end, Self.tolerance, -1) == 1
                until =
                    end.map { CertificateText.milliseconds($0) / 1000 }
                    ?? CertificateText.milliseconds(begin) / 1000 + Self.unlimited
                return
            }
            return nil
        }
    }
}
