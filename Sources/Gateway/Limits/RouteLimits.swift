import Configuration
import Limits
import Reactor

/// The limits of a route or of a listener, with the tables that they count in. Never changes; a session keeps that of its
/// route.
final class RouteLimits: Sendable {
    struct Count: Sendable {
        let key: LimitSettings.Key
        let limit: Int
        let table: SharedCounts
    }

    struct Rate: Sendable {
        let key: LimitSettings.Key
        let limit: RateLimit
        let table: SharedRates
    }

    let connections: [Count]
    let connectRates: [Rate]
    let handshakeRates: [Rate]
    let pendingConnects: Count?
    let traffic: TrafficLimits?
    /// The key of a table that has only one.
    private static let all = LimitKey("")
    /// The server, as a key.
    private let server: LimitKey

    init(
        connections: [Count], connectRates: [Rate], handshakeRates: [Rate], pendingConnects: Count?,
        traffic: TrafficLimits?, server: LimitKey
    ) {
        // Those of all last: whoever is over a limit of its own uses up nothing that is everybody's.
        self.connections = connections.filter { $0.key != .server } + connections.filter { $0.key == .server }
        self.connectRates = connectRates.filter { $0.key != .server } + connectRates.filter { $0.key == .server }
        self.handshakeRates = handshakeRates.filter { $0.key != .server } + handshakeRates.filter { $0.key == .server }
        self.pendingConnects = pendingConnects
        self.traffic = traffic
        self.server = server
    }

    /// What names a client to limits; nil: it does not have it, and is not limited by it.
    struct Client {
        var address: CompactAddress?
        var username: String?
        var clientID: String?
    }

    /// The key of a client; nil: the limit does not apply to it.
    private func key(_ kind: LimitSettings.Key, _ client: Client) -> LimitKey? {
        switch kind {
        case .ip: client.address.flatMap { $0.bytes.isEmpty ? nil : LimitKey(address: $0.bytes) }
        case .username: client.username.map { LimitKey($0) }
        case .clientID: client.clientID.flatMap { $0.isEmpty ? nil : LimitKey($0) }
        case .server: server
        }
    }

    /// Counts a session by what is known of its client, in `places`. Returns which limit refuses it; nil: none.
    func takeConnection(
        _ keys: Set<LimitSettings.Key>, _ client: Client, in places: HeldPlaces
    ) -> LimitSettings.Key? {
        for count in connections where keys.contains(count.key) {
            guard let key = key(count.key, client) else { continue }
            if !places.take(count.table, key, limit: count.limit) { return count.key }
        }
        return nil
    }

    /// Counts a CONNECT. Returns which limit refuses it; nil: none.
    func takeConnect(_ keys: Set<LimitSettings.Key>, _ client: Client, now: Int64) -> LimitSettings.Key? {
        take(connectRates, keys, client, now)
    }

    /// Counts a connection that was just accepted. Returns which limit refuses it; nil: none.
    func takeHandshake(_ keys: Set<LimitSettings.Key>, from address: CompactAddress, now: Int64) -> LimitSettings.Key? {
        take(handshakeRates, keys, Client(address: address), now)
    }

    private func take(
        _ rates: [Rate], _ keys: Set<LimitSettings.Key>, _ client: Client, _ now: Int64
    ) -> LimitSettings.Key? {
        for rate in rates where keys.contains(rate.key) {
            guard let key = key(rate.key, client) else { continue }
            if !rate.table.take(key, rate.limit, now: now) { return rate.key }
        }
        return nil
    }

    /// Counts a CONNECT that waits, until the places are given back. nil: too many wait already.
    func takePending() -> HeldPlaces? {
        let places = HeldPlaces()
        guard let pendingConnects else { return places }
        return places.take(pendingConnects.table, Self.all, limit: pendingConnects.limit) ? places : nil
    }
}

extension Set<LimitSettings.Key> {
    /// Known before the CONNECT, and before anything is believed of it.
    static let beforeConnect: Self = [.ip, .server]
    /// Known when the client is allowed in: nobody else can use up what they count.
    static let afterAdmission: Self = [.username, .clientID]
}

/// How fast one session may be; nil: no limit.
struct TrafficLimits: Sendable {
    var bytesReceived: RateLimit?
    var bytesSent: RateLimit?
    var packetsReceived: RateLimit?
    var packetsSent: RateLimit?
    /// Most bytes to read at a time, so that one read is soon paid for.
    var readSize = Int.max
}
