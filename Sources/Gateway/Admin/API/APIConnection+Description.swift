import Tunnel

extension APIConnection {
    /// `listeners`: the addresses of the listeners, by identity. `now`: milliseconds since 1970-01-01 UTC.
    init(_ description: ConnectionDescription, listeners: [String], now: Int64) {
        id = description.id
        state = ConnectionState(description.phase, description.session?.phase).rawValue
        address = description.address
        if listeners.indices.contains(description.listenerIdentity) {
            listener = listeners[description.listenerIdentity]
        }
        serverName = description.serverName
        if !description.httpVersion.isEmpty { httpProtocol = "http/\(description.httpVersion)" }
        if description.carriesMQTT { transport = "mqtt" }
        uri = description.uri
        age = description.age
        connectedAt = (description.end?.at ?? now) - age
        if !description.tlsVersion.isEmpty {
            tls = TLS(
                version: description.tlsVersion, cipher: description.tlsCipher, group: description.tlsGroup,
                isResumed: description.isResumed,
                serverName: description.tlsServerName, clientCommonName: description.clientCommonName)
        }
        received.idle = age
        sent.idle = age
        if let session = description.session { take(session) }
        guard let end = description.end else { return }
        state = ConnectionState.closed.rawValue
        self.end = End(end, of: description)
    }

    private mutating func take(_ session: SessionDescription) {
        if let facts = session.webSocket {
            transport = "ws"
            webSocket = WebSocket(
                subprotocol: facts.subprotocol ?? "", framesReceived: facts.framesReceived,
                framesSent: facts.framesSent, pingsReceived: UInt64(facts.pingsReceived),
                pingsSent: UInt64(facts.pingsSent),
                pongsReceived: UInt64(facts.pongsReceived), roundTrip: facts.roundTrip.map { Int64($0) })
        }
        if let version = session.mqttVersion {
            mqtt = MQTT(
                version: version, clientID: session.clientID, username: session.username, keepAlive: session.keepAlive,
                cleanStart: session.cleanStart, authMethod: session.authMethod,
                admissionTime: session.admissionTime, connackTime: session.connackTime)
        }
        if session.tries > 0 {
            upstream = Upstream(name: session.upstreamName, peer: session.upstreamAddress, tries: session.tries)
        }
        received = Direction(session.received)
        sent = Direction(session.sent)
    }
}

extension APIConnection.Direction {
    fileprivate init(_ facts: DirectionFacts) {
        self.init(
            bytes: facts.bytes, counts: facts.packets, idle: facts.idle, waiting: facts.waiting,
            pauses: facts.backpressureCount, paused: facts.backpressureMilliseconds)
    }
}

extension APIConnection.End {
    fileprivate init(_ end: ConnectionDescription.End, of description: ConnectionDescription) {
        at = end.at
        cause = end.cause.rawValue
        side = end.cause.side.rawValue
        webSocketCode = end.farewell.webSocketCode
        mqttReason = end.farewell.mqttReason
    }
}
