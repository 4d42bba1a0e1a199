import COpenSSL

/// An SSL_CTX of one server, for the connections of one loop.
///
/// Nothing of it changes once `init` is through, so it may be made on one thread and used by another: OpenSSL promises that
/// of an SSL_CTX that is only read, and counts its references atomically. Each loop has contexts of its own all the same, so
/// that no two threads contend for the locks inside.
package final class TLSContext: Sendable {
    nonisolated(unsafe) let handle: OpaquePointer
    /// What its certificates say, in the order of the options.
    nonisolated(unsafe) package private(set) var certificates: [CertificateFacts] = []

    /// Loads certificates, keys and revocation lists. Fails with what is wrong with which, and what mends it.
    package init(_ options: TLSOptions) throws(TLSError) {
        ERR_clear_error()
        Library.neverAsk()
        guard let handle = Self.makeHandle() else { throw TLSError("OpenSSL: \(ErrorQueue.take().reason)") }
        self.handle = handle
        SSL_CTX_set_alpn_select_cb(handle, Self.selectALPN, nil)
        // A key that wants a pass phrase is an error, not a question on the terminal.
        SSL_CTX_set_default_passwd_cb(handle) { _, _, _, _ in 0 }
        try setVersions(options)
        try setCiphers(options)
        try SessionTickets.set(options.ticketKeys, on: handle)
        for (index, pair) in options.certificates.enumerated() { try load(pair, index) }
        try options.clientVerification?.apply(to: handle)
        try SessionScope.set(on: handle, options)
    }

    /// A context without a certificate, for connections whose ClientHello has not chosen among `contexts` yet: what
    /// OpenSSL takes from the first context of a connection for good is here. nil when there is no memory.
    init?(before contexts: [TLSContext]) {
        guard let handle = Self.makeHandle() else {
            ERR_clear_error()
            return nil
        }
        self.handle = handle
        SessionTickets.share(contexts.map(\.handle), on: handle)
    }

    deinit { SSL_CTX_free(handle) }

    /// What the contexts of all servers have in common, and SSL_set_SSL_CTX does not carry over.
    private static func makeHandle() -> OpaquePointer? {
        guard let handle = SSL_CTX_new(TLS_server_method()) else { return nil }
        _ = COpenSSLShims_SSL_CTX_set_mode(handle, COpenSSLShims_SERVER_MODE)
        SSL_CTX_set_options(handle, COpenSSLShims_SERVER_OPTIONS)
        _ = COpenSSLShims_SSL_CTX_set_session_cache_mode(handle, Int(SSL_SESS_CACHE_OFF))
        // Takes several records at a time out of the loop's buffer: small ones would each cost two reads and a buffer.
        COpenSSLShims_SSL_CTX_set_read_ahead(handle, 1)
        return handle
    }

    private func setVersions(_ options: TLSOptions) throws(TLSError) {
        let lowest = options.allowsTLS12 ? TLS1_2_VERSION : TLS1_3_VERSION
        let highest = options.allowsTLS13 ? TLS1_3_VERSION : TLS1_2_VERSION
        guard COpenSSLShims_SSL_CTX_set_min_proto_version(handle, lowest) == 1,
            COpenSSLShims_SSL_CTX_set_max_proto_version(handle, highest) == 1
        else { throw TLSError("ssl_protocols: \(ErrorQueue.take().reason)") }
    }

    private func setCiphers(_ options: TLSOptions) throws(TLSError) {
        guard let ciphers = options.ciphers else { return }
        let names = ciphers.split(separator: ":")
        let suites = names.filter { $0.hasPrefix("TLS_") }.joined(separator: ":")
        let list = names.filter { !$0.hasPrefix("TLS_") }.joined(separator: ":")
        guard suites.isEmpty || SSL_CTX_set_ciphersuites(handle, suites) == 1,
            list.isEmpty || SSL_CTX_set_cipher_list(handle, list) == 1
        else { throw TLSError("\"\(ciphers)\" cannot be used: \(ErrorQueue.take().reason)").about(.ciphers) }
    }

    private func load(_ pair: (certificate: String, key: String), _ index: Int) throws(TLSError) {
        guard SSL_CTX_use_certificate_chain_file(handle, pair.certificate) == 1 else {
            let reason = ErrorQueue.take().reason
            throw CredentialFile.fault(pair.certificate, for: .certificate, reason: reason, counterpart: pair.key)
                .about(.certificate(index))
        }
        guard SSL_CTX_use_PrivateKey_file(handle, pair.key, SSL_FILETYPE_PEM) == 1 else {
            let error = ErrorQueue.take()
            let code = COpenSSLShims_ERR_GET_REASON(error.code)
            guard code != X509_R_KEY_VALUES_MISMATCH, code != X509_R_KEY_TYPE_MISMATCH else {
                throw mismatch(pair, index)
            }
            throw CredentialFile.fault(pair.key, for: .key, reason: error.reason, counterpart: pair.certificate)
                .about(.key(index))
        }
        guard SSL_CTX_check_private_key(handle) == 1 else { throw mismatch(pair, index) }
        // The one that was loaded last.
        if let certificate = SSL_CTX_get0_certificate(handle) {
            certificates.append(CertificateFacts(certificate, file: pair.certificate))
        }
    }

    private func mismatch(_ pair: (certificate: String, key: String), _ index: Int) -> TLSError {
        ERR_clear_error()
        return CredentialFile.mismatch(certificate: pair.certificate, key: pair.key, index: index)
    }

    /// RFC 7301 §3.2: `http/1.1` when it is offered; a client that offers only other protocols gets the alert
    /// no_application_protocol (120). One that offers none is never asked, and speaks HTTP/1.1.
    private static let selectALPN:
        @convention(c) (
            OpaquePointer?, UnsafeMutablePointer<UnsafePointer<UInt8>?>?, UnsafeMutablePointer<UInt8>?,
            UnsafePointer<UInt8>?, UInt32, UnsafeMutableRawPointer?
        ) -> Int32 = { _, selected, selectedCount, offered, offeredCount, _ in
            guard let selected, let selectedCount, let offered else { return SSL_TLSEXT_ERR_NOACK }
            let protocols = UnsafeBufferPointer(start: offered, count: Int(offeredCount))
            var index = 0
            while index < protocols.count {
                let count = Int(protocols[index])
                guard index + 1 + count <= protocols.count else { break }
                if protocols[(index + 1)...].prefix(count).elementsEqual("http/1.1".utf8) {
                    selected.pointee = offered + index + 1
                    selectedCount.pointee = UInt8(truncatingIfNeeded: count)
                    return SSL_TLSEXT_ERR_OK
                }
                index += 1 + count
            }
            return SSL_TLSEXT_ERR_ALERT_FATAL
        }
}
