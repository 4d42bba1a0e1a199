import TestSupport
import Testing

@testable import Limits

@Suite("Token buckets")
struct TokenBucketTests {
    @Test("A burst at once, then the rate, as limit_req of nginx does")
    func burst() {
        let limit = RateLimit(10, perMilliseconds: 1000, burst: 4)
        var bucket = TokenBucket()
        func take(_ now: Int64) -> Bool { bucket.take(limit, now: now) }
        #expect((0..<7).map { _ in take(5000) } == [true, true, true, true, true, false, false])
        #expect(!take(5099))
        #expect(take(5100))
        #expect(!take(5100))
        // A silence gives the burst back, and no more.
        #expect((0..<7).filter { _ in take(60_000) }.count == 5)
    }

    @Test("Without a burst, one at a time")
    func single() {
        let limit = RateLimit(1, perMilliseconds: 60_000, burst: 0)
        var bucket = TokenBucket()
        #expect(
            [0, 1, 59_999, 60_000, 60_001].map { bucket.take(limit, now: $0) } == [true, false, false, true, false])
    }

    @Test("A limit that a reload has raised counts at once: nobody waits for what the old one has left")
    func raised() {
        var table = RateTable(capacity: 10)
        let key = LimitKey("a")
        let (old, new) = (
            RateLimit(1, perMilliseconds: 3_600_000, burst: 5), RateLimit(10, perMilliseconds: 1000, burst: 2)
        )
        for _ in 0..<9 { _ = table.take(key, old, now: 1000) }
        let taken = [1000, 1100, 1100].map { table.take(key, new, now: $0) }
        #expect(taken == [false, true, false])
    }

    @Test("Bytes: overdrawn after more than the burst, and half full again in time")
    func bytes() {
        let limit = RateLimit(1000, perMilliseconds: 1000, burst: 1000)
        var bucket = TokenBucket()
        bucket.charge(1000, limit, now: 0)
        #expect(!bucket.isOverdrawn(limit, now: 0))
        bucket.charge(2000, limit, now: 0)
        #expect(bucket.isOverdrawn(limit, now: 1999))
        #expect(!bucket.isOverdrawn(limit, now: 2000))
        #expect(bucket.halfFullAt(limit) == 2500)
    }

    @Test("The largest numbers overflow nothing")
    func extremes() {
        let limit = RateLimit(1, perMilliseconds: .max, burst: .max)
        var bucket = TokenBucket()
        for _ in 0..<4 { bucket.charge(.max, limit, now: .max) }
        _ = bucket.take(RateLimit(.max, perMilliseconds: 1, burst: 0), now: .max)
        _ = bucket.halfFullAt(limit)
    }

    @Test(
        "Never more than the burst and what the rate gives, whatever the times",
        arguments: 1...20 as ClosedRange<UInt64>)
    func bound(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let (count, burst) = (Int.random(in: 1...50, using: &random), Int.random(in: 0...50, using: &random))
        let limit = RateLimit(count, perMilliseconds: 1000, burst: burst)
        var bucket = TokenBucket()
        var (now, taken) = (Int64(0), 0)
        for _ in 0..<5000 {
            now += Int64.random(in: 0...40, using: &random)
            if bucket.take(limit, now: now) { taken += 1 }
            #expect(taken <= burst + 1 + Int(now) * count / 1000)
        }
        #expect(taken > 0)
    }
}
