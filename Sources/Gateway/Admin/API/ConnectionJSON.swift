import Telemetry
import Wire

extension JSONWriter {
    /// One connection, as the OpenAPI document's `Connection`.
    mutating func value(_ connection: APIConnection) {
        object { writer in
            writer.field("id", LogText.connectionID(connection.id))
            writer.field("state", connection.state)
            writer.field("remote_addr", connection.address.host)
            writer.field("remote_port", connection.address.port)
            writer.field("listener", connection.listener)
            writer.field("server_name", connection.serverName)
            writer.field("transport", connection.transport)
            writer.field("protocol", connection.httpProtocol)
            writer.field("uri", connection.uri)
            writer.field("connected_at", Timestamp.iso8601(connection.connectedAt))
            writer.field("age", milliseconds: connection.age)
            writer.member("tls", connection.tls) { $0.members($1) }
            writer.member("websocket", connection.webSocket) { $0.members($1) }
            writer.member("mqtt", connection.mqtt) { $0.members($1) }
            writer.member("upstream", connection.upstream) { $0.members($1) }
            writer.object("received") { $0.members(connection.received, .received) }
            writer.object("sent") { $0.members(connection.sent, .sent) }
            writer.member("end", connection.end) { $0.members($1) }
        }
    }

    /// An object, or null where there is nothing.
    mutating func member<Value>(
        _ name: StaticString, _ value: Value?, _ body: (inout JSONWriter, Value) -> Void
    ) {
        guard let value else { return nullField(name) }
        object(name) { body(&$0, value) }
    }

    private mutating func members(_ tls: APIConnection.TLS) {
        field("version", tls.version)
        field("cipher", tls.cipher)
        field("group", tls.group)
        field("resumed", tls.isResumed)
        field("server_name", tls.serverName)
        field("client_cn", tls.clientCommonName)
    }

    private mutating func members(_ webSocket: APIConnection.WebSocket) {
        field("subprotocol", webSocket.subprotocol)
        field("frames_received", webSocket.framesReceived)
        field("frames_sent", webSocket.framesSent)
        field("pings_received", webSocket.pingsReceived)
        field("pings_sent", webSocket.pingsSent)
        field("pongs_received", webSocket.pongsReceived)
        field("ping_rtt", microseconds: webSocket.roundTrip)
    }

    private mutating func members(_ mqtt: APIConnection.MQTT) {
        field("version", mqtt.version)
        field("client_id", mqtt.clientID)
        field("username", mqtt.username)
        field("keepalive", mqtt.keepAlive)
        field("clean_start", mqtt.cleanStart)
        field("auth_method", mqtt.authMethod)
        field("auth_seconds", microseconds: mqtt.admissionTime)
        field("connack_seconds", microseconds: mqtt.connackTime)
    }

    private mutating func members(_ upstream: APIConnection.Upstream) {
        field("name", upstream.name)
        field("peer", upstream.peer)
        field("tries", upstream.tries)
    }

    private mutating func members(_ facts: APIConnection.Direction, _ direction: PacketDirection) {
        field("bytes", facts.bytes)
        field("packets", facts.packets)
        field("publish_payload_bytes", facts.counts.payloadBytes)
        field("idle", milliseconds: facts.idle)
        field("waiting_bytes", facts.waiting)
        object("backpressure") { writer in
            writer.field("count", facts.pauses)
            writer.field("seconds", milliseconds: facts.paused)
        }
        object("by_type") { writer in
            for kind in PacketKind.allCases where facts.counts[kind].packets > 0 {
                writer.name(kind.name(direction))
                writer.object { writer in
                    writer.field("packets", facts.counts[kind].packets)
                    writer.field("bytes", facts.counts[kind].bytes)
                }
            }
        }
    }

    private mutating func members(_ end: APIConnection.End) {
        field("at", Timestamp.iso8601(end.at))
        field("cause", end.cause)
        field("side", end.side)
        field("websocket_code", end.webSocketCode)
        field("mqtt_reason", end.mqttReason)
    }
}
