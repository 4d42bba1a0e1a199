import Reactor
import Tunnel
import Wire

/// Time: every phase has a limit.
extension Session {
    /// The current phase ends `milliseconds` from now at the latest.
    mutating func limit(_ milliseconds: Int64) {
        let now = loop.pointee.now
        wait(until: milliseconds > .max - now ? .max : now + milliseconds)
    }

    private mutating func wait(until time: Int64) {
        let (loop, owner) = (loop, TimerOwner.session(token))
        timer.set(time, owner, &loop.pointee.wheel)
    }

    /// The wheel has handed this session out, for `tick`.
    mutating func timerFired(tick: Int64) {
        let (loop, owner) = (loop, TimerOwner.session(token))
        guard timer.hasPassed(tick: tick, now: loop.pointee.now, owner, &loop.pointee.wheel) else { return }
        switch machine.timeLimit() {
        case .ignore: break
        case .abort:
            if !pipe.upstream.isFlushed {
                log(.warn, "upstream server \(record.upstreamAddress) did not accept the client's last bytes in time")
            }
            abort(machine.cause ?? .clientLost)
        case .end(let cause):
            if cause == .connectTimeout { log(.info, "no CONNECT within mqtt_connect_timeout") }
            end(cause)
        case .refuseUndecided: refuseUndecided()
        case .failAttempt: tryTimedOut()
        case .connectAgain: connectAgain()
        case .checkIdle: checkIdle()
        }
    }

    /// Looks at keep alive and pings, and sets the time of the next look.
    mutating func checkIdle() {
        let now = loop.pointee.now
        if pipe.isReceivedHeld { pipe.heardAt = now }  // it could not be
        // First: an end that waits already would put off any other forever.
        if let end = pipe.postponedEnd { return beginClosing(end.cause, reason: end.reason) }
        if now >= pipe.expiresAt {
            log(.info, namingPeer: true, "the client's credentials have expired")
            return end(.tokenExpired)
        }
        var next: Int64
        switch pipe.keepAlive.check(now: now, heard: pipe.heardAt, pinged: pipe.pingedAt) {
        case .end:
            // A client that is not read because its broker takes nothing is not to blame.
            return end(pipe.upstream.isFlushed ? .clientIdle : .brokerStalled)
        case .wait(let time): next = time
        case .ping:
            // A client that does not take what waits for it needs no ping, and none can pass inside a frame: it is not ended for
            // want of an answer then, but by TCP.
            if channel.isFlushed, pipe.downlink.isBetweenFrames, !sendPing(now: now) { return }
            next = now + pipe.keepAlive.pingInterval
        }
        if pipe.offload.silence < .max {
            guard let time = offloadKeepAlive(now: now) else { return }
            next = min(next, time)
        }
        wait(until: min(next, pipe.expiresAt))
    }

    /// Sends a ping, which the caller knows to be between frames. False: the client is gone.
    mutating func sendPing(now: Int64) -> Bool {
        guard sendControl(.ping) else {
            clientLost()
            return false
        }
        pipe.pingedAt = now
        pipe.pings.sent(at: Kernel.microseconds())
        loop.pointee.figures.pingSent()
        return true
    }
}
