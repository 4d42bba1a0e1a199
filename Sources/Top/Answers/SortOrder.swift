/// What connections are sorted by. The names are the API's, and two that are reckoned here.
package enum SortField: String, Sendable, CaseIterable {
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
    /// Bytes a second. The API does not sort by it: it is asked for those with the most bytes.
    case receivedRate = "received_rate"
    case sentRate = "sent_rate"

    package var isRate: Bool { self == .receivedRate || self == .sentRate }

    var apiName: String {
        switch self {
        case .receivedRate: Self.receivedBytes.rawValue
        case .sentRate: Self.sentBytes.rawValue
        default: rawValue
        }
    }

    /// Names and states from A, figures from the largest.
    var descendsAtFirst: Bool {
        switch self {
        case .id, .clientID, .username, .address, .upstream, .peer, .state, .receivedIdle, .sentIdle: false
        default: true
        }
    }
}

/// A field and a direction, written as the API does: `age`, or `-age` from the largest down.
package struct SortOrder: Sendable, Hashable {
    package var field: SortField
    package var isDescending: Bool

    package init(_ field: SortField, isDescending: Bool) {
        self.field = field
        self.isDescending = isDescending
    }

    /// nil: there is no such field.
    package init?(_ text: String) {
        let isDescending = text.hasPrefix("-")
        guard let field = SortField(rawValue: isDescending ? String(text.dropFirst()) : text) else { return nil }
        self.init(field, isDescending: isDescending)
    }

    package var text: String { (isDescending ? "-" : "") + field.rawValue }
    /// A rate from below is still one of those with the most bytes.
    var apiText: String { (isDescending || field.isRate ? "-" : "") + field.apiName }

    /// Sorts by it; equal ones by their id, so that rows do not change places.
    func sort(_ connections: [Connection], _ rates: Rates?) -> [Connection] {
        let keyed = connections.map { (key: Key($0, field, rates), connection: $0) }
        let sorted = keyed.sorted { one, other in
            if one.key != other.key { return isDescending ? other.key < one.key : one.key < other.key }
            return one.connection.id.utf8.lexicographicallyPrecedes(other.connection.id.utf8)
        }
        return sorted.map(\.connection)
    }

    private enum Key: Comparable {
        case number(Double, Double)
        case text(String)

        static func < (one: Key, other: Key) -> Bool {
            switch (one, other) {
            case (.number(let a, let b), .number(let c, let d)): a != c ? a < c : b < d
            case (.text(let a), .text(let b)): a.utf8.lexicographicallyPrecedes(b.utf8)
            case (.number, .text): true
            case (.text, .number): false
            }
        }

        init(_ connection: Connection, _ field: SortField, _ rates: Rates?) {
            let rate = field.isRate ? rates?.connections[connection.id] : nil
            self =
                switch field {
                case .id: .text(connection.id)
                case .clientID: .text(connection.clientID)
                case .username: .text(connection.username)
                case .address: .text(connection.address)
                case .upstream: .text(connection.upstream)
                case .peer: .text(connection.peer)
                case .state: .text(connection.state)
                case .age: .number(connection.age, 0)
                case .receivedBytes: .number(Double(connection.received.bytes), 0)
                case .sentBytes: .number(Double(connection.sent.bytes), 0)
                case .receivedPackets: .number(Double(connection.received.packets), 0)
                case .sentPackets: .number(Double(connection.sent.packets), 0)
                case .receivedIdle: .number(connection.receivedIdle ?? .infinity, 0)
                case .sentIdle: .number(connection.sentIdle ?? .infinity, 0)
                case .backlog: .number(Double(connection.backlog), 0)
                case .receivedRate: .number(rate?.received.bytes ?? 0, Double(connection.received.bytes))
                case .sentRate: .number(rate?.sent.bytes ?? 0, Double(connection.sent.bytes))
                }
        }
    }
}

extension [Connection] {
    /// Those that have ended, the last one first.
    var sortedByEnd: [Connection] { sorted { ($1.end?.at ?? "", $0.id) < ($0.end?.at ?? "", $1.id) } }
}
