/// The columns of the tables of connections.
enum ConnectionColumns {
    /// Those that are there. The order is that on the screen.
    static func current(_ rates: Rates?) -> [Column<Connection>] {
        func rate(_ connection: Connection, _ of: (Rates.Both) -> Double, _ text: (Double) -> String) -> String {
            rates?.connections[connection.id].map { text(of($0)) } ?? "-"
        }
        return [
            clientID, user(priority: 8), address,
            Column(
                title: "STATE", minimum: 5, preferred: 16, maximum: 16, priority: 4, field: .state, style: stateStyle,
                value: \.state),
            Column(title: "MQTT", minimum: 5, maximum: 5, priority: 12, value: \.version),
            Column(
                title: "UPSTREAM", minimum: 8, preferred: 12, maximum: 20, priority: 13, field: .upstream,
                value: \.upstream),
            Column(title: "PEER", minimum: 9, preferred: 21, maximum: 47, priority: 6, field: .peer, value: \.peer),
            Column(title: "IN/s", minimum: 6, maximum: 6, priority: 2, alignsRight: true, field: .receivedRate) {
                rate($0, \.received.bytes, Figures.bytes)
            },
            Column(title: "OUT/s", minimum: 6, maximum: 6, priority: 3, alignsRight: true, field: .sentRate) {
                rate($0, \.sent.bytes, Figures.bytes)
            },
            Column(title: "INPKT/s", minimum: 7, maximum: 7, priority: 14, alignsRight: true) {
                rate($0, \.received.packets, Figures.count)
            },
            Column(title: "OUTPKT/s", minimum: 8, maximum: 8, priority: 15, alignsRight: true) {
                rate($0, \.sent.packets, Figures.count)
            },
            figure("IN", 6, priority: 16, .receivedBytes) { Figures.bytes(Double($0.received.bytes)) },
            figure("OUT", 6, priority: 17, .sentBytes) { Figures.bytes(Double($0.sent.bytes)) },
            figure("INPKT", 6, priority: 9, .receivedPackets) { Figures.count(Double($0.received.packets)) },
            figure("OUTPKT", 7, priority: 10, .sentPackets) { Figures.count(Double($0.sent.packets)) },
            figure("IDLE", 6, priority: 7, .receivedIdle) { idle($0.receivedIdle) },
            figure("AGE", 6, priority: 11, .age) { Figures.time($0.age) },
            figure("WAITING", 8, priority: 18, .backlog) { Figures.bytes(Double($0.backlog)) },
            Column(title: "ID", minimum: 16, maximum: 16, priority: 19, field: .id, value: \.id),
        ]
    }

    /// Those that have ended.
    static var ended: [Column<Connection>] {
        [
            Column(title: "ENDED", minimum: 9, maximum: 9, priority: 3) { Figures.clock($0.end?.at ?? "") },
            clientID, user(priority: 9), address,
            Column(title: "CAUSE", minimum: 12, preferred: 20, maximum: 24, priority: 2, style: causeStyle) {
                $0.end?.cause ?? ""
            },
            Column(title: "SIDE", minimum: 6, preferred: 8, maximum: 8, priority: 5) { $0.end?.side ?? "" },
            Column(title: "CODE", minimum: 5, maximum: 5, priority: 7, alignsRight: true) {
                number($0.end?.webSocketCode)
            },
            Column(title: "REASON", minimum: 6, maximum: 6, priority: 8, alignsRight: true) {
                number($0.end?.mqttReason)
            },
            Column(title: "PEER", minimum: 9, preferred: 21, maximum: 47, priority: 10, value: \.peer),
            Column(title: "LASTED", minimum: 6, maximum: 6, priority: 6, alignsRight: true) { Figures.time($0.age) },
            Column(title: "IN", minimum: 6, maximum: 6, priority: 11, alignsRight: true) {
                Figures.bytes(Double($0.received.bytes))
            },
            Column(title: "OUT", minimum: 6, maximum: 6, priority: 12, alignsRight: true) {
                Figures.bytes(Double($0.sent.bytes))
            },
            Column(title: "ID", minimum: 16, maximum: 16, priority: 13, value: \.id),
        ]
    }

    private static var clientID: Column<Connection> {
        Column(
            title: "CLIENT ID", minimum: 10, preferred: 16, maximum: 40, priority: 1, field: .clientID,
            value: \.clientID)
    }

    private static func user(priority: Int) -> Column<Connection> {
        Column(
            title: "USER", minimum: 6, preferred: 10, maximum: 24, priority: priority, field: .username,
            value: \.username)
    }

    private static var address: Column<Connection> {
        Column(title: "ADDRESS", minimum: 9, preferred: 21, maximum: 47, priority: 5, field: .address, value: \.remote)
    }

    private static func figure(
        _ title: String, _ width: Int, priority: Int, _ field: SortField, _ value: @escaping (Connection) -> String
    ) -> Column<Connection> {
        Column(
            title: title, minimum: width, maximum: width, priority: priority, alignsRight: true, field: field,
            value: value)
    }

    static func idle(_ seconds: Double?) -> String { seconds.map(Figures.time) ?? "-" }

    private static func number(_ value: Int?) -> String { value.map(String.init) ?? "-" }

    static func stateStyle(_ connection: Connection) -> Style {
        switch connection.state {
        case "open": .good
        case "closing", "closed": .dim
        default: .warning
        }
    }

    private static func causeStyle(_ connection: Connection) -> Style {
        switch connection.end?.cause {
        case "client_disconnect", "client_closed", "drained", "shutdown": .dim
        default: .warning
        }
    }
}
