/// A bucket of tokens that fills at the rate of a `RateLimit`: one number, the time at which it is full again.
///
/// Times are milliseconds of a monotonic clock. A bucket that is full means nothing: it is as one that was never used.
package struct TokenBucket: Sendable, Equatable, BitwiseCopyable {
    /// Nanoseconds of the same clock.
    package private(set) var fullAt: Int64

    /// A full one.
    package init() { fullAt = 0 }

    init(fullAt: Int64) { self.fullAt = fullAt }

    /// Takes a token. False: there is none, and nothing is taken.
    package mutating func take(_ limit: RateLimit, now: Int64) -> Bool {
        // As far behind as this limit lets anybody be: what a slower one of before has left is not waited for.
        fullAt = min(fullAt, Self.nanoseconds(now) + limit.tolerance + limit.cost(of: 1))
        guard behind(now) <= limit.tolerance else { return false }
        charge(1, limit, now: now)
        return true
    }

    /// Takes tokens, also those that are not there yet; nobody owes more than a minute's.
    package mutating func charge(_ count: Int, _ limit: RateLimit, now: Int64) {
        let cost = limit.cost(of: count)
        let most = Self.nanoseconds(now) + limit.tolerance + Self.longestDebt
        fullAt = min(min(max(fullAt, Self.nanoseconds(now)), .max / 2) + cost, max(most, fullAt))
    }

    /// Whether more tokens were taken than there were.
    package func isOverdrawn(_ limit: RateLimit, now: Int64) -> Bool { behind(now) > limit.tolerance }

    /// When half of the burst is there again, in milliseconds.
    package func halfFullAt(_ limit: RateLimit) -> Int64 {
        let time = fullAt - limit.tolerance / 2
        return time / 1_000_000 + (time % 1_000_000 > 0 ? 1 : 0)
    }

    /// Nanoseconds until it is full; 0 or less: it is.
    private func behind(_ now: Int64) -> Int64 { fullAt - Self.nanoseconds(now) }

    private static let longestDebt: Int64 = 60_000_000_000

    static func nanoseconds(_ milliseconds: Int64) -> Int64 { RateLimit.product(max(0, milliseconds), 1_000_000) }
}
