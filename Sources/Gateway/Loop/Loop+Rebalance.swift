import Configuration
import Tunnel
import Upstream
import Wire

/// Sessions of one pool that are being moved by one loop: at which pace, which first, and how far it has come.
struct Rebalancing {
    /// Milliseconds between two steps.
    static let interval: Int64 = 100
    /// Sessions that one step looks at: others have their turn in between.
    static let reach = 4096

    /// Who goes first. Each is a round over all sessions.
    enum Round: Int, CaseIterable {
        case idleCleanStart, idle, cleanStart, any

        var isForBusy: Bool { self == .cleanStart || self == .any }

        func takes(isIdle: Bool, cleanStart: Bool) -> Bool {
            switch self {
            case .idleCleanStart: isIdle && cleanStart
            case .idle: isIdle
            case .cleanStart: cleanStart
            case .any: true
            }
        }
    }

    let settings: RebalanceSettings
    var pace: Rebalance
    var round = Round.idleCleanStart
    var slot = 0
    var moved = 0
    /// Sessions that were moved since the first round began the last time.
    var movedInRounds = 0
    var steppedAt: Int64 = 0
    /// Busy sessions stay until everyone had the time to be idle.
    private let sparesBusyUntil: Int64
    /// Sessions of the pool, those that were sent away and are on their way back included.
    let total: Int

    init(_ settings: RebalanceSettings, loops: Int, total: Int, now: Int64) {
        self.settings = settings
        self.total = total
        pace = Rebalance(rate: settings.rate, loops: loops)
        sparesBusyUntil = now + settings.idle.milliseconds
    }

    /// All sessions were looked at. False: every round has passed and nothing was to be done.
    mutating func nextRound(now: Int64) -> Bool {
        slot = 0
        if let next = Round(rawValue: round.rawValue + 1) {
            round = next.isForBusy && now < sparesBusyUntil ? .idleCleanStart : next
            return true
        }
        defer { movedInRounds = 0 }
        round = .idleCleanStart
        return movedInRounds > 0
    }
}

/// A peer that comes back finds its share of the sessions: those that others have too many of are sent away at an even pace,
/// and come to it when they connect again.
extension Loop {
    mutating func rebalance() {
        guard stop == nil else { return context.pointee.rebalancing.removeAll() }
        let now = context.pointee.now
        for (pool, state) in context.pointee.rebalancing where now - state.steppedAt >= Rebalancing.interval {
            var state = state
            state.steppedAt = now
            let isDone = step(pool, &state)
            context.pointee.rebalancing[pool] = isDone ? nil : state
            guard isDone else { continue }
            context.pointee.pools[pool].isRebalancing = false
            guard state.moved > 0 else { continue }
            let name = context.pointee.upstreams[pool].name
            context.pointee.logs.error.write(.notice, "upstream \(name): \(state.moved) sessions were moved")
        }
    }

    /// Moves what the pace allows. Returns whether nothing is left to move.
    private mutating func step(_ pool: Int, _ state: inout Rebalancing) -> Bool {
        let now = context.pointee.now
        let isHashed = context.pointee.pools[pool].balancer.usesKey
        let surplus = context.pointee.pools[pool].surplus(
            now: now, threshold: state.settings.threshold, total: state.total)
        let isBalanced = !isHashed && !surplus.contains { $0 > 0 }
        // A peer that starts slowly gets its share little by little.
        if isBalanced { return !context.pointee.pools[pool].hasSlowStart(now: now) }
        // Counts are looked at again for each session: other loops move theirs at the same time.
        let counts = context.pointee.pools[pool].counts
        let allowed = surplus.indices.map { counts[$0] - surplus[$0] }
        var left = state.pace.allowance(now: now)
        guard left > 0 else { return false }
        var looked = 0
        while left > 0, looked < Rebalancing.reach {
            guard state.slot < context.pointee.sessions.slots else {
                if state.nextRound(now: now) { return false }
                return !context.pointee.pools[pool].hasSlowStart(now: now)
            }
            looked += 1
            defer { state.slot += 1 }
            guard let session = context.pointee.sessions[slot: state.slot],
                movesAway(session, pool, state, allowed, isHashed: isHashed)
            else { continue }
            left -= 1
            move(session, &state)
        }
        return false
    }

    /// Whether a session is to leave its peer now. `allowed`: how many each peer may keep.
    private func movesAway(
        _ session: SessionPointer, _ pool: Int, _ state: Rebalancing, _ allowed: [Int], isHashed: Bool
    ) -> Bool {
        let now = context.pointee.now
        guard session.pointee.phase == .open, let place = session.pointee.place, Int(place.pool) == pool else {
            return false
        }
        let isIdle = now - session.pointee.activeAt >= state.settings.idle.milliseconds
        let (peer, record) = (Int(place.peer), session.pointee.record)
        guard state.round.takes(isIdle: isIdle, cleanStart: record.cleanStart), allowed.indices.contains(peer) else {
            return false
        }
        guard isHashed else { return context.pointee.pools[pool].counts[peer] > allowed[peer] }
        guard context.pointee.pools[pool].peers[peer].settings.isWanted else { return false }
        let home = context.pointee.pools[pool].home(of: record.hashKey, on: peer, now: now)
        return home != nil && home != peer
    }

    /// Sends a session away. Its place is free at once, so that the other loops see it.
    private mutating func move(_ session: SessionPointer, _ state: inout Rebalancing) {
        let reason: ReasonCode =
            state.settings.reason == .useAnotherServer ? .useAnotherServer : .administrativeAction
        session.pointee.leavePeer()
        session.pointee.close(.rebalanced, reason: reason)
        settle(session, session.pointee.settle())
        state.pace.spend(1)
        state.moved += 1
        state.movedInRounds += 1
    }
}
