import Testing

@testable import HTTP2

@Suite("FloodGuard: frames that only cost work")
struct FloodGuardTests {
    /// How many frames are allowed one after the other, at one moment, up to 5,000.
    private func run(_ frame: FloodGuard.Frame, _ floodGuard: inout FloodGuard, now: Int64 = 0) -> Int {
        var count = 0
        while count < 5000, floodGuard.allows(frame, now: now) { count += 1 }
        return count
    }

    @Test(
        "What a client may send at once",
        arguments: [
            (FloodGuard.Frame.control, 2000), (.emptyData, 2000), (.windowUpdate, 2000), (.reset, 1000), (.head, 1000),
            (.continuation, 100), (.oversizedHead, 20),
        ])
    func burst(frame: FloodGuard.Frame, count: Int) {
        var floodGuard = FloodGuard(now: 0)
        let allowed = run(frame, &floodGuard)
        #expect(allowed == count)
    }

    @Test("Time gives back two hundred a second, and never more than there was")
    func refill() {
        var floodGuard = FloodGuard(now: 0)
        _ = run(.control, &floodGuard)
        let fresh = run(.control, &floodGuard, now: 1001)
        let whole = run(.control, &floodGuard, now: 10_000_000)
        #expect((199...200).contains(fresh) && whole == 2000)
    }

    @Test("Requests that are served cost nothing, however many")
    func served() {
        var floodGuard = FloodGuard(now: 0)
        for _ in 0..<10_000 {
            let isAllowed = floodGuard.allows(.head, now: 0)
            #expect(isAllowed)
            floodGuard.served()
        }
    }

    @Test("A client that answers each of our frames with two updates is no flood")
    func updates() {
        var floodGuard = FloodGuard(now: 0)
        for _ in 0..<10_000 {
            floodGuard.sentData()
            let isAllowed = floodGuard.allows(.windowUpdate, now: 0) && floodGuard.allows(.windowUpdate, now: 0)
            #expect(isAllowed)
        }
    }

    @Test("A clock that stands still or goes back gives nothing")
    func clock() {
        var floodGuard = FloodGuard(now: 1000)
        _ = run(.control, &floodGuard, now: 1000)
        let isAllowed = floodGuard.allows(.control, now: 0)
        #expect(!isAllowed)
    }
}
