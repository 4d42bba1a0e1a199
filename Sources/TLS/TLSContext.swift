import COpenSSL

/// An SSL_CTX of one server, for the connections of one loop.
///
/// Nothing of it changes once `init` is through, so it may be made on one thread and used by another: OpenSSL promises that
/// of an SSL_CTX that is only read, and counts its references atomically. Each loop has contexts of its own all the same, so
/// that no two threads contend for the locks inside.
package final class TLSContext: Sendable {
    nonisolated(unsafe) let handle: OpaquePointer
    /// What its certificates say, in the order of the options.
    package let certificates: [CertificateFacts]
    /// What OpenSSL's callback reads; it lives as long as the context.
    private let applicationProtocols: ApplicationProtocols?

    /// Of the groups that it offers for the key exchange, those that OpenSSL knows; empty: OpenSSL's own.
    let groups: String
    let staples: OCSPStaples
    let ticketKeys: TicketKeys?
    /// nil while there are tickets.
    let sessionCache: SessionCache?

    /// What is wrong with OCSP responses that are not sent.
    package var staplingFaults: [TLSError] { staples.faults }

    /// Loads certificates, keys and revocation lists. Fails with what is wrong with which, and what mends it.
    package init(_ options: TLSOptions) throws(TLSError) {
        ERR_clear_error()
        Library.neverAsk()
        guard let handle = Self.makeHandle() else { throw TLSError("OpenSSL: \(ErrorQueue.take().reason)") }
        self.handle = handle
        ticketKeys = options.ticketKeys
        sessionCache = options.ticketKeys == nil ? options.sessionCache : nil
        let protocols = ApplicationProtocols(
            options.applicationProtocols, isRequired: options.requiresApplicationProtocol)
        applicationProtocols = protocols
        SSL_CTX_set_alpn_select_cb(
            handle, ApplicationProtocols.select, Unmanaged.passUnretained(protocols).toOpaque())
        do throws(TLSError) { (groups, certificates, staples) = try Self.setUp(handle, options) } catch {
            SSL_CTX_free(handle)  // nobody else does: the object is not whole yet
            throw error
        }
        nameItself()
    }

    private static func setUp(
        _ handle: OpaquePointer, _ options: TLSOptions
    ) throws(TLSError) -> (groups: String, certificates: [CertificateFacts], staples: OCSPStaples) {
        try setVersions(handle, options)
        try setCiphers(handle, options)
        let groups = try KeyExchange.setGroups(options.groups, on: handle)
        if let path = options.dhParameters { try KeyExchange.setParameters(path, on: handle) }
        SessionTickets.set(options, on: handle)
        let loaded = try loadCertificates(handle, options)
        var staples = OCSPStaples.none
        if !options.staples.isEmpty {
            staples = OCSPStaples(options.staples, for: loaded.map(\.pointers), trusted: options.trusted)
            OCSPStaples.set(on: handle)
        }
        try options.clientVerification?.apply(to: handle)
        let commanded = try ConfigurationCommands.run(options.commands, on: handle)
        setServerOptions(handle)
        try SessionScope.set(on: handle, options)
        return (commanded ?? groups, loaded.map(\.facts), staples)
    }

    /// Whatever commands say: after the handshake nothing here is ready for another one.
    private static func setServerOptions(_ handle: OpaquePointer) {
        SSL_CTX_clear_options(handle, COpenSSLShims_CLIENT_RENEGOTIATION)
        SSL_CTX_set_options(handle, COpenSSLShims_SERVER_OPTIONS)
    }

    /// A context without a certificate, for connections whose ClientHello has not chosen among `contexts` yet: what
    /// OpenSSL takes from the first context of a connection for good is here. nil when there is no memory.
    init?(before contexts: [TLSContext]) {
        guard let handle = Self.makeHandle() else {
            ERR_clear_error()
            return nil
        }
        self.handle = handle
        applicationProtocols = nil
        ticketKeys = nil
        sessionCache = nil
        certificates = []
        staples = .none
        SessionTickets.set(before: contexts, on: handle)
        // A connection of a server with others gets them when it has chosen.
        groups = contexts.first.flatMap { try? KeyExchange.setGroups($0.groups, on: handle) } ?? ""
        nameItself()
    }

    /// The one that a connection has now. Only while hands are shaken: then it is kept alive by the connection's names.
    static func of(_ ssl: OpaquePointer) -> TLSContext? {
        SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), place).map { Unmanaged.fromOpaque($0).takeUnretainedValue() }
    }

    private static let place = COpenSSLShims_new_context_index()

    private func nameItself() { SSL_CTX_set_ex_data(handle, Self.place, Unmanaged.passUnretained(self).toOpaque()) }

    deinit { SSL_CTX_free(handle) }

    /// What the contexts of all servers have in common, and SSL_set_SSL_CTX does not carry over.
    private static func makeHandle() -> OpaquePointer? {
        guard let handle = SSL_CTX_new(TLS_server_method()) else { return nil }
        _ = COpenSSLShims_SSL_CTX_set_mode(handle, COpenSSLShims_SERVER_MODE)
        setServerOptions(handle)
        _ = COpenSSLShims_SSL_CTX_set_session_cache_mode(handle, Int(SSL_SESS_CACHE_OFF))
        // Takes several records at a time out of the loop's buffer: small ones would each cost two reads and a buffer.
        COpenSSLShims_SSL_CTX_set_read_ahead(handle, 1)
        return handle
    }
}
