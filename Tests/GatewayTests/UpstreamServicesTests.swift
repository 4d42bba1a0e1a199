import Configuration
import Control
import Reactor
import Testing

@testable import Gateway

@Suite("Upstream services: what the loops are told of a reload, and when")
struct UpstreamServicesTests {
    private let folder: TemporaryFolder
    private let services: UpstreamServices
    private let orders: Mailbox<Loop.Order>

    init() throws {
        folder = try TemporaryFolder()
        let log = ErrorLog(file: try LogWriter().file(.file(folder.path + "/error.log")), level: .debug)
        services = try UpstreamServices(control: ControlLoop(), log: log)
        orders = try Mailbox<Loop.Order>()
    }

    private func upstream(_ port: UInt16, _ change: (inout UpstreamSettings) -> Void = { _ in }) throws
        -> ResolvedUpstream
    {
        let server = UpstreamServerSettings(address: .inet(host: "127.0.0.1", port: port))
        var settings = UpstreamSettings(name: "brokers", servers: [server])
        change(&settings)
        return try ResolvedUpstream(settings)
    }

    private func begin() {
        let orders = orders
        services.begin { orders.post($0) }
    }

    @Test("Peers keep their places over generations; the new one is published with them")
    func places() throws {
        let first = services.adopt([0: try upstream(1)]) { $0 }
        #expect(first[0]?.peers.map(\.text) == ["127.0.0.1:1"])
        begin()
        let second = services.adopt([0: try upstream(2), 1: try upstream(1)]) { $0 }
        #expect(second[0]?.peers.map(\.settings.isDown) == [true, false])
        #expect(second[1]?.peers.map(\.text) == ["127.0.0.1:1"])
        // Gone, and back to the old counts.
        let counts = try #require(second[0]?.counts)
        #expect(counts.acquire(1, limit: 0))
        #expect(services.adopt([1: try upstream(1)]) { $0 }.keys.sorted() == [1])
        let back = services.adopt([0: try upstream(2)]) { $0 }
        #expect(back[0]?.counts[1] == 1)
    }

    @Test("What probes have found out comes after the generation that it belongs to")
    func order() throws {
        let dead = try upstream(1) { settings in
            settings.healthCheck = HealthCheckSettings(kind: .tcp)
            settings.healthCheck?.interval = .milliseconds(1)
            settings.healthCheck?.fails = 1
        }
        _ = services.adopt([0: dead]) { $0 }
        try services.start(for: [0: dead])
        begin()
        #expect(waitReadable(orders.descriptor, milliseconds: 10_000))
        guard case .health(0, 0, let health)? = orders.take().last else {
            return #expect(Bool(false), "a probe's report")
        }
        #expect(!health.isHealthy)
        // It is no longer probed: it is to be tried again, after the loops have the generation that says so.
        let orders = orders
        services.adopt([0: try upstream(1)]) { orders.post(.upstream(0, $0[0] ?? dead)) }
        var seen: [Loop.Order] = []
        while seen.count < 2, waitReadable(orders.descriptor, milliseconds: 10_000) { seen += orders.take() }
        guard case .upstream? = seen.first, case .health(0, 0, let last)? = seen.last else {
            return #expect(Bool(false), "the upstream, then the health: \(seen)")
        }
        #expect(last == PeerHealth())
        services.stop()
    }
}
