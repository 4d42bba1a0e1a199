import TLS

/// Why a TLS handshake with a client failed. The raw value is its name in metrics. The words of OpenSSL are many, and change
/// with its version: these are what an operator can tell apart.
enum HandshakeFailure: String, Sendable, CaseIterable {
    /// What came is not TLS.
    case notTLS = "not_tls"
    case unsupportedVersion = "unsupported_version"
    /// No cipher, group or signature algorithm that both sides know.
    case nothingInCommon = "nothing_in_common"
    /// The client does not offer http/1.1 (ALPN).
    case noApplicationProtocol = "no_application_protocol"
    /// A certificate is needed, and the client has sent none.
    case certificateMissing = "certificate_missing"
    /// The client's certificate was not accepted.
    case certificateRefused = "certificate_refused"
    /// An alert of the client: it does not accept the server's certificate.
    case certificateRefusedByClient = "certificate_refused_by_client"
    /// Another alert of the client.
    case alert = "alert"
    /// Not complete within `ssl_handshake_timeout`.
    case timeout = "timeout"
    /// The connection ended before the handshake was complete.
    case lost = "lost"
    /// Anything else that OpenSSL does not accept.
    case other = "other"

    init(_ failure: TLSFailure) {
        if failure.isPlainHTTP {
            self = .notTLS
        } else if failure.reason == TLSFailure.lost {
            self = .lost
        } else {
            self = Self.named[failure.reason] ?? Self.like(failure.reason)
        }
    }

    private static let named: [String: HandshakeFailure] = [
        "wrong version number": .notTLS, "https proxy request": .notTLS, "packet length too long": .notTLS,
        "unknown protocol": .notTLS,
        "unsupported protocol": .unsupportedVersion, "version too low": .unsupportedVersion,
        "version too high": .unsupportedVersion, "inappropriate fallback": .unsupportedVersion,
        "no certificate was sent": .certificateMissing, "unexpected eof while reading": .lost,
    ]

    private static func like(_ reason: String) -> HandshakeFailure {
        if reason.hasPrefix("certificate verify failed") { return .certificateRefused }
        if reason.contains("(ALPN)") { return .noApplicationProtocol }
        if reason.contains(" alert ") {
            return reason.contains("certificate") || reason.hasSuffix("unknown ca")
                ? .certificateRefusedByClient : .alert
        }
        return reason.hasPrefix("no shared ") || reason.hasPrefix("no suitable ") ? .nothingInCommon : .other
    }
}
