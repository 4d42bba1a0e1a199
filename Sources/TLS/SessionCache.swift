import COpenSSL
import CShims
import Reactor

/// Sessions that the gateway keeps for clients to resume, where tickets are off: `ssl_session_cache shared:NAME:SIZE`. One for
/// all loops, and beyond a reload. Any thread uses it.
package final class SessionCache: Sendable {
    private struct Entry {
        /// As OpenSSL writes it, with the keys of the connection.
        var session: [UInt8]
        /// Seconds since 1970.
        var until: Int64
    }

    private struct State {
        var limit: Int
        var used = 0
        var entries: [[UInt8]: Entry] = [:]
        /// Identifiers in the order of their coming; before `first` they are gone.
        var order: [[UInt8]] = []
        var first = 0
    }

    private let state: Lock<State>
    /// What an entry takes beside its session.
    private static let overhead = 200
    /// A session with a larger certificate of the client is not kept.
    private static let largest = 16 * 1024

    /// Holds sessions of `limit` bytes together; the oldest makes room for a new one.
    package init(limit: Int) { state = Lock(State(limit: limit)) }

    /// Another limit, from now on.
    package func change(limit: Int) {
        state.withLock { state in
            state.limit = limit
            Self.makeRoom(&state)
        }
    }

    /// How many sessions there are.
    var count: Int { state.withLock { $0.entries.count } }

    func keep(_ session: [UInt8], id: [UInt8], until: Int64) {
        guard session.count <= Self.largest, !id.isEmpty else { return }
        state.withLock { state in
            if !Self.forget(id, &state) { state.order.append(id) }
            state.entries[id] = Entry(session: session, until: until)
            state.used += session.count + Self.overhead
            Self.makeRoom(&state)
        }
    }

    /// nil: there is none, or its time is over.
    func find(_ id: [UInt8], now: Int64 = Int64(time(nil))) -> [UInt8]? {
        state.withLock { state in
            guard let entry = state.entries[id], entry.until > now else { return nil }
            return entry.session
        }
    }

    private static func makeRoom(_ state: inout State) {
        while state.used > state.limit, state.first < state.order.count {
            _ = forget(state.order[state.first], &state)
            state.first += 1
        }
        guard state.first > 1024, state.first > state.order.count / 2 else { return }
        state.order.removeFirst(state.first)
        state.first = 0
    }

    /// Wipes a session. False: there is none.
    private static func forget(_ id: [UInt8], _ state: inout State) -> Bool {
        guard var entry = state.entries.removeValue(forKey: id) else { return false }
        state.used -= entry.session.count + overhead
        OPENSSL_cleanse(&entry.session, entry.session.count)
        return true
    }

    // MARK: OpenSSL

    static func set(on handle: OpaquePointer) {
        let mode = SSL_SESS_CACHE_SERVER | SSL_SESS_CACHE_NO_INTERNAL | SSL_SESS_CACHE_NO_AUTO_CLEAR
        _ = COpenSSLShims_SSL_CTX_set_session_cache_mode(handle, Int(mode))
        SSL_CTX_sess_set_new_cb(handle, add)
        SSL_CTX_sess_set_get_cb(handle, get)
    }

    /// A session has been agreed on. 0: OpenSSL's own reference is not taken.
    private static let add: @convention(c) (OpaquePointer?, OpaquePointer?) -> Int32 = { ssl, session in
        guard let ssl, let session, let cache = TLSContext.of(ssl)?.sessionCache else { return 0 }
        let now = Int64(time(nil))
        // In TLS 1.3 `SessionTickets.seal` has been here before.
        if SSL_SESSION_get0_peer(session) != nil, SessionTickets.proofTime(of: session) == nil {
            SessionTickets.setProofTime(now, of: session)
        }
        if SSL_version(ssl) < TLS1_3_VERSION {
            SSL_SESSION_set_timeout(session, SSL_CTX_get_timeout(SSL_get_SSL_CTX(ssl)))
        }
        var count: UInt32 = 0
        guard let start = SSL_SESSION_get_id(session, &count) else { return 0 }
        let id = Array(UnsafeBufferPointer(start: start, count: Int(count)))
        let size = i2d_SSL_SESSION(session, nil)
        guard size > 0, Int(size) <= largest else { return 0 }
        let bytes = [UInt8](unsafeUninitializedCapacity: Int(size)) { buffer, written in
            var end = buffer.baseAddress
            written = Int(max(i2d_SSL_SESSION(session, &end), 0))
        }
        cache.keep(bytes, id: id, until: now + Int64(SSL_SESSION_get_timeout(session)))
        return 0
    }

    /// A client names a session.
    private static let get:
        @convention(c) (OpaquePointer?, UnsafePointer<UInt8>?, Int32, UnsafeMutablePointer<Int32>?) -> OpaquePointer? =
            {
                ssl, id, count, isCopy in
                isCopy?.pointee = 0
                guard let ssl, let id, count > 0, let cache = TLSContext.of(ssl)?.sessionCache,
                    let bytes = cache.find(Array(UnsafeBufferPointer(start: id, count: Int(count))))
                else { return nil }
                let session = bytes.withUnsafeBufferPointer { buffer in
                    var start = buffer.baseAddress
                    return d2i_SSL_SESSION(nil, &start, buffer.count)
                }
                guard let session else {
                    ERR_clear_error()
                    return nil
                }
                guard SessionTickets.isAllowed(session) else {
                    SSL_SESSION_free(session)
                    return nil
                }
                return session
            }
}
