import COpenSSL

/// Which client certificates a server takes (RFC 8446 §4.4.2.4, RFC 5280 §6).
///
/// A certificate that is sent must be good, whatever the mode: signed by one of the authorities over a chain that is
/// not too long, within its time, for TLS clients, strong enough for OpenSSL's security level, not revoked. Else the
/// handshake fails with the alert of TLS that says why.
///
/// A session that is resumed shows the certificate of the handshake that it began with. It is resumed only while
/// - that handshake is less than `SessionTickets.proofLifetime` old, however many tickets have followed it,
/// - the certificate is within its time,
/// - authorities, revocation lists, mode and depth are those of that handshake: a new list ends all older sessions.
/// Otherwise a full handshake follows, and the certificate is checked again.
package struct ClientVerification: Sendable, Equatable {
    package enum Mode: Sendable, Equatable {
        /// A client may come without a certificate.
        case optional
        case required
    }

    /// PEM file of the authorities; their names are sent to the client. nil: none are sent.
    package var authorities: String?
    /// PEM file of further authorities, whose names are not sent.
    package var trusted: String?
    package var mode: Mode
    /// How many authorities are allowed between the certificate and one of `authorities`.
    package var depth: Int
    /// PEM file of revocation lists: with it, every certificate of a chain must be covered by a list of its issuer that
    /// is current. nil: revocation is not checked.
    package var revocationLists: String?

    package init(
        authorities: String?, trusted: String? = nil, mode: Mode, depth: Int, revocationLists: String? = nil
    ) {
        self.authorities = authorities
        self.trusted = trusted
        self.mode = mode
        self.depth = depth
        self.revocationLists = revocationLists
    }

    /// Sets a context up to verify. Fails with the file, what is wrong with it and what mends it.
    func apply(to handle: OpaquePointer) throws(TLSError) {
        guard let store = SSL_CTX_get_cert_store(handle), let lookup = X509_STORE_add_lookup(store, X509_LOOKUP_file())
        else { throw TLSError("OpenSSL: \(ErrorQueue.take().reason)") }
        // Not SSL_CTX_load_verify_file: a list among the authorities would pass for one.
        if let authorities {
            guard X509_load_cert_file(lookup, authorities, X509_FILETYPE_PEM) > 0,
                let names = SSL_load_client_CA_file(authorities)
            else { throw Self.fault(authorities, .authorities).about(.authorities) }
            SSL_CTX_set_client_CA_list(handle, names)
        }
        if let trusted {
            guard X509_load_cert_file(lookup, trusted, X509_FILETYPE_PEM) > 0 else {
                throw Self.fault(trusted, .authorities).about(.trusted)
            }
        }
        if let revocationLists {
            guard X509_load_crl_file(lookup, revocationLists, X509_FILETYPE_PEM) > 0 else {
                throw Self.fault(revocationLists, .revocationLists).about(.revocationLists)
            }
            X509_STORE_set_flags(store, UInt(X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL))
        }
        let required = mode == .required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0
        SSL_CTX_set_verify(handle, SSL_VERIFY_PEER | required, nil)
        SSL_CTX_set_verify_depth(handle, Int32(clamping: max(depth, 0)))
        ERR_clear_error()
    }

    private static func fault(_ path: String, _ use: CredentialFile.Use) -> TLSError {
        CredentialFile.fault(path, for: use, reason: ErrorQueue.take().reason)
    }
}
