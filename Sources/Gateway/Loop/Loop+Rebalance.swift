import Configuration
import Tunnel
import Upstream
import Wire

/// Sessions of one pool that are being moved by one loop: at which pace, which first, and how far it has come.
struct Rebalancing {
    /// Milliseconds between two steps.
    static let interval: Int64 = 100
    /// Sessions that one step looks at: others have their turn in between. A hashed one is compared with each peer.
    static func reach(isHashed: Bool, peers: Int) -> Int {
        isHashed ? min(4096, max(16, 50_000 / max(1, peers))) : 4096
    }

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

    let begin: Int64
    private let loops: Int
    /// How many more sessions a peer may be sent; one that is not here has no limit, or was not asked yet.
    private var room: [Int: Int] = [:]

    /// `begin`: when it is to begin, on the loop's clock.
    init(_ settings: RebalanceSettings, loops: Int, total: Int, begin: Int64) {
        self.settings = settings
        self.total = total
        self.begin = begin
        self.loops = loops
        pace = Rebalance(rate: settings.rate, loops: loops)
        sparesBusyUntil = begin + settings.idle.milliseconds
    }

    /// Takes one of the places that a peer has for those who come home: as many are sent as it has room for, and not all that
    /// would like to have the one place left. `free`: the room of all loops when it is asked for the first time.
    mutating func takeRoom(on peer: Int, free: Int) -> Bool {
        let left = room[peer] ?? (free == .max ? .max : free / loops)
        room[peer] = left == .max ? .max : max(0, left - 1)
        return left > 0
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
            guard now >= state.begin else { continue }
            context.pointee.pools[pool].isRebalancing = true
            var state = state
            state.steppedAt = now
            let isDone = step(pool, &state)
            context.pointee.rebalancing[pool] = isDone ? nil : state
            guard isDone else { continue }
            context.pointee.pools[pool].isRebalancing = false
            guard state.moved > 0 else { continue }
            let name = context.pointee.upstreams[pool].name
            context.pointee.log.write(.notice, "upstream \(name): \(state.moved) sessions were moved")
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
        let reach = Rebalancing.reach(isHashed: isHashed, peers: surplus.count)
        while left > 0, looked < reach {
            guard state.slot < context.pointee.sessions.slots else {
                if state.nextRound(now: now) { return false }
                return !context.pointee.pools[pool].hasSlowStart(now: now)
            }
            looked += 1
            defer { state.slot += 1 }
            guard let session = context.pointee.sessions[slot: state.slot],
                movesAway(session, pool, &state, allowed, isHashed: isHashed)
            else { continue }
            left -= 1
            move(session, &state)
        }
        return false
    }

    /// Whether a session is to leave its peer now. `allowed`: how many each peer may keep.
    private func movesAway(
        _ session: SessionPointer, _ pool: Int, _ state: inout Rebalancing, _ allowed: [Int], isHashed: Bool
    ) -> Bool {
        let now = context.pointee.now
        // While AUTH packets are exchanged the CONNACK is still to come: no DISCONNECT before it [MQTT-3.14.0-1].
        guard session.pointee.phase == .open, let place = session.pointee.place,
            Int(place.pool) == pool
        else { return false }
        let isIdle = now - session.pointee.pipe.activeAt >= state.settings.idle.milliseconds
        let (peer, record) = (Int(place.peer), session.pointee.record)
        guard state.round.takes(isIdle: isIdle, cleanStart: record.cleanStart), allowed.indices.contains(peer) else {
            return false
        }
        guard isHashed else { return context.pointee.pools[pool].counts[peer] > allowed[peer] }
        // Where something is wrong with the session's own peer it stays: it works.
        guard context.pointee.pools[pool].isWell(peer, now: now),
            let home = context.pointee.pools[pool].home(of: record.hashKey, on: peer, now: now), home != peer,
            context.pointee.pools[pool].isWell(home, now: now)
        else { return false }
        return state.takeRoom(on: home, free: context.pointee.pools[pool].room(on: home, now: now))
    }

    /// Sends a session away. Its place is free at once, so that the other loops see it.
    private mutating func move(_ session: SessionPointer, _ state: inout Rebalancing) {
        let reason: ReasonCode =
            state.settings.reason == .useAnotherServer ? .useAnotherServer : .administrativeAction
        session.pointee.leavePeer()
        session.pointee.end(.rebalanced, reason: reason)
        session.updateInterest()
        state.pace.spend(1)
        state.moved += 1
        state.movedInRounds += 1
    }
}
