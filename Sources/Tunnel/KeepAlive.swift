/// How long a silent client may stay, and when it is pinged. Pure; times in milliseconds.
package struct KeepAlive: Equatable, BitwiseCopyable, Sendable {
    /// Silence of the client that ends the session; `.max` never.
    package var idleLimit: Int64
    /// Silence of the client after which a WebSocket ping goes out; 0 never.
    package var pingInterval: Int64

    /// The gateway never ends a session that the broker would keep: its limit is one and a half times the keep alive
    /// [MQTT-3.1.2-22] and ten seconds more. A client without a keep alive promises nothing, so that without pings only TCP ends its session; with
    /// them, two hours in which it answers none. `seconds` is the CONNECT's, or the CONNACK's Server Keep Alive.
    package init(seconds: UInt16, pingInterval: Int64) {
        if seconds > 0 {
            idleLimit = Int64(seconds) * 1500 + 10_000
        } else {
            idleLimit = pingInterval > 0 ? 2 * 3600 * 1000 : .max
        }
        // Early enough for an answer to arrive.
        self.pingInterval = min(pingInterval, idleLimit / 2)
    }

    /// How long the first look at the client may wait.
    package var firstLook: Int64 { pingInterval > 0 ? pingInterval : idleLimit }

    /// What to do with a client that is silent.
    package enum Action: Equatable, Sendable {
        /// End the session.
        case end
        /// Send a ping, or note that none can be sent now; then look again.
        case ping
        /// Look again at this time.
        case wait(until: Int64)
    }

    /// What to do at `now`: `heard` is when the client last showed that it is there, `pinged` when a ping was last sent to it
    /// (0: never). Where there are pings, only one that is not answered ends the session.
    package func check(now: Int64, heard: Int64, pinged: Int64) -> Action {
        let end = idleLimit == .max ? .max : heard + idleLimit
        guard pingInterval > 0 else { return now >= end ? .end : .wait(until: end) }
        let isUnanswered = pinged > heard
        if isUnanswered, now >= end { return .end }
        let due = max(heard, pinged) + pingInterval
        if now >= due { return .ping }
        return .wait(until: isUnanswered ? min(due, end) : due)
    }
}
