import COpenSSL

/// What a loop needs to make connections: the BIO method, and the buffers that they share.
package final class TLSEngine {
    package let buffers: TLSBuffersPointer
    let method: OpaquePointer

    /// `buffers` outlives the engine and its connections.
    package init(buffers: TLSBuffersPointer) throws(TLSError) {
        guard let method = MemoryBIO.makeMethod() else { throw TLSError("OpenSSL: \(ErrorQueue.take().reason)") }
        self.method = method
        self.buffers = buffers
    }

    deinit { BIO_meth_free(method) }
}

/// The server's side of one TLS connection, over the buffers of its loop. Used by the thread of its loop alone.
///
/// Ciphertext comes in through `buffers.input`, and goes out through `buffers.output`: whoever calls gives the one
/// before and sends the other after each call.
package struct TLSConnection: ~Copyable {
    package enum Handshake {
        case complete, incomplete
        case failed(TLSFailure)
    }
    package enum Read {
        case bytes(Int)
        case incomplete, closed
        case failed(TLSFailure)
    }

    private let ssl: OpaquePointer
    private let buffers: TLSBuffersPointer
    /// OpenSSL calls it by its address while hands are shaken, and never afterwards: renegotiation is off.
    private var names: TLSServerNames?

    /// nil when there is no memory, or `names` has no context.
    package init?(_ names: TLSServerNames, _ engine: TLSEngine) {
        guard let context = names.first, let ssl = SSL_new(context.handle) else {
            ERR_clear_error()
            return nil
        }
        guard let bio = MemoryBIO.make(engine.method, engine.buffers) else {
            SSL_free(ssl)
            ERR_clear_error()
            return nil
        }
        SSL_set_bio(ssl, bio, bio)  // takes the one reference, as both sides are the same
        SSL_set_accept_state(ssl)
        self.ssl = ssl
        self.names = names
        buffers = engine.buffers
    }

    deinit { SSL_free(ssl) }

    package mutating func handshake() -> Handshake {
        let result = SSL_do_handshake(ssl)
        if result == 1 {
            names = nil
            return .complete
        }
        if SSL_get_error(ssl, result) == SSL_ERROR_WANT_READ { return .incomplete }
        if let reason = ErrorQueue.takeVerificationFailure(ssl) {
            return .failed(TLSFailure(reason: reason, isPlainHTTP: false))
        }
        return .failed(ErrorQueue.takeFailure())
    }

    /// Decrypts up to one record. Call it until it is `incomplete`, or whole records stay inside OpenSSL.
    @inline(__always)
    package mutating func read(into bytes: UnsafeMutableRawPointer, capacity: Int) -> Read {
        let count = SSL_read(ssl, bytes, Int32(truncatingIfNeeded: capacity))
        if count > 0 { return .bytes(Int(count)) }
        return readOutcome(count)
    }

    /// Whether all input was taken and decrypted: another `read` would find nothing. SSL_has_pending and not
    /// SSL_pending: a part of a record, or whole ones, can stay inside OpenSSL.
    @inline(__always)
    package var isDrained: Bool { buffers.pointee.input == buffers.pointee.inputEnd && SSL_has_pending(ssl) == 0 }

    private mutating func readOutcome(_ result: Int32) -> Read {
        switch SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ: return .incomplete
        case SSL_ERROR_ZERO_RETURN: return .closed
        default: return .failed(ErrorQueue.takeFailure())
        }
    }

    /// Encrypts what fits into the output; returns how many bytes it took: fewer than `count` means that the output
    /// must be sent first. nil: the connection has failed, and nothing of it is left in the output, where another connection
    /// would find it.
    @inline(__always)
    package mutating func write(_ bytes: UnsafeRawPointer, count: Int) -> Int? {
        var taken = 0
        while taken < count {
            let written = SSL_write(ssl, bytes + taken, Int32(truncatingIfNeeded: min(count &- taken, 1 << 30)))
            guard written > 0 else {
                return writeOutcome(written) ? taken : nil
            }
            taken &+= Int(written)
        }
        return taken
    }

    private mutating func writeOutcome(_ result: Int32) -> Bool {
        let isFull = SSL_get_error(ssl, result) == SSL_ERROR_WANT_WRITE
        if !isFull {
            ERR_clear_error()
            buffers.pointee.outputCount = 0
        }
        return isFull
    }

    /// Says goodbye (close_notify, RFC 8446 §6.1).
    package mutating func shutdown() {
        _ = SSL_shutdown(ssl)
        ERR_clear_error()
    }

    /// "TLSv1.3"
    package var version: String { SSL_get_version(ssl).map { String(cString: $0) } ?? "" }

    /// "TLS_AES_128_GCM_SHA256"
    package var cipher: String {
        SSL_CIPHER_get_name(SSL_get_current_cipher(ssl)).map { String(cString: $0) } ?? ""
    }

    /// The group of the key exchange: "X25519", "prime256v1", "X25519MLKEM768", as nginx's $ssl_curve. Empty: none.
    package var group: String { KeyExchange.group(of: ssl) }

    /// Who the client has proved to be, in this handshake or in the one that this session resumes. nil: the server does
    /// not ask, or the client has sent no certificate.
    package var peerCertificate: ClientCertificate? {
        guard SSL_get_verify_mode(ssl) & SSL_VERIFY_PEER != 0, SSL_get_verify_result(ssl) == Int(X509_V_OK),
            let certificate = SSL_get0_peer_certificate(ssl)
        else { return nil }
        return ClientCertificate(certificate)
    }

    /// Which of the contexts of its `TLSServerNames` has shaken hands; 0 for a context that stands alone.
    package var contextIndex: Int { Int(MemoryBIO.number(of: ssl)) }

    /// Whether the handshake has resumed an earlier session (RFC 8446 §2.2, RFC 5077).
    package var isResumed: Bool { SSL_session_reused(ssl) == 1 }

    /// The name that the client asked for (SNI), lower case. In TLS 1.2 a resumed session keeps the name that it began
    /// with.
    package var serverName: String? {
        SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name).map { String(cString: $0).lowercased() }
    }

    /// The protocol that was agreed on (RFC 7301); nil: none.
    package var applicationProtocol: String? {
        var name: UnsafePointer<UInt8>?
        var count: UInt32 = 0
        SSL_get0_alpn_selected(ssl, &name, &count)
        guard let name, count > 0 else { return nil }
        return String(decoding: UnsafeBufferPointer(start: name, count: Int(count)), as: UTF8.self)
    }
}
