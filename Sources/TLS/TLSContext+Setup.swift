import COpenSSL

/// Versions, ciphers and certificates of a context.
extension TLSContext {
    static func setVersions(_ handle: OpaquePointer, _ options: TLSOptions) throws(TLSError) {
        let lowest = options.allowsTLS12 ? TLS1_2_VERSION : TLS1_3_VERSION
        let highest = options.allowsTLS13 ? TLS1_3_VERSION : TLS1_2_VERSION
        guard COpenSSLShims_SSL_CTX_set_min_proto_version(handle, lowest) == 1,
            COpenSSLShims_SSL_CTX_set_max_proto_version(handle, highest) == 1
        else { throw TLSError("ssl_protocols: \(ErrorQueue.take().reason)") }
    }

    static func setCiphers(_ handle: OpaquePointer, _ options: TLSOptions) throws(TLSError) {
        if options.prefersServerCiphers { SSL_CTX_set_options(handle, COpenSSLShims_SERVER_PREFERENCE) }
        guard let ciphers = options.ciphers else { return }
        let names = ciphers.split(separator: ":")
        let suites = names.filter { $0.hasPrefix("TLS_") }.joined(separator: ":")
        let list = names.filter { !$0.hasPrefix("TLS_") }.joined(separator: ":")
        guard suites.isEmpty || SSL_CTX_set_ciphersuites(handle, suites) == 1,
            list.isEmpty || SSL_CTX_set_cipher_list(handle, list) == 1
        else { throw TLSError("\"\(ciphers)\" cannot be used: \(ErrorQueue.take().reason)").about(.ciphers) }
    }

    /// Returns what they say, in the order of the options.
    static func loadCertificates(
        _ handle: OpaquePointer, _ options: TLSOptions
    ) throws(TLSError) -> [(facts: CertificateFacts, pointers: OCSPStaples.Loaded)] {
        let phrases = try PassPhrases(options.passPhrases)
        var loaded: [(facts: CertificateFacts, pointers: OCSPStaples.Loaded)] = []
        for (index, pair) in options.certificates.enumerated() {
            try load(pair, index, phrases, on: handle)
            // The one that was loaded last.
            if let certificate = SSL_CTX_get0_certificate(handle) {
                let chain = COpenSSLShims_SSL_CTX_get0_chain(handle)
                loaded.append(
                    (
                        CertificateFacts(certificate, file: pair.certificate),
                        OCSPStaples.Loaded(certificate: certificate, chain: chain)
                    ))
            }
        }
        return loaded
    }

    private static func load(
        _ pair: (certificate: String, key: String), _ index: Int, _ phrases: borrowing PassPhrases,
        on handle: OpaquePointer
    ) throws(TLSError) {
        guard SSL_CTX_use_certificate_chain_file(handle, pair.certificate) == 1 else {
            let reason = ErrorQueue.take().reason
            throw CredentialFile.fault(pair.certificate, for: .certificate, reason: reason, counterpart: pair.key)
                .about(.certificate(index))
        }
        var (isLoaded, isMismatch, reason) = (false, false, "")
        phrases.attempt(on: handle) {
            isLoaded = SSL_CTX_use_PrivateKey_file(handle, pair.key, SSL_FILETYPE_PEM) == 1
            guard !isLoaded else { return true }
            let error = ErrorQueue.take()
            reason = error.reason
            let code = COpenSSLShims_ERR_GET_REASON(error.code)
            isMismatch = code == X509_R_KEY_VALUES_MISMATCH || code == X509_R_KEY_TYPE_MISMATCH
            return isMismatch  // the passphrase was right
        }
        guard !isMismatch else { throw mismatch(pair, index) }
        guard isLoaded else {
            throw CredentialFile.keyFault(
                pair.key, reason: reason, certificate: pair.certificate, phrases: phrases.count
            ).about(.key(index))
        }
        guard SSL_CTX_check_private_key(handle) == 1 else { throw mismatch(pair, index) }
    }

    private static func mismatch(_ pair: (certificate: String, key: String), _ index: Int) -> TLSError {
        ERR_clear_error()
        return CredentialFile.mismatch(certificate: pair.certificate, key: pair.key, index: index)
    }
}
