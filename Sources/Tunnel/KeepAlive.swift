/// How long a silent client may stay, and when it is pinged. Pure; times in milliseconds.
package struct KeepAlive: Equatable, BitwiseCopyable, Sendable {
    /// Silence of the client that ends the session.
    package var idleLimit: Int64
    /// Silence of both sides after which a WebSocket ping goes out; 0 never.
    package var pingInterval: Int64

    /// The gateway never ends what the broker would keep: one and a half times the keep alive [MQTT-3.1.2-22] and ten
    /// seconds more; two hours for a client without one. `seconds` is the CONNECT's, or the CONNACK's Server Keep Alive.
    package init(seconds: UInt16, pingInterval: Int64) {
        idleLimit = seconds == 0 ? 2 * 3600 * 1000 : Int64(seconds) * 1500 + 10_000
        self.pingInterval = pingInterval
    }

    package enum Action: Equatable, Sendable {
        case end
        /// Send a ping, then look again at this time.
        case ping(again: Int64)
        case wait(until: Int64)
    }

    /// What to do at `now`: `heard` is when the client last sent anything, `active` when either side last did.
    package func check(now: Int64, heard: Int64, active: Int64) -> Action {
        let end = heard + idleLimit
        if now >= end { return .end }
        guard pingInterval > 0 else { return .wait(until: end) }
        let due = active + pingInterval
        if now >= due { return .ping(again: min(now + pingInterval, end)) }
        return .wait(until: min(due, end))
    }
}
