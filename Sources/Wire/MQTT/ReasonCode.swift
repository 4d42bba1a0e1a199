/// The reason codes of CONNACK and DISCONNECT in MQTT 5.0 (§3.2.2.2, §3.14.2.1, table §2.4).
package enum ReasonCode: UInt8, Sendable, CaseIterable {
    /// CONNACK: success. DISCONNECT: normal disconnection.
    case success = 0x00
    /// DISCONNECT, client only: the server is to publish the will.
    case disconnectWithWillMessage = 0x04
    /// The sender does not say why.
    case unspecifiedError = 0x80
    /// The bytes are no packet of this version.
    case malformedPacket = 0x81
    /// A sound packet that the protocol does not allow here.
    case protocolError = 0x82
    /// Sound, but this server does not accept it.
    case implementationSpecificError = 0x83
    /// CONNACK: this version of MQTT is not spoken here.
    case unsupportedProtocolVersion = 0x84
    /// CONNACK: the client identifier is sound, but not allowed.
    case clientIdentifierNotValid = 0x85
    /// CONNACK: the user name or the password is wrong.
    case badUserNameOrPassword = 0x86
    /// The client may not do this.
    case notAuthorized = 0x87
    /// CONNACK: no server is available.
    case serverUnavailable = 0x88
    /// Try again later.
    case serverBusy = 0x89
    /// CONNACK: the client is banned.
    case banned = 0x8A
    /// DISCONNECT: the server shuts down.
    case serverShuttingDown = 0x8B
    /// CONNACK: the authentication method is not supported.
    case badAuthenticationMethod = 0x8C
    /// DISCONNECT: nothing came for one and a half times the keep alive.
    case keepAliveTimeout = 0x8D
    /// DISCONNECT: another connection uses the same client identifier.
    case sessionTakenOver = 0x8E
    /// DISCONNECT: a topic filter is sound, but not allowed.
    case topicFilterInvalid = 0x8F
    /// A topic name is not allowed; in CONNACK that of the will.
    case topicNameInvalid = 0x90
    /// DISCONNECT: more unacknowledged messages than Receive Maximum.
    case receiveMaximumExceeded = 0x93
    /// DISCONNECT: a topic alias is 0 or above Topic Alias Maximum.
    case topicAliasInvalid = 0x94
    /// The packet is longer than the server accepts.
    case packetTooLarge = 0x95
    /// DISCONNECT: messages come too fast.
    case messageRateTooHigh = 0x96
    /// A limit set by the operator is reached.
    case quotaExceeded = 0x97
    /// DISCONNECT: an operator closed the connection.
    case administrativeAction = 0x98
    /// A payload is not of the format it claims; in CONNACK that of the will.
    case payloadFormatInvalid = 0x99
    /// Retained messages are not supported; in CONNACK that of the will.
    case retainNotSupported = 0x9A
    /// The QoS is not supported; in CONNACK that of the will.
    case qosNotSupported = 0x9B
    /// Temporary: the client should use another server.
    case useAnotherServer = 0x9C
    /// Permanent: the client should use another server from now on.
    case serverMoved = 0x9D
    /// DISCONNECT: shared subscriptions are not supported.
    case sharedSubscriptionsNotSupported = 0x9E
    /// Connections come too fast.
    case connectionRateExceeded = 0x9F
    /// DISCONNECT: the time granted to this connection is over.
    case maximumConnectTime = 0xA0
    /// DISCONNECT: subscription identifiers are not supported.
    case subscriptionIdentifiersNotSupported = 0xA1
    /// DISCONNECT: wildcard subscriptions are not supported.
    case wildcardSubscriptionsNotSupported = 0xA2
}

extension ReasonCode {
    /// The CONNACK return code with which MQTT 3.1 and 3.1.1 say the same (3.1.1 §3.2.2.3);
    /// nil: no such code fits, so the connection is closed without a CONNACK [MQTT-3.2.2-6].
    package var connectReturnCode: UInt8? {
        switch self {
        case .success: 0x00
        case .unsupportedProtocolVersion: 0x01
        case .clientIdentifierNotValid: 0x02
        case .serverUnavailable, .serverBusy, .quotaExceeded, .useAnotherServer, .serverMoved,
            .connectionRateExceeded:
            0x03
        case .badUserNameOrPassword: 0x04
        case .notAuthorized, .banned, .badAuthenticationMethod: 0x05
        default: nil
        }
    }

    /// Whether a 5.0 CONNACK may carry this code (MQTT 5.0 §3.2.2.2) [MQTT-3.2.2-8].
    package var isAllowedInConnack: Bool {
        switch self {
        case .success, .unspecifiedError, .malformedPacket, .protocolError, .implementationSpecificError,
            .unsupportedProtocolVersion, .clientIdentifierNotValid, .badUserNameOrPassword, .notAuthorized,
            .serverUnavailable, .serverBusy, .banned, .badAuthenticationMethod, .topicNameInvalid,
            .packetTooLarge, .quotaExceeded, .payloadFormatInvalid, .retainNotSupported, .qosNotSupported,
            .useAnotherServer, .serverMoved, .connectionRateExceeded:
            true
        default: false
        }
    }

    /// Whether a DISCONNECT sent by a server may carry this code (MQTT 5.0 §3.14.2.1) [MQTT-3.14.2-1].
    package var isAllowedInServerDisconnect: Bool {
        switch self {
        case .disconnectWithWillMessage, .unsupportedProtocolVersion, .clientIdentifierNotValid,
            .badUserNameOrPassword, .serverUnavailable, .banned, .badAuthenticationMethod:
            false
        default: true
        }
    }
}
