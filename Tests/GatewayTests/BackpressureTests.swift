import Testing

@testable import Gateway

@Suite("How long a side was not read, and how long a ping took")
struct BackpressureTests {
    @Test("The time under way counts up to now, one that is over stays, and beginning twice is one")
    func times() {
        var times = Backpressure()
        #expect(times.count == 0 && times.milliseconds(now: 5) == 0 && times.end(now: 5) == nil)
        times.begin(now: 0)
        times.begin(now: 3)
        #expect(times.isUnderWay && times.count == 1 && times.milliseconds(now: 7) == 7)
        #expect(times.end(now: 10) == 10 && times.end(now: 11) == nil && !times.isUnderWay)
        #expect(times.milliseconds(now: 1000) == 10)
        times.begin(now: 20)
        #expect(times.count == 2 && times.milliseconds(now: 25) == 15)
        #expect(times.end(now: 20) == 0 && times.milliseconds(now: 30) == 10)
        times.begin(now: 0)
        #expect(times.end(now: 1 << 40) == 1 << 40 && times.milliseconds(now: 0) == Int64(UInt32.max))
    }

    @Test("A pong answers the oldest ping that waits; one that nobody asked for means nothing")
    func pings() {
        var pings = Pings()
        pings.answered(at: 100)
        #expect(pings.roundTrip == nil && !pings.isWaiting)
        pings.sent(at: 1000)
        pings.sent(at: 2000)
        #expect(pings.sent == 2 && pings.isWaiting && pings.roundTrip == nil)
        pings.answered(at: 2500)
        #expect(pings.roundTrip == 1500 && !pings.isWaiting)
        pings.answered(at: 9000)
        #expect(pings.roundTrip == 1500)
        pings.sent(at: 10_000)
        #expect(pings.isWaiting && pings.roundTrip == 1500)
        pings.answered(at: 10_000)
        #expect(pings.roundTrip == 1)
    }
}
