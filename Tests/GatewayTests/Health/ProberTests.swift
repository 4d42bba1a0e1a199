import Configuration
import Reactor
import Testing

@testable import Gateway

@Suite("Prober: what brokers say to probes")
struct ProberTests {
    /// Runs a bench against brokers; returns the lines of the log, those of level debug apart.
    private func run(
        _ brokers: [StandInBroker], _ body: (ProbeBench) throws -> Void
    ) throws -> (lines: [String], debug: [String]) {
        let bench = try ProbeBench()
        try body(bench)
        let log = try bench.stop()
        for broker in brokers { broker.stop() }
        return (log.filter { !$0.contains("[debug]") }, log.filter { $0.contains("[debug]") })
    }

    @Test("tcp: a broker that accepts and stays silent is healthy")
    func tcpGreen() throws {
        let broker = try StandInBroker { $0.beSilent() }
        let log = try run([broker]) { bench in
            bench.watch(ProbeBench.settings(.tcp), [broker])
            let visits = broker.nextVisits(5)
            #expect(visits.count == 5)
            #expect(visits.allSatisfy { $0.received.isEmpty && $0.isOrderly })
            #expect(bench.otherReports.isEmpty)
        }
        #expect(log.lines.isEmpty && log.debug.isEmpty)
    }

    @Test("A probe of MQTT that passes vouches for the broker, once; one of TCP says nothing about sessions")
    func vouches() throws {
        for (kind, expected) in [(HealthCheckSettings.Kind.mqtt, [true]), (.tcp, [])] {
            let broker = try StandInBroker { $0.serve() }
            _ = try run([broker]) { bench in
                bench.watch(ProbeBench.settings(kind), [broker])
                #expect(broker.nextVisits(3).count == 3)
                #expect(bench.otherReports.isEmpty)
                #expect(bench.vouchers == expected)
            }
        }
    }

    @Test("mqtt: a broker that accepts and stays silent is unhealthy, and sees no reset")
    func mqttRed() throws {
        let broker = try StandInBroker { $0.beSilent() }
        let log = try run([broker]) { bench in
            bench.watch(ProbeBench.settings(.mqtt) { $0.timeout = .milliseconds(100) }, [broker])
            #expect(bench.nextReport() == .init(0, 0, false))
            let visits = broker.nextVisits(4)
            #expect(visits.count == 4)
            #expect(visits.allSatisfy { $0.received.first == 0x10 && $0.isOrderly })
            #expect(bench.otherReports.isEmpty)
        }
        try #require(log.lines.count == 1, "it is said once")
        #expect(log.lines[0].contains("[warn] upstream brokers: server \(broker.text) is unhealthy, a probe failed: "))
        #expect(log.lines[0].contains("no CONNACK within 100 ms; "))
        #expect(log.debug.count >= 3, "each probe that fails")
    }

    struct Fault: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let words: String
        let behaviour: @Sendable (StandInConnection) -> Void

        init(_ name: String, _ words: String, _ behaviour: @escaping @Sendable (StandInConnection) -> Void) {
            (testDescription, self.words, self.behaviour) = (name, words, behaviour)
        }
    }

    static let faults = [
        Fault("refused", "code 0x05; configure a user that is allowed to connect") { $0.answer([0x20, 2, 0, 5]) },
        Fault("not now", "code 0x03") { $0.answer([0x20, 2, 0, 3]) },
        Fault("garbage", "it answered the CONNECT with ") { $0.answer(Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8)) },
        Fault("no PINGRESP", "no PINGRESP within") { $0.answer(StandInConnection.connack) },
        Fault("half a CONNACK", "no CONNACK within") { $0.answer([0x20, 2, 0]) },
        Fault("DISCONNECT", "it sent DISCONNECT 0x8B") { $0.answer(StandInConnection.connack + [0xE0, 1, 0x8B]) },
        Fault("a packet too long", "is not MQTT") { $0.answer(StandInConnection.connack + [0x30, 0xFF, 0xFF, 0x7F]) },
        // Closed with a CONNECT that was not read, the kernel resets it.
        Fault("closes at once", "the connection before the probe was through") { _ in },
        Fault("closes after CONNACK", "the connection before the probe was through") { connection in
            guard connection.receive() != nil else { return }
            connection.send(StandInConnection.connack)
            _ = connection.receive()
        },
        Fault("packets without end", "it sends more than") { connection in
            guard connection.receive() != nil, connection.send(StandInConnection.connack) else { return }
            let publish: [UInt8] = [0x30, 3, 0, 1, 0x61]
            while connection.send(Array([[UInt8]](repeating: publish, count: 1000).joined())) {}
        },
    ]

    @Test("mqtt: what makes a broker unhealthy; the one beside it stays healthy", arguments: faults)
    func unhealthy(fault: Fault) throws {
        let (bad, well) = (try StandInBroker(fault.behaviour), try StandInBroker { $0.serve() })
        let log = try run([bad, well]) { bench in
            bench.watch(ProbeBench.settings(.mqtt), [bad, well])
            #expect(bench.nextReport() == .init(0, 0, false))
            #expect(well.nextVisits(3).count == 3)
            #expect(bench.otherReports.isEmpty)
        }
        try #require(log.lines.count == 1)
        #expect(log.lines[0].contains(fault.words))
    }

    @Test("Nobody listens", arguments: [HealthCheckSettings.Kind.tcp, .mqtt])
    func refused(kind: HealthCheckSettings.Kind) throws {
        let gone = try StandInBroker { $0.serve() }
        gone.stop()
        let log = try run([]) { bench in
            bench.watch(ProbeBench.settings(kind), [gone])
            #expect(bench.nextReport() == .init(0, 0, false))
        }
        #expect(log.lines.count == 1 && log.lines.allSatisfy { $0.hasSuffix("connect: Connection refused") })
    }

    @Test("mqtt: a broker that answers byte by byte is healthy; CONNECT, PINGREQ, DISCONNECT and an orderly end")
    func slow() throws {
        let broker = try StandInBroker { $0.serveByteByByte() }
        let log = try run([broker]) { bench in
            bench.watch(ProbeBench.settings(.mqtt), [broker])
            for visit in broker.nextVisits(4) {
                try #require(visit.reads.count >= 2)
                #expect(visit.reads[0].first == 0x10)
                #expect(Array(visit.reads[1...].joined()) == [0xC0, 0, 0xE0, 0])
                #expect(visit.isOrderly)
            }
            #expect(bench.otherReports.isEmpty)
        }
        #expect(log.lines.isEmpty && log.debug.isEmpty)
    }

    @Test("So many in a row that fail take a peer out, so many that pass bring it back; both are said once")
    func inARow() throws {
        // The third probe that passes forgets the two that failed.
        let failing = [1, 2, 4, 5, 6, 8]
        let broker = try StandInBroker { if !failing.contains($0.number) { $0.serve() } }
        let log = try run([broker]) { bench in
            bench.watch(ProbeBench.settings(.mqtt) { ($0.fails, $0.passes) = (3, 2) }, [broker])
            #expect(bench.nextReport() == .init(0, 0, false))
            #expect(broker.opened >= 6)
            #expect(bench.nextReport() == .init(0, 0, true))
            #expect(broker.opened >= 10)
            #expect(broker.nextVisits(14).count == 14)
            #expect(bench.otherReports.isEmpty)
        }
        try #require(log.lines.count == 2)
        #expect(log.lines[0].contains("is unhealthy, 3 probes failed: "))
        #expect(log.lines[1].hasSuffix("[notice] upstream brokers: server \(broker.text) is healthy again"))
        #expect(log.debug.count == failing.count)
    }
}
