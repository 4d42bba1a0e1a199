import COpenSSL

/// Chooses among the servers of one listener by the name that the client asks for (SNI, RFC 6066 §3), for the connections
/// of one loop. Connections keep it until they have shaken hands, so that it may be replaced at any time.
///
/// The choice falls in the ClientHello callback, before OpenSSL looks at anything that depends on it: versions, the
/// session that the client wants to resume, and whether its certificate is asked for.
package final class TLSServerNames: Sendable {
    private let contexts: [TLSContext]
    private let select: @Sendable (String) -> Int
    /// Where connections start when there is a choice: a context can serve several listeners, the callback
    /// belongs to one.
    private let undecided: TLSContext?

    /// `contexts` holds a context for each server of the listener, the default server's first; `select` finds an index
    /// into it for a lower-case name.
    package init(contexts: [TLSContext], select: @escaping @Sendable (String) -> Int) {
        self.contexts = contexts
        self.select = select
        undecided = contexts.count > 1 ? TLSContext(before: contexts) : nil
        guard let undecided else { return }
        SSL_CTX_set_client_hello_cb(undecided.handle, Self.choose, Unmanaged.passUnretained(self).toOpaque())
        _ = COpenSSLShims_SSL_CTX_set_tlsext_servername_callback(undecided.handle) { _, _, _ in SSL_TLSEXT_ERR_OK }
    }

    /// The context that new connections start with; nil: there is none.
    var first: TLSContext? { undecided ?? contexts.first }

    private static let choose:
        @convention(c) (OpaquePointer?, UnsafeMutablePointer<Int32>?, UnsafeMutableRawPointer?) -> Int32 = {
            ssl, _, context in
            guard let ssl, let context else { return SSL_CLIENT_HELLO_ERROR }
            let names = Unmanaged<TLSServerNames>.fromOpaque(context).takeUnretainedValue()
            let index = requestedName(ssl).map(names.select) ?? 0
            let isDone = names.move(ssl, to: names.contexts.indices.contains(index) ? index : 0)
            return isDone ? SSL_CLIENT_HELLO_SUCCESS : SSL_CLIENT_HELLO_ERROR
        }

    /// Gives a connection to a server. False: there is no memory, and the handshake must not go on.
    private func move(_ ssl: OpaquePointer, to index: Int) -> Bool {
        let handle = contexts[index].handle
        guard SSL_set_SSL_CTX(ssl, handle) == handle else { return false }
        MemoryBIO.setNumber(Int32(truncatingIfNeeded: index), of: ssl)
        // Certificates, authorities, ciphers, ALPN and the session id context have come along; these have not.
        SSL_set_verify(ssl, SSL_CTX_get_verify_mode(handle), nil)
        SSL_set_verify_depth(ssl, SSL_CTX_get_verify_depth(handle))
        SSL_set_options(ssl, SSL_CTX_get_options(handle))  // none to clear: `undecided` has those of all servers alone
        SSL_set_num_tickets(ssl, SSL_CTX_get_num_tickets(handle))
        if let undecided, contexts[index].groups != undecided.groups {
            guard KeyExchange.setGroups(contexts[index].groups, ofConnection: ssl) else { return false }
        }
        let (lowest, highest) = (
            COpenSSLShims_SSL_CTX_get_min_proto_version(handle), COpenSSLShims_SSL_CTX_get_max_proto_version(handle)
        )
        return COpenSSLShims_SSL_set_min_proto_version(ssl, lowest) == 1
            && COpenSSLShims_SSL_set_max_proto_version(ssl, highest) == 1
    }

    /// The name in a ClientHello, lower case. nil when there is none.
    private static func requestedName(_ ssl: OpaquePointer) -> String? {
        var (bytes, count) = (UnsafePointer<UInt8>?.none, 0)
        guard SSL_client_hello_get0_ext(ssl, UInt32(TLSEXT_TYPE_server_name), &bytes, &count) == 1 else { return nil }
        return hostName(UnsafeBufferPointer(start: bytes, count: count))
    }

    /// The name in a server_name extension, RFC 6066 §3: a list, two bytes for its length, of one entry with a type and
    /// two bytes for the length of the name. nil for anything else: OpenSSL refuses that itself.
    static func hostName(_ bytes: UnsafeBufferPointer<UInt8>) -> String? {
        guard bytes.count > 5, bytes[2] == UInt8(TLSEXT_NAMETYPE_host_name) else { return nil }
        let count = Int(bytes[3]) << 8 | Int(bytes[4])
        guard count == bytes.count - 5 else { return nil }
        return String(decoding: bytes[5...], as: UTF8.self).lowercased()
    }
}
