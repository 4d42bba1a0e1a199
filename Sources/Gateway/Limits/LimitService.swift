import Configuration
import Control
import Limits
import Reactor

/// What is counted for limits in the whole process. Made once: a limit of the same block goes on with its counts over reloads,
/// with whatever number the new configuration has for it.
final class LimitService: Sendable {
    private let counts = Lock(SharedObjects<String, SharedCounts>())
    private let rates = Lock(SharedObjects<String, SharedRates>())
    let memory: MemoryWatch

    init(log: ErrorLog) { memory = MemoryWatch(log: log) }

    /// The blocks around a location, and the location itself; `name` is the same in every generation.
    struct Blocks {
        let main: LimitSettings
        let server: LimitSettings
        let serverName: String
        var location = LimitSettings()
        var locationName = ""
    }

    /// The limits that apply in the innermost block; nil: none.
    func limits(_ blocks: Blocks) -> RouteLimits? {
        let connections = effective(blocks, \.connections, isSet: { !$0.isEmpty })
        let connects = effective(blocks, \.connectRates, isSet: { !$0.isEmpty })
        let handshakes = effective(blocks, \.handshakeRates, isSet: { !$0.isEmpty })
        let pending = effective(blocks, \.pendingConnects, isSet: { $0 != nil })
        let traffic = TrafficLimits(
            bytes: effective(blocks, \.bytes, isSet: { $0 != nil }).value,
            packets: effective(blocks, \.packets, isSet: { $0 != nil }).value)
        let limits = RouteLimits(
            connections: connections.value.map { limit in
                let name = "limit_connections \(limit.key.rawValue) \(connections.block)"
                return RouteLimits.Count(key: limit.key, limit: limit.count, table: counts(name))
            },
            connectRates: connects.value.map { rate($0, "limit_connect_rate", connects.block) },
            handshakeRates: handshakes.value.map { rate($0, "limit_handshake_rate", handshakes.block) },
            pendingConnects: pending.value.flatMap { count in
                guard count > 0 else { return nil }
                return RouteLimits.Count(
                    key: .server, limit: count, table: counts("limit_pending_connects \(pending.block)"))
            },
            traffic: traffic, server: LimitKey(blocks.serverName))
        return limits.isEmpty ? nil : limits
    }

    /// A directive of the innermost block that has it, and the name of that block.
    private func effective<Value>(
        _ blocks: Blocks, _ directive: KeyPath<LimitSettings, Value>, isSet: (Value) -> Bool
    ) -> (value: Value, block: String) {
        if isSet(blocks.location[keyPath: directive]) {
            return (blocks.location[keyPath: directive], "\(blocks.serverName) \(blocks.locationName)")
        }
        if isSet(blocks.server[keyPath: directive]) {
            return (blocks.server[keyPath: directive], blocks.serverName)
        }
        return (blocks.main[keyPath: directive], "")
    }

    private func rate(_ rate: LimitSettings.Rate, _ directive: String, _ block: String) -> RouteLimits.Rate {
        let name = "\(directive) \(rate.key.rawValue) \(block)"
        let limit = RateLimit(rate.count, perMilliseconds: rate.period.milliseconds, burst: rate.burst)
        return RouteLimits.Rate(
            key: rate.key, limit: limit, table: rates.withLock { $0.shared(name, else: SharedRates()) })
    }

    private func counts(_ name: String) -> SharedCounts {
        counts.withLock { $0.shared(name, else: SharedCounts()) }
    }
}

extension RouteLimits {
    fileprivate var isEmpty: Bool {
        connections.isEmpty && connectRates.isEmpty && handshakeRates.isEmpty && pendingConnects == nil
            && traffic == nil
    }
}

extension TrafficLimits {
    /// nil: there is no limit.
    fileprivate init?(bytes: LimitSettings.Traffic?, packets: LimitSettings.Traffic?) {
        guard bytes != nil || packets != nil else { return nil }
        bytesReceived = bytes?.received.map { RateLimit($0, perMilliseconds: 1000, burst: $0) }
        bytesSent = bytes?.sent.map { RateLimit($0, perMilliseconds: 1000, burst: $0) }
        packetsReceived = packets?.received.map { RateLimit($0, perMilliseconds: 1000, burst: packets?.burst ?? $0) }
        packetsSent = packets?.sent.map { RateLimit($0, perMilliseconds: 1000, burst: packets?.burst ?? $0) }
        let slowest = [bytes?.received, bytes?.sent].compactMap { $0 }.min()
        // Of packets nobody knows the size: few small ones are in one such read.
        readSize = min(slowest.map { max(4096, $0 / 4) } ?? .max, packets == nil ? .max : 4096)
    }
}

extension Snapshot {
    /// The name by which the limits of a server are counted, in every generation: its first address and its first name.
    func limitName(ofServer index: Int) -> String {
        let address = listeners.first { $0.servers.contains(index) }?.address.description ?? ""
        return "\(address) \(servers[index].names.first ?? "")"
    }
}
