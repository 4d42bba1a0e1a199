import Access
import Testing

/// The policy alone, with every time written out. The interval is 300 s, the floor 10 s.
@Suite struct JWKSRefreshTests {
    @Test("The first fetch is due at once, the next one an interval after its end")
    func interval() {
        var refresh = JWKSRefresh()
        #expect(refresh.next(now: 0) == .fetch)
        #expect(refresh.next(now: 1) == .underWay)
        #expect(refresh.fetched(now: 2000) == nil)
        #expect(refresh.next(now: 2000) == .wait(until: 302_000))
        #expect(refresh.next(now: 301_999) == .wait(until: 302_000))
        #expect(refresh.next(now: 302_000) == .fetch)
    }

    @Test("A key that is unknown starts a fetch, but not before the floor has passed")
    func unknownKey() {
        var refresh = JWKSRefresh()
        #expect(refresh.unknownKeyID(now: 0) == .fetch)
        #expect(refresh.unknownKeyID(now: 5) == .underWay)
        #expect(refresh.fetched(now: 100) == nil)
        #expect(refresh.unknownKeyID(now: 100) == .tooSoon)
        #expect(refresh.unknownKeyID(now: 10_099) == .tooSoon)
        #expect(refresh.unknownKeyID(now: 10_100) == .fetch)
        #expect(refresh.next(now: 10_100) == .underWay)
        #expect(refresh.fetched(now: 10_200) == nil)
        // The regular fetch counts from there.
        #expect(refresh.next(now: 300_100) == .wait(until: 310_200))
    }

    @Test("Tokens with made-up keys cause one fetch a floor, however many they are")
    func flood() {
        var refresh = JWKSRefresh()
        var fetches = 0
        for now in stride(from: Int64(0), to: 60_000, by: 1) where refresh.unknownKeyID(now: now) == .fetch {
            fetches += 1
            _ = refresh.fetched(now: now)
        }
        #expect(fetches == 6)
    }

    @Test("While the URL fails: 10, 20, 40, 80, 160 s, then the interval")
    func backOff() {
        var refresh = JWKSRefresh()
        var now: Int64 = 0
        for delay: Int64 in [10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000] {
            #expect(refresh.next(now: now) == .fetch)
            _ = refresh.failed(now: now)
            #expect(refresh.next(now: now) == .wait(until: now + delay))
            now += delay
        }
        for _ in 0..<100 {
            #expect(refresh.next(now: now) == .fetch)
            _ = refresh.failed(now: now)
            now += 300_000
        }
    }

    @Test("The back-off does not hold up a fetch for an unknown key, the floor does")
    func unknownKeyWhileFailing() {
        var refresh = JWKSRefresh()
        for now: Int64 in [0, 10_000, 30_000] {
            #expect(refresh.next(now: now) == .fetch)
            _ = refresh.failed(now: now)
        }
        #expect(refresh.next(now: 40_000) == .wait(until: 70_000))
        #expect(refresh.unknownKeyID(now: 39_999) == .tooSoon)
        #expect(refresh.unknownKeyID(now: 40_000) == .fetch)
        #expect(refresh.fetched(now: 40_100) == .recovers)
        #expect(refresh.next(now: 40_100) == .wait(until: 340_100))
    }

    @Test("Failing and recovering are told once each")
    func events() {
        var refresh = JWKSRefresh()
        var events: [JWKSRefresh.Event?] = []
        for (number, isGood) in [true, false, false, false, true, true, false, true].enumerated() {
            let now = Int64(number) * 1_000_000
            #expect(refresh.next(now: now) == .fetch)
            events.append(isGood ? refresh.fetched(now: now) : refresh.failed(now: now))
        }
        #expect(events == [nil, .startsFailing, nil, nil, .recovers, nil, .startsFailing, .recovers])
    }

    @Test("Settings out of bounds are brought into them")
    func bounds() {
        var refresh = JWKSRefresh(interval: 5000, floor: 60_000)
        #expect(refresh.next(now: 0) == .fetch)
        _ = refresh.fetched(now: 0)
        #expect(refresh.next(now: 1) == .wait(until: 60_000))

        var largest = JWKSRefresh(interval: .max, floor: .max)
        var smallest = JWKSRefresh(interval: .min, floor: .min)
        for _ in 0..<40 {
            _ = largest.unknownKeyID(now: 0)
            _ = largest.failed(now: 0)
            _ = smallest.unknownKeyID(now: 0)
            _ = smallest.failed(now: 0)
        }
        #expect(largest.next(now: 0) == .wait(until: 2_592_000_000))
        #expect(smallest.next(now: 0) == .wait(until: 1))
    }
}
