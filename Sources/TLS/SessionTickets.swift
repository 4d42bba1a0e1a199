import COpenSSL

/// The tickets that let clients resume their sessions (RFC 8446 §2.2, RFC 5077), and for how long a ticket may substitute
/// for a client certificate.
enum SessionTickets {
    /// How long, in seconds, a session lets a client in without its certificate being checked again.
    static let proofLifetime: Int64 = 300

    /// nil turns tickets off.
    static func set(_ keys: [UInt8]?, on handle: OpaquePointer) throws(TLSError) {
        SSL_CTX_set_session_ticket_cb(handle, seal, open, nil)
        guard var keys else {
            SSL_CTX_set_options(handle, COpenSSLShims_NO_TICKET)
            SSL_CTX_set_num_tickets(handle, 0)
            return
        }
        // One connection a page: one ticket is what a client can use.
        SSL_CTX_set_num_tickets(handle, 1)
        guard COpenSSLShims_SSL_CTX_set_tlsext_ticket_keys(handle, &keys, keys.count) == 1 else {
            throw TLSError("session tickets: \(ErrorQueue.take().reason)")
        }
    }

    /// Takes over the keys of the first of `others` that gives tickets: keys and callbacks are those of the context
    /// that a connection starts with.
    static func share(_ others: [OpaquePointer], on handle: OpaquePointer) {
        SSL_CTX_set_session_ticket_cb(handle, seal, open, nil)
        guard let other = others.first(where: { SSL_CTX_get_options($0) & COpenSSLShims_NO_TICKET == 0 }) else {
            return
        }
        var keys = [UInt8](repeating: 0, count: 80)
        guard COpenSSLShims_SSL_CTX_get_tlsext_ticket_keys(other, &keys, keys.count) == 1 else { return }
        _ = COpenSSLShims_SSL_CTX_set_tlsext_ticket_keys(handle, &keys, keys.count)
        OPENSSL_cleanse(&keys, keys.count)
    }

    /// Before a ticket is made. A session with a client certificate carries the time at which the client has proved to
    /// have its key, in seconds since 1970; sessions resumed from it keep that.
    static let seal: @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?) -> Int32 = { ssl, _ in
        guard let ssl, let session = SSL_get_session(ssl), SSL_SESSION_get0_peer(session) != nil else { return 1 }
        let now = Int64(time(nil))
        if SSL_session_reused(ssl) == 0 { setProofTime(now, of: session) }
        // For the client: it need not keep the ticket any longer. `open` does not rely on it.
        let left = proofLifetime &- (now &- (proofTime(of: session) ?? now))
        SSL_SESSION_set_timeout(session, Int(min(max(left, 1), proofLifetime)))
        return 1
    }

    /// After a ticket was opened: whether the session may be resumed.
    static let open:
        @convention(c) (
            OpaquePointer?, OpaquePointer?, UnsafePointer<UInt8>?, Int, Int32, UnsafeMutableRawPointer?
        ) -> Int32 = { _, session, _, _, status, _ in
            guard status == SSL_TICKET_SUCCESS || status == SSL_TICKET_SUCCESS_RENEW, let session else {
                return SSL_TICKET_RETURN_IGNORE_RENEW
            }
            if let certificate = SSL_SESSION_get0_peer(session), !isProof(session, certificate) {
                return SSL_TICKET_RETURN_IGNORE_RENEW
            }
            return status == SSL_TICKET_SUCCESS ? SSL_TICKET_RETURN_USE : SSL_TICKET_RETURN_USE_RENEW
        }

    /// Whether a session still stands for its client's certificate.
    private static func isProof(_ session: OpaquePointer, _ certificate: OpaquePointer) -> Bool {
        guard let proved = proofTime(of: session) else { return false }
        // Wraps for no time that `seal` can have written; a clock that was set back proves nothing.
        let age = Int64(time(nil)) &- proved
        return (0..<proofLifetime).contains(age) && X509_cmp_current_time(X509_get0_notAfter(certificate)) > 0
    }

    /// Without memory for it the ticket is of no use, and no harm.
    static func setProofTime(_ seconds: Int64, of session: OpaquePointer) {
        _ = withUnsafeBytes(of: seconds) { SSL_SESSION_set1_ticket_appdata(session, $0.baseAddress, $0.count) }
    }

    private static func proofTime(of session: OpaquePointer) -> Int64? {
        var (data, count) = (UnsafeMutableRawPointer?.none, 0)
        guard SSL_SESSION_get0_ticket_appdata(session, &data, &count) == 1, let data,
            count == MemoryLayout<Int64>.size
        else { return nil }
        return data.loadUnaligned(as: Int64.self)
    }
}
