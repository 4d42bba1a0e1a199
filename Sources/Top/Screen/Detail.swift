import Text

/// All that is known of one connection, and its packets by type.
enum Detail {
    static func lines(_ machine: TopMachine, id: String) -> [Line] {
        let known = machine.look?.detail.flatMap { $0.id == id ? $0 : nil }
        let row = machine.rows.first { $0.id == id }
        guard let connection = known ?? row else {
            return [Line("connection \(id)", .bold), Line("the gateway no longer knows it", .warning)]
        }
        let width = machine.size.columns
        var lines = [title(connection, width), Line()]
        lines += facts(connection.json, width: width)
        lines.append(Line())
        lines += packets(connection.json, machine.rates?.connections[id], width: width)
        return lines
    }

    private static func title(_ connection: Connection, _ width: Int) -> Line {
        Line.joined(
            [
                Piece(connection.state, ConnectionColumns.stateStyle(connection)),
                Piece(connection.clientID.isEmpty ? "(no client id yet)" : connection.clientID, .bold),
                Piece("connection \(connection.id)"),
            ], width: width)
    }

    // MARK: Facts

    private enum Format: Sendable {
        case plain, time, milliseconds, yesOrNo

        func text(_ value: JSONValue) -> String? {
            switch self {
            case .plain: value.scalarText
            case .time: value.number.map(Figures.time)
            case .milliseconds: value.number.map { Figures.decimal($0 * 1000, 2) + " ms" }
            case .yesOrNo: value == .bool(true) ? "yes" : "no"
            }
        }
    }

    /// What it is called, and where it is in the answer.
    private static let fields: [(name: String, path: [String], format: Format)] = [
        ("ended", ["end", "at"], .plain), ("cause", ["end", "cause"], .plain), ("by", ["end", "side"], .plain),
        ("WebSocket code", ["end", "websocket_code"], .plain), ("MQTT reason", ["end", "mqtt_reason"], .plain),
        ("user", ["mqtt", "username"], .plain), ("MQTT", ["mqtt", "version"], .plain),
        ("keep alive", ["mqtt", "keepalive"], .time), ("clean start", ["mqtt", "clean_start"], .yesOrNo),
        ("authenticated by", ["mqtt", "auth_method"], .plain), ("decided in", ["mqtt", "auth_seconds"], .milliseconds),
        ("CONNACK after", ["mqtt", "connack_seconds"], .milliseconds),
        ("upstream", ["upstream", "name"], .plain), ("peer", ["upstream", "peer"], .plain),
        ("tries", ["upstream", "tries"], .plain),
        ("address", ["remote_addr"], .plain), ("port", ["remote_port"], .plain), ("listener", ["listener"], .plain),
        ("server name", ["server_name"], .plain), ("transport", ["transport"], .plain),
        ("protocol", ["protocol"], .plain),
        ("URI", ["uri"], .plain), ("connected at", ["connected_at"], .plain), ("age", ["age"], .time),
        ("TLS", ["tls", "version"], .plain), ("cipher", ["tls", "cipher"], .plain),
        ("TLS group", ["tls", "group"], .plain), ("TLS resumed", ["tls", "resumed"], .yesOrNo),
        ("TLS name", ["tls", "server_name"], .plain),
        ("client certificate", ["tls", "client_cn"], .plain),
        ("subprotocol", ["websocket", "subprotocol"], .plain), ("frames in", ["websocket", "frames_received"], .plain),
        ("frames out", ["websocket", "frames_sent"], .plain), ("pings in", ["websocket", "pings_received"], .plain),
        ("pings out", ["websocket", "pings_sent"], .plain), ("pongs in", ["websocket", "pongs_received"], .plain),
        ("ping round trip", ["websocket", "ping_rtt"], .milliseconds),
    ]

    /// In two columns where there is room.
    private static func facts(_ json: JSONValue, width: Int) -> [Line] {
        var facts: [(name: String, text: String)] = []
        for (name, path, format) in fields {
            var value: JSONValue? = json
            for step in path { value = value?[step] }
            guard let value, value != .null, let shown = format.text(value), !shown.isEmpty else { continue }
            facts.append((name, shown))
        }
        let count = width >= 96 ? 2 : 1
        let columns = (width - 2 * (count - 1)) / count
        let half = (facts.count + count - 1) / count
        return (0..<half).map { index in
            var line = Line()
            for column in 0..<count where column * half + index < facts.count {
                if column > 0 { line.pieces.append(Piece("  ")) }
                let (name, text) = facts[column * half + index]
                line.pieces.append(Piece(name, .dim, width: min(19, columns)))
                line.pieces.append(Piece(text, width: max(1, columns - 19)))
            }
            return line
        }
    }

