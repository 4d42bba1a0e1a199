import Configuration
import Glibc
import Reactor
import TestSupport
import Testing

@testable import Gateway

@Suite("Prober: a broker's HTTP service is asked")
struct ProberHTTPTests {
    private func settings(
        _ service: HTTPServer, _ change: (inout HealthCheckSettings) -> Void = { _ in }
    ) -> HealthCheckSettings {
        ProbeBench.settings(.http) {
            $0.port = service.port
            $0.uri = "/api/v5/load_rebalance/availability_check"
            change(&$0)
        }
    }

    /// Watches one broker, of which the service is asked in its place; returns the log.
    private func run(
        _ service: HTTPServer, _ settings: HealthCheckSettings, _ body: (ProbeBench) throws -> Void
    ) throws -> [String] {
        let broker = try StandInBroker { $0.beSilent() }
        let bench = try ProbeBench()
        bench.watch(settings, [broker])
        try body(bench)
        #expect(broker.opened == 0, "another port is asked")
        let log = try bench.stop()
        service.stop()
        broker.stop()
        return log
    }

    /// False: they did not come in time.
    private func wait(_ service: HTTPServer, requests count: Int) -> Bool {
        let end = monotonicMilliseconds() + Int64(patience)
        while service.requests.count < count, monotonicMilliseconds() < end { sched_yield() }
        return service.requests.count >= count
    }

    @Test("By its status a peer goes out and comes back; the request asks for the URI at the port")
    func status() throws {
        let service = try HTTPServer { .answer(status: (4...6).contains($0.number) ? 503 : 200) }
        let log = try run(service, settings(service)) { bench in
            #expect(bench.nextReport() == .init(0, 0, false))
            #expect(bench.nextReport() == .init(0, 0, true))
        }
        #expect(service.requests.count >= 7)
        for request in service.requests {
            #expect(request.head.hasPrefix("GET /api/v5/load_rebalance/availability_check HTTP/1.1\r\n"))
            #expect(request.head.contains("Host: 127.0.0.1:\(service.port)\r\n"))
        }
        let lines = log.filter { !$0.contains("[debug]") }
        try #require(lines.count == 2)
        #expect(lines[0].hasSuffix("/api/v5/load_rebalance/availability_check answered with status 503"))
        #expect(lines[1].hasSuffix("is healthy again"))
    }

    @Test(
        "Only the statuses of the range pass", arguments: [(200, true), (204, true), (205, false), (404, false)])
    func range(status: Int, passes: Bool) throws {
        let service = try HTTPServer { _ in .answer(status: status) }
        let log = try run(service, settings(service) { ($0.statuses, $0.fails) = (200...204, 2) }) { bench in
            if passes {
                #expect(wait(service, requests: 4))
                #expect(bench.otherReports.isEmpty)
            } else {
                #expect(bench.nextReport() == .init(0, 0, false))
            }
        }
        #expect(log.isEmpty == passes)
    }

    struct Fault: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let script: HTTPServer.Script
    }

    static let faults = [
        Fault(testDescription: "silence", script: .init { _ in .silence }),
        Fault(testDescription: "no HTTP", script: .init { _ in .raw("\u{20}\u{2}\0\0") }),
        Fault(testDescription: "an end", script: .init { _ in .close }),
        Fault(testDescription: "half a head", script: .init { _ in .raw("HTTP/1.1 200 OK\r\nContent-") }),
        Fault(
            testDescription: "a body without end",
            script: .init { _ in .endless("HTTP/1.1 200 OK\r\n\r\n", then: String(repeating: "x", count: 4096)) }),
    ]

    @Test("What makes a broker unhealthy; it is said once", arguments: faults)
    func unhealthy(fault: Fault) throws {
        let service = try HTTPServer(fault.script)
        let log = try run(service, settings(service) { $0.timeout = .milliseconds(200) }) { bench in
            #expect(bench.nextReport() == .init(0, 0, false))
            #expect(wait(service, requests: service.requests.count + 3))
            #expect(bench.otherReports.isEmpty)
        }
        #expect(log.filter { $0.contains("[warn]") }.count == 1)
    }
}
