import COpenSSL
import CShims

/// A TLS set-up that cannot work: a certificate, key or option is wrong.
package struct TLSError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The part of `TLSOptions` that is wrong.
    package enum Subject: Equatable, Sendable {
        /// Of the pair with this index.
        case certificate(Int)
        case key(Int)
        case passPhrases
        case ciphers
        case groups
        case dhParameters
        /// With this index.
        case command(Int)
        case ticketKey(Int)
        case stapling(Int)
        case authorities
        case trusted
        case revocationLists
    }

    /// What is wrong; names the file.
    package let message: String
    /// What would be right, or the command that makes it so.
    package let hint: String?
    /// nil: it is none of the operator's settings.
    package internal(set) var subject: Subject?

    init(_ message: String, hint: String? = nil) {
        self.message = message
        self.hint = hint
    }

    /// `message`, then `; hint` when there is one.
    package var description: String { hint.map { "\(message); \($0)" } ?? message }

    /// As this one, about `subject`.
    func about(_ subject: Subject) -> TLSError {
        var error = self
        error.subject = subject
        return error
    }
}

/// Why a handshake or an established connection failed.
package struct TLSFailure: Equatable, Sendable {
    /// OpenSSL's words, for the log: "no shared cipher".
    package let reason: String
    /// The client sent an HTTP request in the clear.
    package let isPlainHTTP: Bool

    /// The reason of a connection that broke without an error of TLS.
    package static let lost = "connection lost"
}

enum ErrorQueue {
    /// Takes the oldest error of this thread and empties the queue: what stays would be reported for the next
    /// connection.
    static func take() -> (code: UInt, reason: String) {
        let code = ERR_get_error()
        ERR_clear_error()
        guard code != 0 else { return (0, TLSFailure.lost) }
        return (code, text(code))
    }

    /// OpenSSL has no words of its own for errors of system calls: a file that is missing is one.
    private static func text(_ code: UInt) -> String {
        if let reason = ERR_reason_error_string(code) { return String(cString: reason) }
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
            guard let text = buffer.baseAddress else { return "error \(code)" }
            CShims_error_text(COpenSSLShims_ERR_GET_REASON(code), text, buffer.count)
            return String(cString: text)
        }
    }

    /// The reason when it is the client's certificate: what is wrong with it, or that there is none; the queue is empty
    /// then. nil: it is something else, and the queue is untouched.
    static func takeVerificationFailure(_ ssl: OpaquePointer) -> String? {
        // TLS reports last; the code that looks at certificates may have left errors of its own before it.
        switch COpenSSLShims_ERR_GET_REASON(ERR_peek_last_error()) {
        case SSL_R_CERTIFICATE_VERIFY_FAILED:
            ERR_clear_error()
            let words = X509_verify_cert_error_string(SSL_get_verify_result(ssl)).map { String(cString: $0) }
            return "certificate verify failed: \(words ?? "")"
        case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
            ERR_clear_error()
            return "no certificate was sent"
        default: return nil
        }
    }

    static func takeFailure() -> TLSFailure {
        let error = take()
        let code = error.code == 0 ? 0 : COpenSSLShims_ERR_GET_REASON(error.code)
        let reason =
            code == SSL_R_NO_APPLICATION_PROTOCOL
            ? "the client does not offer http/1.1 (ALPN)" : error.reason
        return TLSFailure(reason: reason, isPlainHTTP: code == SSL_R_HTTP_REQUEST)
    }
}
