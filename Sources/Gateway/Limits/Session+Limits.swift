import Configuration
import Tunnel
import Wire

/// What the limits say of a CONNECT.
extension Session {
    /// Whether a CONNECT that has come is within the limits of what is known of its client by now; else it is refused.
    mutating func isWithinLimits(_ opening: Opening) -> Bool {
        guard !loop.pointee.limits.memory.isShort else {
            refuse(LimitRefusal(.memory), .memoryLimit, .serverBusy, "memory_limit")
            return false
        }
        guard let limits = route.limits else { return true }
        let client = RouteLimits.Client(address: record.request.address)
        if record.places == nil {  // there was no request that has counted it
            let places = HeldPlaces()
            record.places = places
            if let key = limits.takeConnection(.beforeConnect, client, in: places) { return refuseConnection(key) }
        }
        if let key = limits.takeConnect(.beforeConnect, client, now: loop.pointee.now) { return refuseRate(key) }
        guard let pending = limits.takePending() else {
            refuse(LimitRefusal(.pendingConnects), .pendingConnects, .serverBusy, "limit_pending_connects")
            return false
        }
        opening.pending = pending
        return true
    }

    /// The same for a client that is allowed in, by the names that the broker gets.
    mutating func isWithinLimitsOfNames(_ connect: GatedConnect?) -> Bool {
        guard let limits = route.limits, let connect else { return true }
        let client = RouteLimits.Client(username: connect.username, clientID: connect.clientID)
        if let key = limits.takeConnect(.afterAdmission, client, now: loop.pointee.now) { return refuseRate(key) }
        let places = record.places ?? HeldPlaces()
        record.places = places
        if let key = limits.takeConnection(.afterAdmission, client, in: places) { return refuseConnection(key) }
        return true
    }

    private mutating func refuseRate(_ key: LimitSettings.Key) -> Bool {
        refuse(
            LimitRefusal(.connectRate, key), .connectRate, .connectionRateExceeded,
            "limit_connect_rate per=\(key.rawValue)")
        return false
    }

    private mutating func refuseConnection(_ key: LimitSettings.Key) -> Bool {
        refuse(
            LimitRefusal(.connections, key), .connectionLimit, .quotaExceeded, "limit_connections per=\(key.rawValue)")
        return false
    }

    private mutating func refuse(_ limit: LimitRefusal, _ cause: EndCause, _ reason: ReasonCode, _ directive: String) {
        loop.pointee.figures.limitRefused(limit)
        log(.info, "client refused: \(directive)")
        let connack = Connack.refusal(
            reason, version: record.version ?? .v3_1_1, words: record.takesReasonStrings ? cause.goodbye.words : "",
            limit: record.maximumPacketSize)
        refuseConnect(connack, cause)
    }
}

/// A limit that has refused something, for metrics.
struct LimitRefusal: Hashable, Sendable {
    /// The raw value is its name in metrics.
    enum Limit: String, Sendable, CaseIterable {
        case connections
        case connectRate = "connect_rate"
        case handshakeRate = "handshake_rate"
        case pendingConnects = "pending_connects"
        case memory
    }

    let limit: Limit
    /// nil: it counts all together.
    let key: LimitSettings.Key?

    init(_ limit: Limit, _ key: LimitSettings.Key? = nil) {
        self.limit = limit
        self.key = key
    }
}
