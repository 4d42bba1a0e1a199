/// A bucket for each key: CONNECTs of an address, of a client …
///
/// A table full of buckets that are in use forgets the one that is the nearest to full of some: its key begins again with a
/// whole burst. So nobody is refused because others have many keys.
package struct RateTable: Sendable {
    private var table: KeyTable

    package init(capacity: Int) { table = KeyTable(capacity: capacity, whenFull: .forget) }

    /// Keys that have a bucket now.
    package var keys: Int { table.count }

    /// Whether one more is allowed, which is then counted. `now`: milliseconds of a monotonic clock.
    package mutating func take(_ key: LimitKey, _ limit: RateLimit, now: Int64) -> Bool {
        table.update(key, floor: TokenBucket.nanoseconds(now)) { fullAt in
            var bucket = TokenBucket(fullAt: fullAt)
            defer { fullAt = bucket.fullAt }
            return bucket.take(limit, now: now)
        } ?? true
    }
}
