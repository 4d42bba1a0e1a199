/// Why a request head is refused before anybody looks at what it asks for.
package struct HTTPError: Error, Hashable, Sendable {
    /// What to answer.
    package let status: HTTPStatus
    /// Which part was at fault; counters and logs read this, never the text.
    package let cause: Cause
    /// The fault in plain words, for the log and the body of the answer. Never repeats bytes of the peer.
    package let detail: String

    /// Builds an error; see the properties.
    package init(status: HTTPStatus, cause: Cause, detail: String) {
        self.status = status
        self.cause = cause
        self.detail = detail
    }

    /// The part of the request head that was at fault.
    package enum Cause: Hashable, Sendable {
        /// Line endings, empty lines, or bytes after the head (RFC 9112 §2.2).
        case framing
        /// The request line (RFC 9112 §3).
        case requestLine
        /// The request target (RFC 9112 §3.2, RFC 3986).
        case target
        /// A field line (RFC 9112 §5).
        case field
        /// The Host field (RFC 9112 §3.2).
        case host
        /// A message body is announced, or announced ambiguously (RFC 9112 §6).
        case body
        /// A major version other than 1 (RFC 9110 §15.6.6).
        case version
        /// The head is longer than the limit, or has too many fields.
        case tooLarge
        /// The first bytes belong to another protocol: most often a port that is configured otherwise.
        case otherProtocol(OtherProtocol)
    }

    /// A protocol recognised by its first bytes where HTTP/1 was expected.
    package enum OtherProtocol: String, Hashable, Sendable, CaseIterable {
        /// A TLS record of type handshake, first byte 0x16 (RFC 8446 §5.1).
        case tls
        /// An MQTT CONNECT without WebSocket, first byte 0x10 (MQTT 5.0 §2.1).
        case mqtt
        /// A PROXY protocol header in its text form.
        case proxyV1 = "proxy_v1"
        /// A PROXY protocol header in its binary form.
        case proxyV2 = "proxy_v2"
        /// The connection preface of HTTP/2 (RFC 9113 §3.4).
        case http2

        /// What was seen and what to look at, in plain words.
        package var detail: String {
            switch self {
            case .tls: "a TLS ClientHello where plain HTTP was expected: does this port lack ssl?"
            case .mqtt: "an MQTT CONNECT without WebSocket: does this port expect WebSocket?"
            case .proxyV1: "a PROXY protocol v1 header where HTTP was expected: does this port lack proxy_protocol?"
            case .proxyV2: "a PROXY protocol v2 header where HTTP was expected: does this port lack proxy_protocol?"
            case .http2: "an HTTP/2 connection preface where HTTP/1.1 was expected"
            }
        }
    }
}

extension HTTPError {
    /// 400 for the given part.
    static func malformed(_ cause: Cause, _ detail: String) -> HTTPError {
        HTTPError(status: .badRequest, cause: cause, detail: detail)
    }

    /// 400, or 505 for HTTP/2, for bytes of another protocol.
    static func other(_ other: OtherProtocol) -> HTTPError {
        HTTPError(
            status: other == .http2 ? .httpVersionNotSupported : .badRequest,
            cause: .otherProtocol(other),
            detail: other.detail)
    }
}
