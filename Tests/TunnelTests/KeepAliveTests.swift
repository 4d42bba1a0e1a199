import Testing

@testable import Tunnel

@Suite("KeepAlive")
struct KeepAliveTests {
    @Test(
        "[MQTT-3.1.2-22]: never before one and a half times the keep alive",
        arguments: zip([1, 10, 60, 65_535] as [UInt16], [11_500, 25_000, 100_000, 98_312_500] as [Int64]))
    func limit(seconds: UInt16, milliseconds: Int64) {
        #expect(KeepAlive(seconds: seconds, pingInterval: 0).idleLimit == milliseconds)
    }

    @Test("§3.1.2.10: keep alive 0 is off: two hours of unanswered pings, and without pings nothing but TCP ends it")
    func off() {
        #expect(KeepAlive(seconds: 0, pingInterval: 30_000).idleLimit == 7_200_000)
        let silent = KeepAlive(seconds: 0, pingInterval: 0)
        #expect(silent.idleLimit == .max && silent.firstLook == .max)
        #expect(silent.check(now: 1 << 40, heard: 1_000, pinged: 0) == .wait(until: .max))
    }

    struct Case: Sendable {
        let now: Int64
        let heard: Int64
        let pinged: Int64
        let action: KeepAlive.Action
    }

    /// Keep alive 60 s, which gives 100 s, with a ping after 30 s.
    @Test(
        "What is to be done, with pings",
        arguments: [
            Case(now: 1_000, heard: 1_000, pinged: 0, action: .wait(until: 31_000)),
            Case(now: 30_999, heard: 1_000, pinged: 0, action: .wait(until: 31_000)),
            Case(now: 31_000, heard: 1_000, pinged: 0, action: .ping),
            Case(now: 31_001, heard: 1_000, pinged: 31_000, action: .wait(until: 61_000)),
            Case(now: 61_000, heard: 1_000, pinged: 31_000, action: .ping),
            Case(now: 91_001, heard: 1_000, pinged: 91_000, action: .wait(until: 101_000)),
            Case(now: 101_000, heard: 1_000, pinged: 91_000, action: .end),
            Case(now: 101_000, heard: 31_005, pinged: 31_000, action: .ping),  // it has answered
            Case(now: 31_005, heard: 31_005, pinged: 31_000, action: .wait(until: 61_005)),
            Case(now: 500_000, heard: 1_000, pinged: 0, action: .ping),  // never asked: not to blame
        ])
    func pings(_ row: Case) {
        let keepAlive = KeepAlive(seconds: 60, pingInterval: 30_000)
        #expect(keepAlive.check(now: row.now, heard: row.heard, pinged: row.pinged) == row.action)
    }

    @Test("Without pings it only waits for the end")
    func noPings() {
        let keepAlive = KeepAlive(seconds: 20, pingInterval: 0)
        #expect(keepAlive.check(now: 40_999, heard: 1_000, pinged: 0) == .wait(until: 41_000))
        #expect(keepAlive.check(now: 41_000, heard: 1_000, pinged: 0) == .end)
    }

    @Test("A short keep alive is asked in time for an answer", arguments: [1, 5, 10, 19] as [UInt16])
    func short(seconds: UInt16) {
        let keepAlive = KeepAlive(seconds: seconds, pingInterval: 30_000)
        #expect(keepAlive.pingInterval == keepAlive.idleLimit / 2)
    }

    @Test(
        "Whoever does as told looks again in time, and ends on the millisecond when nothing is answered",
        arguments: [0, 1, 7, 20, 300] as [UInt16])
    func unanswered(seconds: UInt16) {
        let keepAlive = KeepAlive(seconds: seconds, pingInterval: 9_000)
        var (now, pinged): (Int64, Int64) = (5_000, 0)
        for _ in 0..<10_000 {
            switch keepAlive.check(now: now, heard: 5_000, pinged: pinged) {
            case .end:
                #expect(now == 5_000 + keepAlive.idleLimit)
                return
            case .ping: pinged = now
            case .wait(let until):
                #expect(until > now)
                now = until
            }
        }
        Issue.record("it never ended")
    }

    @Test(
        "A client that answers is never ended, whatever its keep alive and the interval",
        arguments: [0, 1, 7, 60, 65_535] as [UInt16], [1_000, 9_000, 30_000, 600_000] as [Int64])
    func answered(seconds: UInt16, interval: Int64) {
        let keepAlive = KeepAlive(seconds: seconds, pingInterval: interval)
        var (now, pinged, heard): (Int64, Int64, Int64) = (5_000, 0, 5_000)
        for _ in 0..<1_000 {
            switch keepAlive.check(now: now, heard: heard, pinged: pinged) {
            case .end:
                Issue.record("ended at \(now)")
                return
            case .ping:
                pinged = now
                now += 1
                heard = now
            case .wait(let until): now = until
            }
        }
        #expect(pinged > 5_000)
    }
}
