import Tunnel
import Wire

/// Time: every phase has a limit.
extension Session {
    /// The current phase ends `milliseconds` from now at the latest.
    mutating func limit(_ milliseconds: Int64) {
        deadline = milliseconds > .max - loop.pointee.now ? .max : loop.pointee.now + milliseconds
        scheduleTimer()
    }

    /// Makes sure that the wheel hands this session out no later than at its deadline.
    mutating func scheduleTimer() {
        guard deadline < .max else { return }
        let tick = loop.pointee.wheel.tick(of: deadline)
        guard timerTick == 0 || tick < timerTick else { return }
        timerTick = loop.pointee.wheel.schedule(token.rawValue, at: deadline)
    }

    /// The wheel has handed this session out, for `tick`.
    mutating func timerFired(tick: Int64) -> Outcome {
        guard tick == timerTick else { return .keep }  // an entry that a closer one has replaced
        timerTick = 0
        guard deadline <= loop.pointee.now else {
            scheduleTimer()
            return .keep
        }
        if waitsForQueue {
            connectAgain()
            return settle()
        }
        switch machine.timeLimit() {
        case .ignore: break
        case .abort:
            if !upstream.isFlushed {
                log(.warn, "upstream server \(record.upstreamAddress) did not take the client's last bytes")
            }
            return finish(machine.cause ?? .clientLost)
        case .end(let cause):
            if isWebSocket { log(.info, "no CONNECT within mqtt_connect_timeout") }
            if cause == .proxyHeaderTimeout { tls = nil }  // it has not begun
            close(cause)
        case .answerRequestTimeout: requestTimedOut()
        case .refuseUndecided: refuseUndecided()
        case .failAttempt: tryTimedOut()
        case .checkIdle: checkIdle()
        }
        return settle()
    }

    private mutating func requestTimedOut() {
        // A client that has sent nothing gets no answer: browsers open connections ahead of need.
        guard !held.isEmpty else { return close(.requestTimeout) }
        refuse(.requestTimeout, detail: "The request did not arrive in time.", cause: .requestTimeout)
    }

    private mutating func checkIdle() {
        if loop.pointee.now >= expiresAt {
            log(.info, "the client's token has come to its end")
            return close(.tokenExpired)
        }
        if let end = endAfterPacket { return beginClosing(end.cause, reason: end.reason) }
        let now = loop.pointee.now
        switch keepAlive.check(now: now, heard: heardAt, pinged: pingedAt) {
        case .end:
            // A client that is not read because its broker takes nothing is not to blame.
            close(upstream.isFlushed ? .clientIdle : .brokerStalled)
        case .wait(let time): wait(until: time)
        case .ping:
            // A client that does not take what waits for it needs no ping, and none can pass inside a frame: it is not ended for
            // want of an answer then, but by TCP.
            if client.isFlushed, downlink.isBetweenFrames {
                guard sendControl(.ping, loop.pointee.buffers.control, count: 0) else { return clientLost() }
                pingedAt = now
            }
            wait(until: now + keepAlive.pingInterval)
        }
    }

    /// Looks again at this time, or when the client's token ends.
    private mutating func wait(until time: Int64) {
        deadline = min(time, expiresAt)
        scheduleTimer()
    }
}
