/// When the gateway asks a client that its broker has not heard of for too long whether it is still there, and says so to the
/// broker: browsers slow the timers of pages that nobody looks at, and what is due in a minute comes in several. Pure; times
/// in milliseconds of one clock.
package struct KeepAliveOffload: Equatable, BitwiseCopyable, Sendable {
    /// Silence towards the broker after which the client is asked; `.max`: never.
    package let silence: Int64
    /// When it was asked last; 0: never, or it has answered.
    package private(set) var askedAt: Int64 = 0

    /// Never asks.
    package init() { silence = .max }

    /// `seconds` is the keep alive of the session. A client that keeps its promise sends something before it is over
    /// [MQTT-3.1.2-20], and a broker waits for half of it more [MQTT-3.1.2-22]: the client is asked after a fifth of it, and has
    /// the rest for its answer.
    package init(seconds: UInt16) { silence = seconds > 0 ? Int64(seconds) * 1200 : .max }

    /// What to do now.
    package enum Action: Equatable, Sendable {
        /// Ask, with a ping.
        case ask
        /// Look again at this time.
        case wait(until: Int64)
    }

    /// What to do at `now`; `forwarded` is when the broker was last sent something.
    package func check(now: Int64, forwarded: Int64) -> Action {
        guard silence < .max else { return .wait(until: .max) }
        let due = forwarded + silence
        if now < due { return .wait(until: due) }
        // A client that does not answer is not spoken for, and needs no second question: pings do not get lost.
        return askedAt > forwarded ? .wait(until: .max) : .ask
    }

    /// The question is on its way.
    package mutating func asked(at now: Int64) { askedAt = now }

    /// The client has answered a ping: whether the broker is to be told. `forwarded` as for `check`.
    package mutating func answered(forwarded: Int64) -> Bool {
        defer { askedAt = 0 }
        return askedAt > forwarded
    }

    /// Milliseconds to wait when the client, or the broker, could not be sent anything.
    package var pause: Int64 { max(100, silence / 12) }
}
