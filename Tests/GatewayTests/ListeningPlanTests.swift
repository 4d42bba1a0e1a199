import Configuration
import Reactor
import Testing

@testable import Gateway

@Suite("Listening plan")
struct ListeningPlanTests {
    private func inet(_ host: String, _ port: UInt16 = 80) -> Address { .inet(host: host, port: port) }

    private func shares(_ addresses: [Address]) -> [[Int]?] {
        ListeningPlan(addresses).shares.map { $0?.map(\.listener) }
    }

    @Test("Without a wildcard on their port all addresses have sockets of their own")
    func own() {
        let addresses = [inet("127.0.0.1"), inet("::1"), inet("*", 81), inet("::", 82), .unix(path: "/s")]
        #expect(shares(addresses) == addresses.map { _ in [] })
    }

    @Test("A wildcard takes the connections of all addresses of its family and port, whichever stands first")
    func wildcard() {
        let addresses = [inet("127.0.0.1"), inet("*"), inet("192.0.2.1"), inet("::1"), inet("127.0.0.1", 81)]
        #expect(shares(addresses) == [nil, [0, 2], nil, [], []])
        #expect(shares([inet("::"), inet("::1"), inet("127.0.0.1"), inet("2001:db8::1")]) == [[1, 3], nil, [], nil])
        #expect(shares([inet("*"), inet("::"), inet("::1"), inet("127.0.0.1")]) == [[3], [2], nil, nil])
    }

    @Test("The address is the one that a connection has on this side")
    func address() throws {
        let plan = ListeningPlan([inet("::", 8083), inet("2001:db8::1", 8083)])
        let local = try #require(
            CompactAddress(bytes: [0x20, 1, 0xD, 0xB8] + Array(repeating: 0, count: 11) + [1], port: 8083))
        #expect(plan.shares[0]?.map(\.address) == [local])
    }
}
