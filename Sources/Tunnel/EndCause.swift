import Wire

/// Why a connection or a session ended. The raw value is its name in logs and metrics: this file is the one place for them.
package enum EndCause: String, Sendable, BitwiseCopyable, CaseIterable {
    // The client, in good order
    /// DISCONNECT, then the end of the connection.
    case clientDisconnect = "client_disconnect"
    /// A WebSocket Close without DISCONNECT.
    case clientClosed = "client_closed"
    // The client, lost
    /// End of file, reset, or a TLS alert, without a Close.
    case clientLost = "client_lost"
    /// Nothing from the client for longer than its keep alive allows.
    case clientIdle = "client_idle"

    // Before the WebSocket
    /// The front did not send its PROXY protocol header in time.
    case proxyHeaderTimeout = "proxy_header_timeout"
    case proxyHeaderInvalid = "proxy_header_invalid"
    /// The connection is not from a front whose header is trusted.
    case proxyHeaderUntrusted = "proxy_header_untrusted"
    case tlsFailed = "tls_failed"
    case plainHTTPToTLS = "http_to_tls_port"
    case handshakeTimeout = "handshake_timeout"
    case requestTimeout = "request_timeout"
    /// No further request in time on a connection that was kept open.
    case keepaliveTimeout = "keepalive_timeout"
    /// The client did not take the response in time.
    case sendTimeout = "send_timeout"
    /// A file has become shorter while it was sent.
    case fileChanged = "file_changed"
    case requestRefused = "request_refused"
    case originRefused = "origin_refused"
    /// The client has broken a rule of HTTP/2.
    case http2Error = "http2_error"
    /// Frames of HTTP/2 that only cost work, more than any client needs.
    case http2Flood = "http2_flood"
    /// An HTTP request that was answered: a file, or a status.
    case served = "served"

    // WebSocket rules
    case webSocketError = "websocket_error"
    case textFrame = "text_frame"

    // The CONNECT gate
    case connectTimeout = "connect_timeout"
    case connectMalformed = "connect_malformed"
    case connectTooLarge = "connect_too_large"
    case versionRefused = "version_refused"
    case clientIDRefused = "client_id_refused"

    // Who is allowed in
    /// `deny`, or no `allow`, for the client's address.
    case addressRefused = "address_refused"
    /// No user name, password, token or certificate where one is needed.
    case credentialsMissing = "credentials_missing"
    case credentialsRefused = "credentials_refused"
    case tokenRefused = "token_refused"
    /// Known, but not allowed what it asks for.
    case notAuthorized = "not_authorized"
    /// The service that authenticates clients does not work.
    case authUnavailable = "auth_unavailable"
    case authBusy = "auth_busy"
    case authTimeout = "auth_timeout"
    /// The identity that was to be written into the CONNECT does not make a valid one.
    case identityRefused = "identity_refused"
    /// The session's token has expired.
    case tokenExpired = "token_expired"
    /// The user that the client has logged in as is gone, or its certificate has been revoked.
    case accessRevoked = "access_revoked"

    // Limits
    /// More new connections than `limit_handshake_rate` allows.
    case handshakeRate = "handshake_rate"
    /// More sessions than `limit_connections` allows.
    case connectionLimit = "connection_limit"
    /// More CONNECTs than `limit_connect_rate` allows.
    case connectRate = "connect_rate"
    /// More CONNECTs wait than `limit_pending_connects` allows.
    case pendingConnects = "pending_connects"
    /// The process has more memory than `memory_limit` allows.
    case memoryLimit = "memory_limit"

    // MQTT rules after CONNECT
    case malformedPacket = "malformed_packet"
    case protocolError = "protocol_error"
    case packetTooLarge = "packet_too_large"

    // The way to the broker
    case noUpstream = "no_upstream"
    /// No local port is left for a connection to any peer.
    case sourcePortsExhausted = "source_ports_exhausted"
    case refusedByBroker = "refused_by_broker"
    /// DISCONNECT of the broker, or an end of file after the client's.
    case brokerDisconnect = "broker_disconnect"
    /// End of file or reset from the broker.
    case brokerLost = "broker_lost"
    case brokerProtocolError = "broker_protocol_error"
    /// The broker has accepted no data for as long as the client's keep alive allows: the client was not read meanwhile.
    case brokerStalled = "broker_stalled"

    // The gateway itself
    case shutdown = "shutdown"
    case drained = "drained"
    /// Moved, so that a peer that is back gets its share.
    case rebalanced = "rebalanced"
    /// The operator has ended it.
    case kicked = "kicked"
    case outOfResources = "out_of_resources"

    /// The side that ended a session or a connection: `gateway` where the gateway did so, whoever gave the reason.
    package enum Side: String, Sendable { case client, upstream, gateway }

    /// Which side it was.
    package var side: Side {
        switch self {
        case .clientDisconnect, .clientClosed, .clientLost: .client
        case .refusedByBroker, .brokerDisconnect, .brokerLost: .upstream
        default: .gateway
        }
    }
}
