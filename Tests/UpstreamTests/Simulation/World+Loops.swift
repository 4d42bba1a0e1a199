import TestSupport

@testable import Upstream

extension World {
    // MARK: Orders

    /// The loop does what it was told.
    mutating func obey(_ loop: Int) {
        let orders = loops[loop].orders
        loops[loop].orders = []
        for order in orders {
            switch order {
            case .note(let peer, let isHealthy):
                loops[loop].pool.record(peer, isHealthy: isHealthy, now: now)
                loops[loop].healthy[peer] = isHealthy
                loops[loop].weights[peer] = nil
                if isHealthy { startMoving(loop) }
            case .update(let settings, let counts):
                let hasToMove = loops[loop].pool.update(settings, counts: counts, now: now)
                learn(loop, settings)
                if hasToMove { startMoving(loop) }
            }
        }
    }

    private mutating func learn(_ loop: Int, _ settings: [Peer.Settings]) {
        for (peer, new) in settings.enumerated() {
            if peer == loops[loop].settings.count {
                loops[loop].settings.append(new)
                loops[loop].healthy.append(true)
                loops[loop].weights.append(nil)
            }
            let old = loops[loop].settings[peer]
            if new.identity != old.identity || old.isDown && !new.isDown { loops[loop].healthy[peer] = true }
            loops[loop].settings[peer] = new
            loops[loop].weights[peer] = nil
        }
    }

    // MARK: Clients

    /// A client comes.
    mutating func connect(loop: Int, key: UInt64) {
        attempt(Attempt(loop: loop, key: key, peer: -1, tried: [], answerAt: now))
    }

    /// Asks the pool for a peer, once more.
    private mutating func attempt(_ attempt: Attempt) {
        guard attempt.tried.count < Self.tries else { return }
        let loads = settings.indices.map { counts[$0] }
        let choice = loops[attempt.loop].pool.choose(
            now: now, key: attempt.key, random: random.next(), tried: attempt.tried)
        guard let choice else {
            refused += 1
            return checkRefusal(attempt)
        }
        checkChoice(choice, attempt, loads)
        var attempt = attempt
        attempt.peer = choice
        attempt.answerAt = now + brokers[choice].delay
        attempts.append(attempt)
        if brokers[choice].delay == 0 { settle(attempts.removeLast()) }
    }

    /// The broker has answered, or has not.
    mutating func settle(_ attempt: Attempt) {
        let peer = attempt.peer
        loops[attempt.loop].weights[peer] = nil
        if brokers[peer].works {
            _ = loops[attempt.loop].pool.succeeded(peer, now: now)
            sessions.append(Session(loop: attempt.loop, peer: peer, key: attempt.key))
            served += 1
            return
        }
        let wasAvailable = loops[attempt.loop].pool.peers[peer].passive.isAvailable(now: now)
        let takesOut = loops[attempt.loop].pool.failed(peer, now: now)
        let isOut = !loops[attempt.loop].pool.peers[peer].passive.isAvailable(now: now)
        if takesOut != (wasAvailable && isOut) { faults.append("peer \(peer): \(takesOut) for taking out") }
        loops[attempt.loop].pool.release(peer)
        var next = attempt
        next.tried.append(peer)
        self.attempt(next)
    }

    /// A client goes.
    mutating func end() {
        guard !sessions.isEmpty else { return }
        let session = sessions.remove(at: Int.random(in: 0..<sessions.count, using: &random))
        loops[session.loop].pool.release(session.peer)
    }

    // MARK: Sessions that are moved

    mutating func startMoving(_ loop: Int) {
        guard rate > 0, loops[loop].pace == nil else { return }
        loops[loop].pace = Rebalance(rate: rate, loops: loops.count)
        loops[loop].pool.isRebalancing = true
        (loops[loop].moved, loops[loop].movingSince) = (0, now)
    }

    /// Moves as many of the loop's sessions as the pace allows, and stops when none has to move.
    mutating func rebalance(_ loop: Int) {
        guard var pace = loops[loop].pace else { return }
        var surplus = loops[loop].pool.surplus(now: now, threshold: threshold)
        var left = pace.allowance(now: now)
        let isBounded = left > 0
        var kept: [Session] = []
        for session in sessions {
            guard session.loop == loop, left > 0, hasToMove(session, surplus) else {
                kept.append(session)
                continue
            }
            surplus[session.peer] -= 1
            left -= 1
            pace.spend(1)
            move(session)
        }
        let hasMoved = kept.count < sessions.count
        sessions = kept
        checkPace(loop)
        loops[loop].pace = pace
        guard !hasMoved, isBounded, !loops[loop].pool.hasSlowStart(now: now) else { return }
        loops[loop].pace = nil
        loops[loop].pool.isRebalancing = false
        checkIsBalanced(loop)
    }

    private mutating func hasToMove(_ session: Session, _ surplus: [Int]) -> Bool {
        guard balancer.usesKey else { return surplus[session.peer] > 0 }
        guard loops[session.loop].settings[session.peer].isWanted else { return false }
        let home = loops[session.loop].pool.home(of: session.key, on: session.peer, now: now)
        return home != nil && home != session.peer
    }

    private mutating func move(_ session: Session) {
        loops[session.loop].pool.release(session.peer)
        loops[session.loop].moved += 1
        moved += 1
        returning.append((now + Int64.random(in: 0...200, using: &random), session.key))
    }
}
