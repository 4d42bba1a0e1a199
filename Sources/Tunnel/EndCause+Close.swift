import Wire

/// What a client is told when its session ends: this is the one table for it.
extension EndCause {
    /// How a session's end is put to its client.
    package struct Goodbye: Equatable, Sendable {
        /// Of the WebSocket Close: one that every client library takes (RFC 6455 §7.4.1, IANA registry).
        package let code: CloseCode
        /// The reason of the Close, and the Reason String of the DISCONNECT: ASCII, at most 100 bytes, useful to someone who
        /// debugs the client.
        package let words: String
        /// Of the DISCONNECT that a 5.0 client gets first when its session is open; nil when nobody is there to read it, and
        /// when the broker closed: only the broker knows why, and it has said so or has chosen not to.
        package let reason: ReasonCode?

        init(_ code: CloseCode, _ words: String, _ reason: ReasonCode? = nil) {
            self.code = code
            self.words = words
            self.reason = reason
        }
    }

    /// The row of the table.
    package var goodbye: Goodbye {
        switch self {
        case .clientDisconnect, .clientClosed, .clientLost, .served: Goodbye(.normal, "")
        case .clientIdle: Goodbye(.policyViolation, "silent for longer than its Keep Alive allows")

        case .webSocketError: Goodbye(.protocolError, "WebSocket protocol violation", .protocolError)
        case .textFrame: Goodbye(.unsupportedData, "a text frame: MQTT is binary", .protocolError)

        case .connectTimeout: Goodbye(.policyViolation, "no CONNECT in time")
        case .connectMalformed: Goodbye(.protocolError, "the CONNECT violates the MQTT protocol")
        case .connectTooLarge: Goodbye(.messageTooBig, "the CONNECT is too large")
        case .versionRefused: Goodbye(.policyViolation, "this version of MQTT is not supported")
        case .clientIDRefused: Goodbye(.policyViolation, "the client identifier is not accepted")

        case .addressRefused, .credentialsMissing, .credentialsRefused, .tokenRefused, .notAuthorized,
            .identityRefused:
            Goodbye(.policyViolation, "not authorized")
        case .authUnavailable, .authTimeout: Goodbye(.tryAgainLater, "authentication is not available")
        case .authBusy: Goodbye(.tryAgainLater, "authentication is busy")
        case .tokenExpired: Goodbye(.policyViolation, "the credentials have expired", .maximumConnectTime)

        case .accessRevoked: Goodbye(.policyViolation, "access has been revoked", .notAuthorized)
        case .connectionLimit: Goodbye(.tryAgainLater, "too many connections")
        case .connectRate: Goodbye(.tryAgainLater, "too many CONNECTs: try again later")
        case .pendingConnects, .memoryLimit: Goodbye(.tryAgainLater, "the gateway is busy: try again later")

        case .malformedPacket: Goodbye(.protocolError, "a malformed MQTT packet", .malformedPacket)
        case .protocolError: Goodbye(.protocolError, "an MQTT packet that is not allowed here", .protocolError)
        case .packetTooLarge: Goodbye(.messageTooBig, "the MQTT packet is too large", .packetTooLarge)

        case .noUpstream, .sourcePortsExhausted: Goodbye(.tryAgainLater, "no broker is available")
        case .refusedByBroker: Goodbye(.policyViolation, "the broker refused the connection")
        case .brokerDisconnect: Goodbye(.normal, "")
        case .brokerLost: Goodbye(.serviceRestart, "the broker closed the connection")
        case .brokerProtocolError:
            Goodbye(.internalError, "the broker violated the MQTT protocol", .unspecifiedError)
        case .brokerStalled: Goodbye(.tryAgainLater, "the broker accepts no more data", .unspecifiedError)

        case .shutdown, .drained: Goodbye(.goingAway, "server shutting down", .serverShuttingDown)
        case .rebalanced: Goodbye(.serviceRestart, "moved to another broker: reconnect", .useAnotherServer)
        case .kicked: Goodbye(.policyViolation, "closed by the operator", .administrativeAction)
        case .outOfResources: Goodbye(.internalError, "the gateway is out of resources", .serverBusy)

        // Before there is a session: nobody is told so.
        case .proxyHeaderTimeout, .proxyHeaderInvalid, .proxyHeaderUntrusted, .tlsFailed, .plainHTTPToTLS,
            .handshakeRate,
            .handshakeTimeout, .requestTimeout, .keepaliveTimeout, .sendTimeout, .fileChanged, .requestRefused,
            .originRefused:
            Goodbye(.policyViolation, "")
        // They end the sessions of their connection as well.
        case .http2Error: Goodbye(.protocolError, "HTTP/2 protocol violation", .protocolError)
        case .http2Flood: Goodbye(.policyViolation, "too many HTTP/2 frames", .unspecifiedError)
        }
    }

    /// Whether the packet under way is finished first, so that the client can still be told: the gateway wants the end, and
    /// both sides are sound.
    package var waitsForPacket: Bool {
        switch self {
        case .drained, .rebalanced, .kicked, .tokenExpired: true
        default: false
        }
    }
}
