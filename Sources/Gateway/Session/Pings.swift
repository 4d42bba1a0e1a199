/// The WebSocket pings that the gateway has sent to one client, and how long the last answer took. Times in microseconds.
struct Pings: BitwiseCopyable {
    private(set) var sent: UInt32 = 0
    /// From the last ping that was answered to its pong; nil: none was.
    var roundTrip: UInt32? { lastRoundTrip == 0 ? nil : lastRoundTrip }

    private var lastRoundTrip: UInt32 = 0  // 0: none
    private var askedAt: Int64 = 0  // the oldest that is not answered; 0: none is

    /// A ping goes out. While one waits for its answer, the time counts from that one: answers come in order.
    mutating func sent(at now: Int64) {
        sent &+= 1
        if askedAt == 0 { askedAt = now }
    }

    /// A pong has come. One that nobody asked for means nothing (RFC 6455 §5.5.3).
    mutating func answered(at now: Int64) {
        guard askedAt > 0 else { return }
        lastRoundTrip = UInt32(clamping: max(1, now - askedAt))
        askedAt = 0
    }

    /// Whether an answer is awaited.
    var isWaiting: Bool { askedAt > 0 }
}
