/// `limit_rate` and `limit_packet_rate`: a side that is ahead of its rate is not read until it has paid for half of its burst.
/// Nothing is lost: what it sends waits in its own socket.
extension Session {
    /// Charges what has passed, and holds the sides that are ahead.
    mutating func keepPace() {
        guard let pace, isPiping else { return }
        // What a stream that is gone has brought is all that will come.
        if case .stream(let stream) = channel, stream.pointee.isGone {
            pipe.isReceivedHeld = false
            return
        }
        let now = loop.pointee.now
        let (received, sent) = (pipe.uplink.counts.total.packets, pipe.downlink.counts.total.packets)
        let holdsReceived = pace.received.charge(bytes: pipe.bytes.received, packets: UInt64(received), now: now)
        let holdsSent = pace.sent.charge(bytes: pipe.bytes.sent, packets: UInt64(sent), now: now)
        if holdsReceived, !pipe.isReceivedHeld { loop.pointee.figures.rateHeld(.received) }
        if holdsSent, !pipe.isSentHeld { loop.pointee.figures.rateHeld(.sent) }
        // A client that was not read could not be heard.
        if pipe.isReceivedHeld, !holdsReceived { pipe.heardAt = now }
        (pipe.isReceivedHeld, pipe.isSentHeld) = (holdsReceived, holdsSent)
        guard holdsReceived || holdsSent else { return }
        let times = (holdsReceived ? [pace.received.heldUntil] : []) + (holdsSent ? [pace.sent.heldUntil] : [])
        let (loop, owner) = (loop, TimerOwner.pace(token))
        pace.timer.set(times.min() ?? .max, owner, &loop.pointee.wheel)
    }

    /// The wheel has handed the session out, for `tick`: what is held may be read again.
    mutating func paceTimerFired(tick: Int64) {
        guard let pace else { return }
        let (loop, owner) = (loop, TimerOwner.pace(token))
        _ = pace.timer.hasPassed(tick: tick, now: loop.pointee.now, owner, &loop.pointee.wheel)
    }
}
