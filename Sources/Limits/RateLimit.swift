/// How often something is allowed: `count` times in a period, and `burst` times more at once after a silence.
package struct RateLimit: Sendable, Equatable {
    private let count: Int64
    /// Nanoseconds.
    private let period: Int64
    /// Nanoseconds of uses that may be ahead of their time.
    let tolerance: Int64

    /// `count` and `milliseconds` are at least 1. With a `burst` of 0 only one use is allowed at a time, as with nginx's
    /// `limit_req`.
    package init(_ count: Int, perMilliseconds milliseconds: Int64, burst: Int) {
        self.count = Int64(max(1, count))
        period = Self.product(max(1, milliseconds), 1_000_000)
        tolerance = Self.product(Int64(max(0, burst)), period) / self.count
    }

    /// Nanoseconds that `uses` cost.
    func cost(of uses: Int) -> Int64 { Self.product(Int64(max(0, uses)), period) / count }

    /// The product, or a quarter of the largest number if it is larger: sums of two are still numbers.
    static func product(_ one: Int64, _ other: Int64) -> Int64 {
        let (result, overflow) = one.multipliedReportingOverflow(by: other)
        return overflow ? .max / 4 : min(result, .max / 4)
    }
}
