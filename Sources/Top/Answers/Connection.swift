import Text

/// One connection, as a row of a table.
package struct Connection: Sendable, Equatable {
    /// How a connection that has ended did so.
    package struct End: Sendable, Equatable {
        /// ISO 8601.
        package let at: String
        package let cause: String
        package let side: String
        package let webSocketCode: Int?
        package let mqttReason: Int?
    }

    package let id: String
    package let state: String
    /// Address and port.
    package let remote: String
    package let address: String
    package let listener: String
    package let clientID: String
    package let username: String
    /// Of MQTT: 3.1, 3.1.1 or 5.0.
    package let version: String
    package let upstream: String
    package let peer: String
    package let age: Double
    /// From the client.
    package let received: Traffic
    /// To the client.
    package let sent: Traffic
    /// Seconds since the last byte from the client; nil: there was none.
    package let receivedIdle: Double?
    package let sentIdle: Double?
    /// Bytes that wait in the gateway, both ways.
    package let backlog: Int
    package let end: End?
    /// All of it, for the detail.
    package let json: JSONValue

    /// nil: this is no connection.
    package init?(_ json: JSONValue) {
        guard let id = json["id"]?.text else { return nil }
        self.id = id
        self.json = json
        state = json.string("state")
        address = json.string("remote_addr")
        remote = Self.join(address, port: json.integer("remote_port"))
        listener = json.string("listener")
        let mqtt = json["mqtt"] ?? .null
        clientID = mqtt.string("client_id")
        username = mqtt.string("username")
        version = mqtt.string("version")
        upstream = json["upstream"]?.string("name") ?? ""
        peer = json["upstream"]?.string("peer") ?? ""
        age = json.double("age")
        received = Traffic(json["received"])
        sent = Traffic(json["sent"])
        receivedIdle = json["received"]?["idle"]?.number
        sentIdle = json["sent"]?["idle"]?.number
        backlog = (json["received"]?.integer("waiting_bytes") ?? 0) + (json["sent"]?.integer("waiting_bytes") ?? 0)
        end = json["end"].flatMap { $0.members == nil ? nil : End($0) }
    }

    private static func join(_ address: String, port: Int) -> String {
        guard port > 0 else { return address }
        return address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)"
    }
}

extension Connection.End {
    init(_ json: JSONValue) {
        at = json.string("at")
        cause = json.string("cause")
        side = json.string("side")
        webSocketCode = json["websocket_code"]?.number.map { _ in json.integer("websocket_code") }
        mqttReason = json["mqtt_reason"]?.number.map { _ in json.integer("mqtt_reason") }
    }
}
