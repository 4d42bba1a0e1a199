import TestSupport
import Testing

@testable import Tunnel

@Suite("KeepAliveOffload")
struct KeepAliveOffloadTests {
    @Test("The client is asked after 1.2 times its keep alive, in which the broker has heard nothing: before 1.5 times")
    func asks() {
        let offload = KeepAliveOffload(seconds: 60)
        #expect(offload.check(now: 1_000, forwarded: 1_000) == .wait(until: 73_000))
        #expect(offload.check(now: 72_999, forwarded: 1_000) == .wait(until: 73_000))
        #expect(offload.check(now: 73_000, forwarded: 1_000) == .ask)
        #expect(KeepAliveOffload(seconds: 1).silence == 1_200)
        #expect(KeepAliveOffload(seconds: .max).silence == 78_642_000)
    }

    @Test(
        "Without keep alive, or where it is off, nobody is asked", arguments: [KeepAliveOffload(), .init(seconds: 0)])
    func off(offload: KeepAliveOffload) {
        var offload = offload
        #expect(offload.check(now: 1 << 50, forwarded: 0) == .wait(until: .max))
        let mayTell = offload.answered(forwarded: 0)
        #expect(!mayTell)
    }

    @Test("One question, and the broker is told only after an answer to it")
    func answer() {
        var offload = KeepAliveOffload(seconds: 10)
        offload.asked(at: 12_000)
        #expect(offload.check(now: 12_500, forwarded: 0) == .wait(until: .max))
        let first = offload.answered(forwarded: 0)
        let again = offload.answered(forwarded: 0)
        #expect(first && !again)
        #expect(offload.check(now: 12_600, forwarded: 12_600) == .wait(until: 24_600))
    }

    @Test("A client that has spoken for itself meanwhile is not spoken for")
    func spoken() {
        var offload = KeepAliveOffload(seconds: 10)
        offload.asked(at: 12_000)
        let mayTell = offload.answered(forwarded: 12_001)
        #expect(!mayTell)
        #expect(offload.check(now: 24_001, forwarded: 12_001) == .ask)
    }
}
