import Reactor

/// What a list of connections is sorted by. Pure.
struct ConnectionOrder: Sendable {
    enum Key: String, Sendable, CaseIterable {
        case id, age
        case clientID = "client_id"
        case username, address, upstream, peer, state
        case receivedBytes = "received_bytes"
        case sentBytes = "sent_bytes"
        case receivedPackets = "received_packets"
        case sentPackets = "sent_packets"
        case receivedIdle = "received_idle"
        case sentIdle = "sent_idle"
        case backlog
        /// When it ended; 0 for one that has not.
        case ended
    }

    /// The value of a key, for one connection. Those of one key are all of one kind.
    enum Value: Sendable, Comparable {
        case number(UInt64)
        case address(CompactAddress)
        case text(String)
    }

    let key: Key
    let isDescending: Bool

    /// "age", or "-age" for the largest first.
    init(_ text: String) throws(Problem) {
        isDescending = text.hasPrefix("-")
        let name = isDescending ? String(text.dropFirst()) : text
        guard let key = Key(rawValue: name) else {
            let known = Key.allCases.map(\.rawValue).joined(separator: ", ")
            throw .badRequest("sort: cannot sort by \"\(name)\"; known: \(known), each also with \"-\" before it")
        }
        self.key = key
    }

    func value(of connection: APIConnection) -> Value {
        switch key {
        case .id: .number(connection.id)
        case .age: .number(Self.time(connection.age))
        case .clientID: .text(connection.clientID)
        case .username: .text(connection.username)
        case .address: .address(connection.address)
        case .upstream: .text(connection.upstream?.name ?? "")
        case .peer: .text(connection.upstream?.peer ?? "")
        case .state: .text(connection.state)
        case .receivedBytes: .number(connection.received.bytes)
        case .sentBytes: .number(connection.sent.bytes)
        case .receivedPackets: .number(connection.received.packets)
        case .sentPackets: .number(connection.sent.packets)
        case .receivedIdle: .number(Self.time(connection.received.idle))
        case .sentIdle: .number(Self.time(connection.sent.idle))
        case .backlog: .number(UInt64(max(0, connection.backlog)))
        case .ended: .number(Self.time(connection.end?.at ?? 0))
        }
    }

    private static func time(_ milliseconds: Int64) -> UInt64 { UInt64(max(0, milliseconds)) }
}