    // MARK: Packets

    private struct Row {
        let name: String
        let received: String
        let receivedBytes: String
        let sent: String
        let sentBytes: String
    }

    private static var columns: [Column<Row>] {
        [
            Column(title: "", minimum: 16, maximum: 16, priority: 1, value: \.name),
            Column(title: "IN", minimum: 7, maximum: 9, priority: 2, alignsRight: true, value: \.received),
            Column(title: "BYTES", minimum: 7, maximum: 9, priority: 4, alignsRight: true, value: \.receivedBytes),
            Column(title: "OUT", minimum: 7, maximum: 9, priority: 3, alignsRight: true, value: \.sent),
            Column(title: "BYTES", minimum: 7, maximum: 9, priority: 5, alignsRight: true, value: \.sentBytes),
        ]
    }

    private static func packets(_ json: JSONValue, _ rates: Rates.Both?, width: Int) -> [Line] {
        let received = json["received"] ?? .null
        let sent = json["sent"] ?? .null
        var rows = [row("packets", received, sent)]
        if let rates {
            rows.append(
                Row(
                    name: "each second", received: Figures.count(rates.received.packets),
                    receivedBytes: Figures.bytes(rates.received.bytes), sent: Figures.count(rates.sent.packets),
                    sentBytes: Figures.bytes(rates.sent.bytes)))
        }
        let (inwards, outwards) = (received["by_type"] ?? .null, sent["by_type"] ?? .null)
        let names = Set(inwards.members?.keys.map(\.self) ?? []).union(outwards.members?.keys.map(\.self) ?? [])
        let known = names.filter { packetTypes.contains($0) }.sorted {
            (packetTypes.firstIndex(of: $0) ?? 0) < (packetTypes.firstIndex(of: $1) ?? 0)
        }
        for name in known + names.subtracting(known).sorted().prefix(32) {
            rows.append(row("  " + name, inwards[name] ?? .null, outwards[name] ?? .null))
        }
        rows += bytes("PUBLISH payload", received, sent) { $0.integer("publish_payload_bytes") }
        rows += bytes("waiting", received, sent) { $0.integer("waiting_bytes") }
        rows.append(texts("idle", received, sent) { ConnectionColumns.idle($0["idle"]?.number) })
        rows.append(texts("times held back", received, sent) { "\($0["backpressure"]?.integer("count") ?? 0)" })
        rows.append(
            texts("time held back", received, sent) { Figures.time($0["backpressure"]?.double("seconds") ?? 0) })
        let layout = TableLayout(columns, rows: rows, width: width)
        return [layout.titles(nil).styled(.title, width: width)] + rows.map(layout.line)
    }

    /// In the order of the standard.
    private static let packetTypes = [
        "connect", "connack", "publish_qos0", "publish_qos1", "publish_qos2", "puback", "pubrec", "pubrel", "pubcomp",
        "subscribe", "suback", "unsubscribe", "unsuback", "pingreq", "pingresp", "disconnect", "auth",
    ]

    private static func row(_ name: String, _ received: JSONValue, _ sent: JSONValue) -> Row {
        let (received, sent) = (Traffic(received), Traffic(sent))
        return Row(
            name: name, received: "\(received.packets)", receivedBytes: Figures.bytes(Double(received.bytes)),
            sent: "\(sent.packets)", sentBytes: Figures.bytes(Double(sent.bytes)))
    }

    private static func bytes(
        _ name: String, _ received: JSONValue, _ sent: JSONValue, _ value: (JSONValue) -> Int
    ) -> [Row] {
        [
            Row(
                name: name, received: "", receivedBytes: Figures.bytes(Double(value(received))), sent: "",
                sentBytes: Figures.bytes(Double(value(sent))))
        ]
    }

    private static func texts(
        _ name: String, _ received: JSONValue, _ sent: JSONValue, _ text: (JSONValue) -> String
    ) -> Row {
        Row(name: name, received: text(received), receivedBytes: "", sent: text(sent), sentBytes: "")
    }
}
