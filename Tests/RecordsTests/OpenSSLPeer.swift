import COpenSSL
import Records
import Synchronization
import Testing

/// A client of OpenSSL's, whose handshake with a server of OpenSSL's is over: the server's place is a `Side`'s from there on.
final class OpenSSLPeer {
    let suite: CipherSuite
    private let contexts: [OpaquePointer]
    private let client: OpaquePointer
    /// Of the application traffic.
    private(set) var clientSecret: [UInt8] = []
    private(set) var serverSecret: [UInt8] = []

    init(_ suite: CipherSuite, padding block: Int = 0) throws {
        self.suite = suite
        let name = [
            CipherSuite.aes128GCM: "TLS_AES_128_GCM_SHA256", .aes256GCM: "TLS_AES_256_GCM_SHA384",
            .chacha20Poly1305: "TLS_CHACHA20_POLY1305_SHA256",
        ]
        contexts = try [TLS_client_method(), TLS_server_method()].map { method in
            let context = try #require(SSL_CTX_new(method))
            try #require(SSL_CTX_set_ciphersuites(context, name[suite] ?? "") == 1)
            COpenSSLShims_SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION)
            return context
        }
        if block > 0 { SSL_CTX_set_block_padding(contexts[0], block) }
        try Self.certify(contexts[1])
        SSL_CTX_set_num_tickets(contexts[1], 0)
        SSL_CTX_set_keylog_callback(contexts[1]) { ssl, line in
            guard let ssl, let line else { return }
            OpenSSLPeer.lines.withLock { $0[UInt(bitPattern: ssl), default: []].append(String(cString: line)) }
        }
        client = try #require(SSL_new(contexts[0]))
        SSL_set_connect_state(client)
        try shakeHands()
    }

    deinit {
        SSL_free(client)
        for context in contexts { SSL_CTX_free(context) }
    }

    private static let lines = Mutex<[UInt: [String]]>([:])

    private func shakeHands() throws {
        let server = try #require(SSL_new(contexts[1]))
        defer { SSL_free(server) }
        SSL_set_accept_state(server)
        let (up, down) = (BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()))
        BIO_up_ref(up)
        BIO_up_ref(down)
        SSL_set_bio(client, down, up)
        SSL_set_bio(server, up, down)
        var isDone = false
        for _ in 0..<10 where !isDone {
            let results = (SSL_do_handshake(client), SSL_do_handshake(server))
            isDone = results == (1, 1)
        }
        try #require(isDone)
        let lines = Self.lines.withLock { $0.removeValue(forKey: UInt(bitPattern: server)) ?? [] }
        for line in lines {
            let words = line.split(separator: " ")
            guard words.count == 3 else { continue }
            if words[0] == "CLIENT_TRAFFIC_SECRET_0" { clientSecret = KnownAnswerTests.bytes(String(words[2])) }
            if words[0] == "SERVER_TRAFFIC_SECRET_0" { serverSecret = KnownAnswerTests.bytes(String(words[2])) }
        }
    }

    /// The server's record layer.
    func side(changingKeysAfter limit: UInt64 = RecordLayer.mostRecords, ciphers: RecordCiphers? = nil) throws -> Side {
        try Side(suite, reads: clientSecret, writes: serverSecret, changingKeysAfter: limit, ciphers: ciphers)
    }

    /// The records that the client makes of these bytes.
    func write(_ content: [UInt8]) -> [UInt8] {
        #expect(content.isEmpty || Int(SSL_write(client, content, Int32(content.count))) == content.count)
        return taken()
    }

    /// What the client has to send.
    func taken() -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: BIO_ctrl_pending(SSL_get_wbio(client)))
        let count = BIO_read(SSL_get_wbio(client), &bytes, Int32(bytes.count))
        return Array(bytes.prefix(max(0, Int(count))))
    }

    /// What the client reads from these records; nil: it refuses them.
    func read(_ records: [UInt8]) -> [UInt8]? {
        #expect(Int(BIO_write(SSL_get_rbio(client), records, Int32(records.count))) == records.count)
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 32_768)
        while true {
            let count = SSL_read(client, &buffer, Int32(buffer.count))
            if count > 0 {
                content += buffer.prefix(Int(count))
                continue
            }
            let error = SSL_get_error(client, count)
            ERR_clear_error()
            return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_ZERO_RETURN ? content : nil
        }
    }

    /// Changes the client's keys with its next record, and asks for new ones from the other side.
    func updateKeys(isAsking: Bool) {
        #expect(SSL_key_update(client, isAsking ? SSL_KEY_UPDATE_REQUESTED : SSL_KEY_UPDATE_NOT_REQUESTED) == 1)
    }

    func shutDown() -> [UInt8] {
        SSL_shutdown(client)
        return taken()
    }

    /// Whether the client has been told that nothing more comes.
    var hasBeenClosed: Bool { SSL_get_shutdown(client) & SSL_RECEIVED_SHUTDOWN != 0 }

    private static func certify(_ context: OpaquePointer) throws {
        let maker = EVP_PKEY_CTX_new_id(EVP_PKEY_ED25519, nil)
        defer { EVP_PKEY_CTX_free(maker) }
        var key: OpaquePointer?
        try #require(EVP_PKEY_keygen_init(maker) == 1 && EVP_PKEY_keygen(maker, &key) == 1)
        let certificate = X509_new()
        defer {
            EVP_PKEY_free(key)
            X509_free(certificate)
        }
        X509_gmtime_adj(X509_getm_notBefore(certificate), -60)
        X509_gmtime_adj(X509_getm_notAfter(certificate), 3600)
        X509_set_pubkey(certificate, key)
        try #require(X509_sign(certificate, key, nil) > 0)
        try #require(SSL_CTX_use_certificate(context, certificate) == 1 && SSL_CTX_use_PrivateKey(context, key) == 1)
    }
}
