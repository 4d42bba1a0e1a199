/// Why an opening handshake is refused, and what to answer.
package struct HandshakeRefusal: Error, Sendable, Hashable {
    /// What was at fault; counters and logs read this, never the text.
    package let kind: Kind
    /// What to answer.
    package let status: HTTPStatus
    /// The fault in plain words, for the log and the body of the answer.
    package let detail: String
    /// Fields the answer must carry besides those of every response.
    package let fields: [HTTPField]

    /// The checks of `Handshake.evaluate`, in their order.
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        /// The method is not GET.
        case method
        /// HTTP/1.0.
        case httpVersion = "http_version"
        /// No "Upgrade: websocket": an ordinary request, perhaps a page or a health check.
        case notWebSocket = "not_websocket"
        /// Connection does not name "upgrade"; often a proxy in front dropped it.
        case connection
        /// Sec-WebSocket-Version is not 13.
        case webSocketVersion = "websocket_version"
        /// Sec-WebSocket-Key is missing, repeated or malformed.
        case key
        /// The Origin is not allowed.
        case origin
        /// No subprotocol in common, or none offered.
        case subprotocol
    }

    init(_ kind: Kind, _ status: HTTPStatus, _ detail: String, fields: [HTTPField] = []) {
        self.kind = kind
        self.status = status
        self.detail = detail
        self.fields = fields
    }
}

extension HTTPResponse {
    /// The answer to a handshake that was refused.
    package init(_ refusal: HandshakeRefusal) {
        self.init(status: refusal.status, detail: refusal.detail, fields: refusal.fields)
    }
}
