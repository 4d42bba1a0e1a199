import COpenSSL

/// The tickets that let clients resume their sessions (RFC 8446 §2.2, RFC 5077), and for how long a ticket may substitute
/// for a client certificate.
enum SessionTickets {
    /// How long, in seconds, a session lets a client in without its certificate being checked again.
    static let proofLifetime: Int64 = 300
    /// The longest that TLS 1.3 allows, in seconds (RFC 8446 §4.6.1).
    static let longestLifetime = 604_800

    /// What a context does with tickets and kept sessions.
    static func set(_ options: TLSOptions, on handle: OpaquePointer) {
        setCallbacks(on: handle)
        SSL_CTX_set_timeout(handle, min(max(options.sessionTimeout, 1), longestLifetime))
        if options.ticketKeys == nil { SSL_CTX_set_options(handle, COpenSSLShims_NO_TICKET) }
        // One connection a page: one ticket is what a client can use. In TLS 1.3 it names a kept session where there are no
        // tickets.
        SSL_CTX_set_num_tickets(handle, options.ticketKeys == nil && options.sessionCache == nil ? 0 : 1)
        if options.ticketKeys == nil, options.sessionCache != nil { SessionCache.set(on: handle) }
    }

    /// The same for a context that connections start with, before one of `others` is chosen: OpenSSL calls the callbacks of
    /// this one, which use keys and sessions of the other.
    static func set(before others: [TLSContext], on handle: OpaquePointer) {
        setCallbacks(on: handle)
        if others.contains(where: { $0.sessionCache != nil }) { SessionCache.set(on: handle) }
    }

    private static func setCallbacks(on handle: OpaquePointer) {
        SSL_CTX_set_session_ticket_cb(handle, seal, open, nil)
        SSL_CTX_set_tlsext_ticket_key_evp_cb(handle, key)
    }

    /// The key of a ticket that is made, or that has come. 2: opened, and to be replaced by a new one.
    private static let key:
        @convention(c) (
            OpaquePointer?, UnsafeMutablePointer<UInt8>?, UnsafeMutablePointer<UInt8>?, OpaquePointer?, OpaquePointer?,
            Int32
        ) -> Int32 = { ssl, name, vector, cipher, mac, isSealing in
            guard let ssl, let name, let vector, let cipher, let mac, let keys = TLSContext.of(ssl)?.ticketKeys else {
                return 0
            }
            guard isSealing == 0 else {
                guard let key = keys.sealing(), RAND_bytes(vector, TicketKey.vectorSize) == 1,
                    key.set(cipher, mac, vector, sealing: true)
                else { return -1 }
                key.copyName(to: name)
                return 1
            }
            guard let (key, isCurrent) = keys.opening(name) else { return 0 }
            guard key.set(cipher, mac, vector, sealing: false) else { return -1 }
            // In TLS 1.3 a ticket is for one use, so that nobody can tell a client by it (RFC 8446 §C.4).
            return isCurrent && SSL_version(ssl) < TLS1_3_VERSION ? 1 : 2
        }

    /// Before a ticket is made. Its session is good for as long as the server wants. A session with a client certificate
    /// carries the time at which the client has proved to have its key, in seconds since 1970; sessions resumed from it keep
    /// that.
    static let seal: @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?) -> Int32 = { ssl, _ in
        guard let ssl, let session = SSL_get_session(ssl) else { return 1 }
        let lifetime = Int64(SSL_CTX_get_timeout(SSL_get_SSL_CTX(ssl)))
        guard SSL_SESSION_get0_peer(session) != nil else {
            SSL_SESSION_set_timeout(session, Int(lifetime))
            return 1
        }
        let now = Int64(time(nil))
        if SSL_session_reused(ssl) == 0 { setProofTime(now, of: session) }
        // For the client: it need not keep the ticket any longer. `open` does not rely on it.
        let left = proofLifetime &- (now &- (proofTime(of: session) ?? now))
        SSL_SESSION_set_timeout(session, Int(min(max(left, 1), proofLifetime, lifetime)))
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
            guard isAllowed(session) else { return SSL_TICKET_RETURN_IGNORE_RENEW }
            return status == SSL_TICKET_SUCCESS ? SSL_TICKET_RETURN_USE : SSL_TICKET_RETURN_USE_RENEW
        }

    /// Whether a session has no client certificate, or still stands for it.
    static func isAllowed(_ session: OpaquePointer) -> Bool {
        guard let certificate = SSL_SESSION_get0_peer(session) else { return true }
        guard let proved = proofTime(of: session) else { return false }
        // Wraps for no time that `seal` can have written; a clock that was set back proves nothing.
        let age = Int64(time(nil)) &- proved
        return (0..<proofLifetime).contains(age) && X509_cmp_current_time(X509_get0_notAfter(certificate)) > 0
    }

    /// Without memory for it the ticket is of no use, and no harm.
    static func setProofTime(_ seconds: Int64, of session: OpaquePointer) {
        _ = withUnsafeBytes(of: seconds) { SSL_SESSION_set1_ticket_appdata(session, $0.baseAddress, $0.count) }
    }

    static func proofTime(of session: OpaquePointer) -> Int64? {
        var (data, count) = (UnsafeMutableRawPointer?.none, 0)
        guard SSL_SESSION_get0_ticket_appdata(session, &data, &count) == 1, let data,
            count == MemoryLayout<Int64>.size
        else { return nil }
        return data.loadUnaligned(as: Int64.self)
    }
}
