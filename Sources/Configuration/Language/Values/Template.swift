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
    /// `$http_NAME`: a request field; the name is lower case with dashes.
    case http(String)
    case cookie(String)
    /// `$arg_NAME`: an argument of the query.
    case argument(String)
    case sslProtocol, sslCipher
    case sslClientCN, sslClientDN, sslClientSerial, sslClientFingerprint, sslClientVerify
    case mqttClientID, mqttUsername, mqttVersion, mqttKeepalive, mqttCleanStart
    /// `$auth_method`: what admitted the client.
    case authMethod
    /// `$jwt_claim_NAME`: a claim of the client's token.
    case jwtClaim(String)
    case upstreamName, upstreamAddr
    case connectionID, bytesIn, bytesOut, packetsIn, packetsOut, duration, statusReason, timeISO8601
}
