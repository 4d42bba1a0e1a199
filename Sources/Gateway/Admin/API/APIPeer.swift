import Telemetry
import Tunnel
import Upstream

/// What the API says of one peer: how the loops see it, together. Pure.
struct APIPeer: Sendable {
    enum State: String, Sendable, CaseIterable {
        case up, down, draining, unhealthy, unavailable, full, gone, starting
    }

    /// One loop's view.
    struct View: Sendable {
        var isHealthy = true
        var isAvailable = true
        var effectiveWeight = 0.0
        var opened: UInt64 = 0
        var attempts: UInt64 = 0
        var failures: [AttemptFailure: UInt64] = [:]
    }

    var address = ""
    /// As configured.
    var server = ""
    var settings = Peer.Settings()
    var changed = PeerOverride()
    var isGone = false
    var sessions = 0
    var isChecked = false
    /// Those of the loops that have answered.
    var views: [View] = []
    /// Part of the new sessions that it gets now, by weight.
    var share = 0.0

    var isFull: Bool { settings.maxConnections > 0 && sessions >= settings.maxConnections }
    var isHealthy: Bool { views.allSatisfy(\.isHealthy) }

    /// The average of the loops.
    var effectiveWeight: Double {
        guard !views.isEmpty else { return Double(settings.weight) }
        return views.reduce(0) { $0 + $1.effectiveWeight } / Double(views.count)
    }

    /// The first of these that is so: what is wrong for good comes before what passes.
    var state: State {
        if isGone { return .gone }
        if settings.isDown { return .down }
        if settings.isDraining { return .draining }
        if !isHealthy { return .unhealthy }
        if !views.isEmpty, !views.contains(where: \.isAvailable) { return .unavailable }
        if isFull { return .full }
        return effectiveWeight < Double(settings.weight) ? .starting : .up
    }
}

extension [APIPeer] {
    /// Each peer's part of the new sessions, by weight: loops choose among the best only, as `Pool` does, and each for itself.
    mutating func share() {
        let loops = map(\.views.count).min() ?? 0
        for loop in 0..<loops {
            let ranks = map { $0.rank(in: loop) }
            guard let best = ranks.compactMap(\.self).min() else { continue }
            let chosen = indices.filter { ranks[$0] == best }
            let total = chosen.reduce(0) { $0 + self[$1].views[loop].effectiveWeight }
            guard total > 0 else { continue }
            for index in chosen { self[index].share += self[index].views[loop].effectiveWeight / total / Double(loops) }
        }
    }
}

extension APIPeer {
    /// The lower, the better; nil: it is never chosen.
    fileprivate func rank(in loop: Int) -> Int? {
        guard !isGone, settings.isWanted, views[loop].isHealthy, !isFull else { return nil }
        return (views[loop].isAvailable ? 0 : 2) + (settings.isBackup ? 1 : 0)
    }
}

extension JSONWriter {
    mutating func value(_ peer: APIPeer) {
        object { writer in
            writer.field("address", peer.address)
            writer.field("server", peer.server)
            writer.field("state", peer.state.rawValue)
            writer.field("backup", peer.settings.isBackup)
            writer.field("down", peer.settings.isDown)
            writer.field("drain", peer.settings.isDraining)
            writer.field("weight", peer.settings.weight)
            writer.field("effective_weight", peer.effectiveWeight)
            writer.field("share", peer.share)
            writer.field("max_conns", peer.settings.maxConnections)
            writer.field("sessions", peer.sessions)
            writer.field("sessions_total", peer.views.reduce(0) { $0 + $1.opened })
            writer.field("tries", peer.views.reduce(0) { $0 + $1.attempts })
            writer.object("failures") { writer in
                for failure in AttemptFailure.allCases {
                    let count = peer.views.reduce(0) { $0 + ($1.failures[failure] ?? 0) }
                    guard count > 0 else { continue }
                    writer.name(failure.rawValue)
                    writer.value(count)
                }
            }
            writer.field("checked", peer.isChecked)
            writer.field("healthy", peer.isHealthy)
            writer.object("changed") { writer in
                if let weight = peer.changed.weight { writer.field("weight", weight) }
                if let limit = peer.changed.maxConnections { writer.field("max_conns", limit) }
                if let isDown = peer.changed.isDown { writer.field("down", isDown) }
                if let isDraining = peer.changed.isDraining { writer.field("drain", isDraining) }
            }
        }
    }
}
