import Testing

@testable import Upstream

@Suite("Passive check")
struct PassiveCheckTests {
    private let three = Peer.Settings(maxFails: 3, failTimeout: 1_000)

    /// Fails at each of these times; the answers in order.
    private func fail(_ check: inout PassiveCheck, at times: [Int64], _ settings: Peer.Settings) -> [Bool] {
        times.map { check.failed(now: $0, settings) }
    }

    @Test("Available until something fails, at any time")
    func fresh() {
        for now in [0, 1, Int64.max] { #expect(PassiveCheck().isAvailable(now: now)) }
    }

    @Test("One failure is enough by default, for the whole time and not longer")
    func single() {
        var check = PassiveCheck()
        #expect(fail(&check, at: [500], .init(maxFails: 1, failTimeout: 1_000)) == [true])
        #expect(!check.isAvailable(now: 500))
        #expect(!check.isAvailable(now: 1_499))
        #expect(check.isAvailable(now: 1_500))
    }

    @Test("max_fails=0 never takes a peer out")
    func never() {
        var check = PassiveCheck()
        #expect(fail(&check, at: [1, 2, 3], .init(maxFails: 0, failTimeout: 1_000)) == [false, false, false])
        #expect(check.isAvailable(now: 4))
    }

    @Test("Failures count within one window of fail_timeout from the first")
    func window() {
        var check = PassiveCheck()
        #expect(fail(&check, at: [0, 1_000], three) == [false, false])
        #expect(check.isAvailable(now: 1_000))
        #expect(fail(&check, at: [1_000], three) == [true])
        var late = PassiveCheck()
        #expect(fail(&late, at: [0, 500, 1_001], three) == [false, false, false])
        #expect(late.isAvailable(now: 1_001))
        // The third began a window of its own.
        #expect(fail(&late, at: [1_500, 2_001], three) == [false, true])
    }

    @Test("After the time one more failure is enough")
    func secondTime() {
        var check = PassiveCheck()
        #expect(fail(&check, at: [0, 0, 0], three) == [false, false, true])
        #expect(check.isAvailable(now: 1_000))
        #expect(fail(&check, at: [1_200], three) == [true])
        #expect(!check.isAvailable(now: 2_199))
        #expect(check.isAvailable(now: 2_200))
    }

    @Test("That memory lasts for fail_timeout: later, all failures are wanted again")
    func forgotten() {
        var check = PassiveCheck()
        #expect(fail(&check, at: [0, 0, 0], three) == [false, false, true])
        #expect(fail(&check, at: [2_001, 2_002], three) == [false, false])
        #expect(check.isAvailable(now: 2_002))
        #expect(fail(&check, at: [2_003], three) == [true])
    }

    @Test("A failure while it is out, as a last resort, prolongs the time and is no second taking out")
    func prolonged() {
        var check = PassiveCheck()
        let settings = Peer.Settings(maxFails: 1, failTimeout: 1_000)
        #expect(fail(&check, at: [0, 900], settings) == [true, false])
        #expect(!check.isAvailable(now: 1_899))
        #expect(check.isAvailable(now: 1_900))
    }

    @Test("A success resets everything, and says whether the peer was out")
    func success() {
        var check = PassiveCheck()
        #expect(check.succeeded() == false)
        #expect(fail(&check, at: [0, 0], three) == [false, false])
        #expect(check.succeeded() == false)
        #expect(check == PassiveCheck())
        #expect(fail(&check, at: [1, 1, 1], three) == [false, false, true])
        #expect(check.succeeded() == true)
        #expect(check.isAvailable(now: 1))
        #expect(check == PassiveCheck())
        #expect(fail(&check, at: [2, 2], three) == [false, false])
    }

    @Test("A weight below one counts as one")
    func weight() {
        #expect(Peer.Settings(weight: 0).weight == 1)
        #expect(Peer.Settings(weight: -5).weight == 1)
    }
}
