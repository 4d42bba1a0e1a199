import Reactor
import Tunnel
import Wire

/// Keep alive in the place of a client whose timers sleep (`mqtt_keepalive_offload`): while it answers pings, its broker hears
/// of it.
extension Session {
    private static let pingreq: (UInt8, UInt8) = (0xC0, 0)  // 3.1.1 §3.12

    /// Asks the client, if its broker has heard nothing for too long. Returns when to look again; nil: the client is gone.
    mutating func offloadKeepAlive(now: Int64) -> Int64? {
        switch pipe.offload.check(now: now, forwarded: pipe.forwardedAt) {
        case .wait(let time): return time
        case .ask:
            guard phase == .open, channel.isFlushed, pipe.downlink.isBetweenFrames else {
                return now + pipe.offload.pause
            }
            guard sendPing(now: now) else { return nil }
            pipe.offload.asked(at: now)
            return .max
        }
    }

    /// The client has answered a ping. Nothing is said inside a packet of its own, nor before the last PINGREQ is answered.
    mutating func offloadAnswered() {
        guard pipe.offload.answered(forwarded: pipe.forwardedAt) else { return }
        guard phase == .open, pipe.uplink.isBetweenPackets, pipe.upstream.isFlushed, !pipe.downlink.withholdsPingresp
        else { return limit(pipe.offload.pause) }
        let (asked, answered) = (pipe.uplink.counts[.pingreq].packets, pipe.downlink.counts[.pingreq].packets)
        pipe.downlink.withholdPingresp(after: asked > answered ? asked - answered : 0)
        let sent = withUnsafeBytes(of: Self.pingreq) { bytes in
            bytes.baseAddress.map { pipe.upstream.send($0, count: bytes.count) } ?? true
        }
        guard sent else { return upstreamLost() }
        pipe.forwardedAt = loop.pointee.now
        loop.pointee.figures.keepAliveOffloaded()
        checkIdle()
    }
}
