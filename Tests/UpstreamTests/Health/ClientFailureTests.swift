import Testing

@testable import Upstream

@Suite("Failures that clients meet")
struct ClientFailureTests {
    private let once = Peer.Settings(maxFails: 1, failTimeout: 1_000)

    private func client(_ last: UInt8) -> ClientKey { ClientKey(address: [192, 0, 2, last]) }

    /// The answers to failures of these clients, in order, each a millisecond after the other from `start` on.
    private func fail(
        _ check: inout PassiveCheck, _ clients: [UInt8], from start: Int64 = 0, _ settings: Peer.Settings
    ) -> [Bool] {
        clients.enumerated().map { check.failed(now: start + Int64($0.offset), settings, by: client($0.element)) }
    }

    @Test("One client never takes a peer out, however often it fails")
    func one() {
        var check = PassiveCheck()
        #expect(fail(&check, [UInt8](repeating: 1, count: 500), once).allSatisfy { !$0 })
        #expect(check.isAvailable(now: 500))
    }

    @Test("Three different clients do, whatever stands between")
    func three() {
        var check = PassiveCheck()
        #expect(fail(&check, [1, 1, 2, 1, 2, 3], once) == [false, false, false, false, false, true])
        #expect(!check.isAvailable(now: 5) && check.isAvailable(now: 1_005))
    }

    @Test(
        "max_fails asks for more of them, as far as clients are remembered", arguments: [(4, 4), (16, 16), (1000, 16)])
    func more(maxFails: Int, expected: Int) {
        var check = PassiveCheck()
        let settings = Peer.Settings(maxFails: maxFails, failTimeout: 1_000)
        #expect(fail(&check, Array(1...40), settings).firstIndex(of: true) == expected - 1)
    }

    @Test("max_fails=0 never takes a peer out")
    func never() {
        var check = PassiveCheck()
        #expect(!fail(&check, Array(1...100), .init(maxFails: 0, failTimeout: 1_000)).contains(true))
    }

    @Test("They count within one window of fail_timeout")
    func window() {
        var check = PassiveCheck()
        #expect(fail(&check, [1, 2], once) == [false, false])
        #expect(fail(&check, [3, 4], from: 1_001, once) == [false, false])
        #expect(fail(&check, [5], from: 1_500, once) == [true])
    }

    @Test("After the time one more client is enough, but not one that has failed before")
    func secondTime() {
        var check = PassiveCheck()
        #expect(fail(&check, [1, 2, 3], once).last == true)
        #expect(fail(&check, [1, 2, 3], from: 1_100, once) == [false, false, false])
        #expect(check.isAvailable(now: 1_110))
        #expect(fail(&check, [4], from: 1_200, once) == [true])
    }

    @Test("A success forgets them")
    func success() {
        var check = PassiveCheck()
        #expect(fail(&check, [1, 2], once) == [false, false])
        #expect(check.succeeded() == false)
        #expect(check == PassiveCheck())
        #expect(fail(&check, [3, 1], once) == [false, false])
    }

    @Test("They do not add up with failures to connect")
    func apart() {
        let settings = Peer.Settings(maxFails: 3, failTimeout: 1_000)
        var check = PassiveCheck()
        #expect(check.failed(now: 0, settings) == false)
        #expect(fail(&check, [1, 2], settings) == [false, false])
        #expect(check.failed(now: 3, settings) == false)
        #expect(check.failed(now: 4, settings) == true)
    }

    @Test("A client is its address, of IPv6 the first 64 bits")
    func identity() {
        let net: [UInt8] = [0x20, 1, 0x0D, 0xB8, 0, 0, 0, 1]
        let rest: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 1]
        #expect(ClientKey(address: net + rest) == ClientKey(address: net + rest.reversed()))
        #expect(ClientKey(address: net + rest) != ClientKey(address: net.dropLast() + [2] + rest))
        #expect(client(1) != client(2))
        #expect(client(1) == ClientKey(address: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 192, 0, 2, 1]))
        #expect(ClientKey(address: []) == ClientKey(address: []))
        #expect(ClientKey(address: []) != client(0))
    }

    // MARK: In a pool

    @Test("Where probes see the peer serve, nothing that clients meet counts; connecting does")
    func vouched() {
        var pool = Pool([once, once], counts: SessionCounts(peers: 2))
        pool.record(0, isHealthy: true, isVouchedFor: true, now: 0)
        let met = (1...50).map { pool.failed(0, by: client(UInt8($0)), now: 0) }
        #expect(!met.contains(true))
        let isOut = pool.failed(0, now: 0)
        #expect(isOut)
        pool.record(1, isHealthy: true, isVouchedFor: false, now: 0)
        let answers = (1...3).map { pool.failed(1, by: client(UInt8($0)), now: 0) }
        #expect(answers == [false, false, true])
    }

    @Test("A probe that fails ends that, before the peer counts as unhealthy")
    func noLonger() {
        var pool = Pool([once, once], counts: SessionCounts(peers: 2))
        pool.record(0, isHealthy: true, isVouchedFor: true, now: 0)
        pool.record(0, isHealthy: true, isVouchedFor: false, now: 0)
        let answers = (1...3).map { pool.failed(0, by: client(UInt8($0)), now: 0) }
        #expect(answers == [false, false, true])
    }

    @Test("Whether it has ever answered is known until it cannot be connected to")
    func answered() {
        var pool = Pool([once, once], counts: SessionCounts(peers: 2))
        #expect(!pool.peers[0].hasAnswered)
        _ = pool.succeeded(0)
        _ = pool.failed(0, by: client(1), now: 0)
        #expect(pool.peers[0].hasAnswered)
        _ = pool.failed(0, now: 0)
        #expect(!pool.peers[0].hasAnswered)
    }
}
