/// Text with variables, as in `log_format`.
package struct Template: Sendable, Equatable {
    package enum Segment: Sendable, Equatable {
        case text(String)
        case variable(Variable)
    }
    package var segments: [Segment]

    package init(segments: [Segment]) { self.segments = segments }
}

/// A `$variable`: what a session knows about itself.
package enum Variable: Sendable, Hashable {
    case remoteAddr, remotePort, serverName, serverPort, scheme, uri, httpVersion
    /// Parts of the request: the host without its port, the target, what follows its "?", "?" where there is one, the method.
    case host, requestURI, args, isArgs, requestMethod
    /// `$http_NAME`: a request field; the name is lower case with dashes.
    case http(String)
    case cookie(String)
    /// `$arg_NAME`: an argument of the query.
    case argument(String)
    case listener
    case sslProtocol, sslCipher, sslCurve, sslServerName, sslSessionReused
    case sslClientCN, sslClientDN, sslClientSerial, sslClientFingerprint, sslClientVerify
    case mqttClientID, mqttUsername, mqttVersion, mqttKeepalive, mqttCleanStart
    case websocketProtocol
    /// `$auth_method`: what admitted the client; `$auth_time`: and how long that took.
    case authMethod, authTime
    /// `$jwt_claim_NAME`: a claim of the client's token.
    case jwtClaim(String)
    case upstreamName, upstreamAddr, upstreamTries, upstreamConnackTime
    case connectionID, bytesIn, bytesOut, packetsIn, packetsOut, duration, timeISO8601
    /// How it ended.
    case statusReason, closeSide, websocketCloseCode, mqttReasonCode
}
