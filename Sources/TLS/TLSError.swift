import COpenSSL

/// A TLS set-up that cannot work: a certificate, key or option is wrong. `description` names the file.
package struct TLSError: Error, Equatable, Sendable, CustomStringConvertible {
    package let description: String
    init(_ description: String) { self.description = description }
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
    /// Takes the oldest error of this thread and empties the queue: what stays would be reported for the next connection.
    static func take() -> (code: UInt, reason: String) {
        let code = ERR_get_error()
        ERR_clear_error()
        guard code != 0 else { return (0, TLSFailure.lost) }
        return (code, ERR_reason_error_string(code).map { String(cString: $0) } ?? "error \(code)")
    }

    static func takeFailure() -> TLSFailure {
        let error = take()
        let isHTTP = error.code != 0 && COpenSSLShims_ERR_GET_REASON(error.code) == SSL_R_HTTP_REQUEST
        return TLSFailure(reason: error.reason, isPlainHTTP: isHTTP)
    }
}
