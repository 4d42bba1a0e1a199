import COpenSSL

/// Chooses among the servers of one listener by the name that the client asks for (SNI, RFC 6066 §3).
/// Used by the thread of its loop alone; it must outlive the connections made with it.
package final class TLSServerNames {
    private let contexts: [TLSContext]
    private let select: (String) -> Int
    private let isShared: Bool

    /// `contexts` holds a context for each server of the listener, the default server's first; `select` finds an index
    /// into it for a lower-case name.
    package init(contexts: [TLSContext], select: @escaping (String) -> Int) {
        self.contexts = contexts
        self.select = select
        isShared = contexts.count > 1
        guard isShared, let first = contexts.first else { return }
        _ = COpenSSLShims_SSL_CTX_set_tlsext_servername_callback(first.handle, Self.chosen)
        _ = COpenSSLShims_SSL_CTX_set_tlsext_servername_arg(first.handle, Unmanaged.passUnretained(self).toOpaque())
    }

    /// The context that new connections start with.
    package var first: TLSContext? { contexts.first }

    private static let chosen:
        @convention(c) (OpaquePointer?, UnsafeMutablePointer<Int32>?, UnsafeMutableRawPointer?) -> Int32 = {
            ssl, _, context in
            guard let context, let name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name) else {
                return SSL_TLSEXT_ERR_NOACK
            }
            let names = Unmanaged<TLSServerNames>.fromOpaque(context).takeUnretainedValue()
            let index = names.select(String(cString: name).lowercased())
            if names.contexts.indices.contains(index) { SSL_set_SSL_CTX(ssl, names.contexts[index].handle) }
            return SSL_TLSEXT_ERR_OK
        }
}
