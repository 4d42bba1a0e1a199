/// What happened in each second between two looks at the gateway.
///
/// The time is the gateway's own: the difference of its uptimes, and of a connection's ages. How long the answers were on
/// their way does not matter.
package struct Rates: Sendable, Equatable {
    package struct Flow: Sendable, Equatable {
        package var bytes = 0.0
        package var packets = 0.0
    }

    package struct Both: Sendable, Equatable {
        package var received = Flow()
        package var sent = Flow()
    }

    package var gateway: Both
    /// Processor time for each second: 1 is one processor.
    package var cpu: Double
    /// The part of the time, 0…1, in which each loop was busy, by its index.
    package var busy: [Int: Double]
    /// By id. Those that were not seen before, and are older than the last look, have none.
    package var connections: [String: Both]

    /// nil: they are of two processes, or no time has passed between them.
    package init?(from old: Look, to new: Look) {
        let seconds = new.status.uptime - old.status.uptime
        guard old.status.startedAt == new.status.startedAt, seconds > 0 else { return nil }
        gateway = Both(
            received: Flow(from: old.status.received, to: new.status.received, seconds),
            sent: Flow(from: old.status.sent, to: new.status.sent, seconds))
        cpu = max(0, new.status.cpuSeconds - old.status.cpuSeconds) / seconds
        let before = Dictionary(old.status.loops.map { ($0.index, $0.busySeconds) }) { first, _ in first }
        busy = [:]
        for loop in new.status.loops {
            guard let earlier = before[loop.index] else { continue }
            busy[loop.index] = min(1, max(0, loop.busySeconds - earlier) / seconds)
        }
        connections = Self.connections(from: old, to: new, seconds)
    }

    private static func connections(from old: Look, to new: Look, _ seconds: Double) -> [String: Both] {
        let before = Dictionary(old.all.map { ($0.id, $0) }) { first, _ in first }
        var rates: [String: Both] = [:]
        for connection in new.all {
            let earlier = before[connection.id]
            // One that is younger than the last look has sent all of it since.
            guard earlier != nil || connection.age <= seconds else { continue }
            let time = connection.age - (earlier?.age ?? 0)
            guard time > 0 else { continue }
            rates[connection.id] = Both(
                received: Flow(from: earlier?.received, to: connection.received, time),
                sent: Flow(from: earlier?.sent, to: connection.sent, time))
        }
        return rates
    }
}

extension Rates.Flow {
    init(from old: Traffic?, to new: Traffic, _ seconds: Double) {
        bytes = Double(max(0, new.bytes - (old?.bytes ?? 0))) / seconds
        packets = Double(max(0, new.packets - (old?.packets ?? 0))) / seconds
    }
}

extension Look {
    /// The connections of the table, and the one of the detail.
    fileprivate var all: [Connection] { (connections ?? []) + (detail.map { [$0] } ?? []) }
}
