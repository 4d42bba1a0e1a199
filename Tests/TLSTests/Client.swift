import COpenSSL
import Testing

@testable import TLS

/// A TLS client in memory: OpenSSL between two memory BIOs.
final class Client {
    struct Options {
        /// TLS1_2_VERSION or TLS1_3_VERSION, and no other.
        var version = TLS1_3_VERSION
        var name: String?
        var protocols: [String] = []
        var ciphers: String?
        var session: Session?
        /// What the client has to show when the server asks.
        var credential: Credential?
        /// Groups for the key exchange, the first with a share in the ClientHello; nil is OpenSSL's choice.
        var groups: String?
        /// Signature algorithms that it takes, if weak ones; nil is OpenSSL's choice.
        var signatures: String?
    }

    /// What a client keeps to resume.
    final class Session {
        fileprivate let handle: OpaquePointer
        fileprivate init(_ handle: OpaquePointer) { self.handle = handle }
        deinit { SSL_SESSION_free(handle) }
    }

    enum Read: Equatable {
        case bytes([UInt8])
        case incomplete, closed, failed
    }

    private let context: OpaquePointer
    private let ssl: OpaquePointer
    private let input: OpaquePointer
    private let output: OpaquePointer

    init(_ options: Options = Options()) throws {
        context = try #require(SSL_CTX_new(TLS_client_method()))
        SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nil)
        _ = COpenSSLShims_SSL_CTX_set_min_proto_version(context, options.version)
        _ = COpenSSLShims_SSL_CTX_set_max_proto_version(context, options.version)
        if let ciphers = options.ciphers { try #require(SSL_CTX_set_cipher_list(context, ciphers) == 1) }
        if var groups = options.groups.map({ Array($0.utf8CString) }) {
            try #require(SSL_CTX_ctrl(context, SSL_CTRL_SET_GROUPS_LIST, 0, &groups) == 1)
        }
        if var signatures = options.signatures.map({ Array($0.utf8CString) }) {
            SSL_CTX_set_security_level(context, 0)
            try #require(SSL_CTX_ctrl(context, SSL_CTRL_SET_SIGALGS_LIST, 0, &signatures) == 1)
        }
        if let credential = options.credential { try Self.use(credential, context) }
        ssl = try #require(SSL_new(context))
        input = try #require(BIO_new(BIO_s_mem()))
        output = try #require(BIO_new(BIO_s_mem()))
        BIO_ctrl(input, BIO_C_SET_BUF_MEM_EOF_RETURN, -1, nil)
        SSL_set_bio(ssl, input, output)
        SSL_set_connect_state(ssl)
        if var name = options.name.map({ Array($0.utf8CString) }) {
            let set = SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, Int(TLSEXT_NAMETYPE_host_name), &name)
            try #require(set == 1)
        }
        let protocols = options.protocols.flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }
        if !protocols.isEmpty { try #require(SSL_set_alpn_protos(ssl, protocols, UInt32(protocols.count)) == 0) }
        if let session = options.session { try #require(SSL_set_session(ssl, session.handle) == 1) }
    }

    deinit {
        // Else the session of a connection without a goodbye could not be resumed.
        SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN)
        SSL_free(ssl)
        SSL_CTX_free(context)
    }

    private static func use(_ credential: Credential, _ context: OpaquePointer) throws {
        SSL_CTX_set_security_level(context, 0)  // it is the server that is to refuse what is weak
        try #require(SSL_CTX_use_certificate(context, credential.certificate) == 1)
        try #require(SSL_CTX_use_PrivateKey(context, credential.key) == 1)
        for issuer in credential.chain {
            let added = SSL_CTX_ctrl(context, SSL_CTRL_CHAIN_CERT, 1, UnsafeMutableRawPointer(issuer.certificate))
            try #require(added == 1)
        }
    }

    /// The alert that the server has sent, RFC 8446 §6.
    private(set) var alert: Int32?

    /// Empties the error queue.
    private func endOfCall() {
        let reason = COpenSSLShims_ERR_GET_REASON(ERR_peek_last_error())
        if reason >= SSL_AD_REASON_OFFSET { alert = reason - SSL_AD_REASON_OFFSET }
        ERR_clear_error()
    }

    /// Ciphertext of the server.
    func feed(_ bytes: some Collection<UInt8>) {
        let bytes = Array(bytes)
        guard !bytes.isEmpty else { return }
        #expect(BIO_write(input, bytes, Int32(bytes.count)) == bytes.count)
    }

    /// Ciphertext for the server.
    func take() -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: BIO_ctrl_pending(output))
        guard !bytes.isEmpty else { return [] }
        #expect(BIO_read(output, &bytes, Int32(bytes.count)) == bytes.count)
        return bytes
    }

    /// Goes on with the handshake; whether it is complete.
    func handshake() -> Bool {
        defer { endOfCall() }
        return SSL_do_handshake(ssl) == 1
    }

    /// Encrypts, each array a record of its own.
    func write(_ records: [UInt8]...) {
        for bytes in records { #expect(SSL_write(ssl, bytes, Int32(bytes.count)) == bytes.count) }
    }

    /// Decrypts one record.
    func read() -> Read {
        defer { endOfCall() }
        var bytes = [UInt8](repeating: 0, count: 1 << 15)
        let count = SSL_read(ssl, &bytes, Int32(bytes.count))
        if count > 0 { return .bytes(Array(bytes.prefix(Int(count)))) }
        switch SSL_get_error(ssl, count) {
        case SSL_ERROR_WANT_READ: return .incomplete
        case SSL_ERROR_ZERO_RETURN: return .closed
        default: return .failed
        }
    }

    /// All that can be decrypted now.
    func readAll() -> [UInt8] {
        var all: [UInt8] = []
        while case .bytes(let bytes) = read() { all += bytes }
        return all
    }

    func shutdown() {
        _ = SSL_shutdown(ssl)
        ERR_clear_error()
    }

    var isResumed: Bool { SSL_session_reused(ssl) == 1 }

    /// What a later client can resume.
    func session() throws -> Session { Session(try #require(SSL_get1_session(ssl))) }

    /// How long the server says that the ticket is good, in seconds.
    var ticketLifetime: Int { SSL_get_session(ssl).map { Int(SSL_SESSION_get_ticket_lifetime_hint($0)) } ?? 0 }

    /// The names of the authorities that the server has sent; nil: it has not asked for a certificate.
    var authorities: [String]? {
        guard let names = SSL_get0_peer_CA_list(ssl) else { return nil }
        return (0..<max(OPENSSL_sk_num(names), 0)).map {
            CertificateText.distinguishedName(OPENSSL_sk_value(names, $0).map { OpaquePointer($0) })
        }
    }

    /// The protocol that the server chose (ALPN, RFC 7301).
    var chosenProtocol: String? {
        var (name, count) = (UnsafePointer<UInt8>?.none, UInt32(0))
        SSL_get0_alpn_selected(ssl, &name, &count)
        return name.map { String(decoding: UnsafeBufferPointer(start: $0, count: Int(count)), as: UTF8.self) }
    }

    /// "a.example", and the type of its key.
    var peer: (name: String, isRSA: Bool)? {
        guard let certificate = SSL_get1_peer_certificate(ssl) else { return nil }
        defer { X509_free(certificate) }
        var text = [CChar](repeating: 0, count: 256)
        X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, &text, Int32(text.count))
        let isRSA = EVP_PKEY_get_base_id(X509_get0_pubkey(certificate)) == EVP_PKEY_RSA
        return (String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self), isRSA)
    }
}
