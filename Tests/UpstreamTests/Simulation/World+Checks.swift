import TestSupport

@testable import Upstream

/// What must hold, by what the loop was told.
extension World {
    /// Whether the loop may begin a session there. `loads`: the sessions before.
    private func mayBeChosen(_ peer: Int, _ attempt: Attempt, _ loads: [Int]) -> Bool {
        let loop = loops[attempt.loop]
        guard loop.settings.indices.contains(peer) else { return false }
        let settings = loop.settings[peer]
        let hasRoom = settings.maxConnections == 0 || loads[peer] < settings.maxConnections
        let isIn = !settings.isDown && !settings.isDraining && loop.healthy[peer]
        return isIn && hasRoom && !attempt.tried.contains(peer)
    }

    /// The lower the sooner a peer is chosen.
    private func rank(_ peer: Int, _ loop: Int) -> Int {
        let isWell = loops[loop].pool.peers[peer].passive.isAvailable(now: now)
        return (isWell ? 0 : 2) + (loops[loop].settings[peer].isBackup ? 1 : 0)
    }

    mutating func checkChoice(_ peer: Int, _ attempt: Attempt, _ loads: [Int]) {
        let open = settings.indices.filter { mayBeChosen($0, attempt, loads) }
        guard open.contains(peer) else {
            return faults.append("peer \(peer) is down, drains, is dead, tried or full: \(loads[peer]) sessions")
        }
        let best = open.map { rank($0, attempt.loop) }.min()
        if rank(peer, attempt.loop) != best { faults.append("peer \(peer) is not of the best rank") }
        if counts[peer] != loads[peer] + 1 { faults.append("peer \(peer) has no place taken") }
        let limit = loops[attempt.loop].settings[peer].maxConnections
        if limit > 0, counts[peer] > limit { faults.append("peer \(peer) has \(counts[peer]) sessions of \(limit)") }
        let isByLoad = balancer == .leastConnections || loops[attempt.loop].pool.isRebalancing && !balancer.usesKey
        guard isByLoad else { return }
        let peers = loops[attempt.loop].pool.peers
        for other in open where rank(other, attempt.loop) == best {
            let (own, others) = (peers[peer].effectiveWeight(now: now), peers[other].effectiveWeight(now: now))
            if (loads[peer] + 1) * others > (loads[other] + 1) * own { faults.append("peer \(other) is less full") }
        }
    }

    mutating func checkRefusal(_ attempt: Attempt) {
        let loads = settings.indices.map { counts[$0] }
        if let peer = settings.indices.first(where: { mayBeChosen($0, attempt, loads) }) {
            faults.append("refused, although peer \(peer) was left")
        }
    }

    /// After each step.
    mutating func check() {
        var held = settings.map { _ in 0 }
        for session in sessions { held[session.peer] += 1 }
        for attempt in attempts { held[attempt.peer] += 1 }
        for peer in settings.indices where counts[peer] != held[peer] || counts[peer] < 0 {
            faults.append("peer \(peer): \(counts[peer]) counted, \(held[peer]) held")
        }
        for loop in loops.indices { checkWeights(loop) }
    }

    /// Slow start never falls while nothing happens to the peer.
    private mutating func checkWeights(_ loop: Int) {
        for (peer, state) in loops[loop].pool.peers.enumerated() {
            let weight = state.effectiveWeight(now: now)
            let full = loops[loop].settings[peer].weight * Peer.weightUnit
            if weight < max(1, loops[loop].weights[peer] ?? 0) || weight > full {
                faults.append("peer \(peer): weight \(weight) after \(loops[loop].weights[peer] ?? 0) of \(full)")
            }
            loops[loop].weights[peer] = weight
        }
    }

    mutating func checkPace(_ loop: Int) {
        let share = Double(rate) / Double(loops.count)
        let allowed = share * Double(now - loops[loop].movingSince) / 1_000 + 1e-6
        guard Double(loops[loop].moved) > allowed else { return }
        faults.append("loop \(loop): \(loops[loop].moved) of \(allowed) moved")
    }

    /// When a loop has stopped, none of its sessions is one too many.
    mutating func checkIsBalanced(_ loop: Int) {
        let own = settings.indices.map { peer in sessions.count { $0.loop == loop && $0.peer == peer } }
        if balancer.usesKey {
            for session in sessions where session.loop == loop && loops[loop].settings[session.peer].isWanted {
                let home = loops[loop].pool.home(of: session.key, on: session.peer, now: now)
                if let home, home != session.peer { faults.append("a session stays away from its home \(home)") }
            }
        } else {
            let surplus = loops[loop].pool.surplus(now: now, threshold: threshold)
            for peer in surplus.indices where own[peer] > 0 && surplus[peer] > 0 {
                faults.append("loop \(loop) stops with \(surplus[peer]) sessions too many on peer \(peer)")
            }
        }
    }

    /// Loops that are in the same state send a key to the same peer.
    mutating func compareLoops() {
        guard balancer.usesKey, loops.count > 1, loops[0].pool.hasSameState(as: loops[1].pool, now: now) else { return }
        for _ in 0..<8 {
            let key = random.next()
            let choices = (0...1).map { loop in
                let choice = loops[loop].pool.choose(now: now, key: key, random: random.next())
                if let choice { loops[loop].pool.release(choice) }
                return choice
            }
            compared += 1
            if choices[0] != choices[1] { faults.append("two loops send \(key) to \(choices)") }
        }
    }
}

extension Pool {
    fileprivate func hasSameState(as other: Pool, now: Int64) -> Bool {
        peers.count == other.peers.count
            && zip(peers, other.peers).allSatisfy { own, other in
                own.settings == other.settings && own.isHealthy == other.isHealthy
                    && own.passive.isAvailable(now: now) == other.passive.isAvailable(now: now)
                    && own.effectiveWeight(now: now) == other.effectiveWeight(now: now)
            }
    }
}
