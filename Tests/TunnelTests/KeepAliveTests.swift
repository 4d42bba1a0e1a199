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

    @Test("§3.1.2.10: keep alive 0 is off for the broker, two hours here")
    func off() {
        #expect(KeepAlive(seconds: 0, pingInterval: 30_000).idleLimit == 7_200_000)
    }

    struct Case: Sendable {
        let now: Int64
        let heard: Int64
        let active: Int64
        let action: KeepAlive.Action
    }

    /// Keep alive 20 s, which gives 40 s, with a ping after 30 s.
    @Test(
        "What is to be done, with pings",
        arguments: [
            Case(now: 1_000, heard: 1_000, active: 1_000, action: .wait(until: 31_000)),
            Case(now: 30_999, heard: 1_000, active: 1_000, action: .wait(until: 31_000)),
            Case(now: 31_000, heard: 1_000, active: 1_000, action: .ping(again: 41_000)),
            Case(now: 31_000, heard: 30_000, active: 1_000, action: .ping(again: 61_000)),
            Case(now: 40_999, heard: 1_000, active: 1_000, action: .ping(again: 41_000)),
            Case(now: 41_000, heard: 1_000, active: 1_000, action: .end),
            Case(now: 90_000, heard: 1_000, active: 1_000, action: .end),
            Case(now: 20_000, heard: 1_000, active: 19_000, action: .wait(until: 41_000)),  // the broker talks
            Case(now: 41_000, heard: 1_000, active: 41_000, action: .end),  // that does not keep the client
            Case(now: 50_000, heard: 40_000, active: 45_000, action: .wait(until: 75_000)),
        ])
    func pings(_ row: Case) {
        let keepAlive = KeepAlive(seconds: 20, pingInterval: 30_000)
        #expect(keepAlive.check(now: row.now, heard: row.heard, active: row.active) == row.action)
    }

    @Test("Without pings it only waits for the end")
    func noPings() {
        let keepAlive = KeepAlive(seconds: 20, pingInterval: 0)
        #expect(keepAlive.check(now: 40_999, heard: 1_000, active: 1_000) == .wait(until: 41_000))
        #expect(keepAlive.check(now: 41_000, heard: 1_000, active: 41_000) == .end)
    }

    @Test(
        "Whoever does as told looks again in time, and ends on the millisecond", arguments: [1, 7, 20, 300] as [UInt16])
    func followed(seconds: UInt16) {
        let keepAlive = KeepAlive(seconds: seconds, pingInterval: 9_000)
        var now: Int64 = 5_000
        var pings = 0
        for _ in 0..<1_000 {
            switch keepAlive.check(now: now, heard: 5_000, active: 5_000) {
            case .end:
                #expect(now == 5_000 + keepAlive.idleLimit)
                #expect(Int64(pings) == (keepAlive.idleLimit - 1) / 9_000)
                return
            case .ping(let again):
                #expect(again > now)
                pings += 1
                now = again
            case .wait(let until):
                #expect(until > now)
                now = until
            }
        }
        Issue.record("it never ended")
    }
}
