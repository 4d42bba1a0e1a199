import Configuration
import Reactor
import Testing

@testable import Gateway

@Suite("Prober: peers come and go, and how a probe is made")
struct ProberLifeTests {
    /// Probes that would wait for a minute.
    private let patient = ProbeBench.settings(.mqtt) { $0.timeout = .seconds(60) }

    /// Waits until so many probes have ended that began from now on. False: they did not come in time.
    private func visitsMore(_ count: Int, of broker: StandInBroker) -> Bool {
        let last = broker.opened + count
        while let visit = broker.nextVisit() {
            if visit.number >= last { return true }
        }
        return false
    }

    @Test("The prober stops at once, and ends probes under way")
    func stops() throws {
        let arrived = try Mailbox<Int>()
        let broker = try StandInBroker { connection in
            if connection.receive() != nil { arrived.post(1) }
            connection.drain()
        }
        let bench = try ProbeBench()
        bench.watch(patient, [broker])
        #expect(waitReadable(arrived.descriptor, milliseconds: patience))
        let start = monotonicMilliseconds()
        bench.stopProber()
        #expect(monotonicMilliseconds() - start < 5000)
        #expect(broker.nextVisit()?.isOrderly == true)
        #expect(broker.opened == 1)
        _ = try bench.stop()
        broker.stop()
    }

    @Test("A target that is gone is not probed any more, and its probe under way ends")
    func removed() throws {
        let arrived = try Mailbox<Int>()
        let gone = try StandInBroker { connection in
            if connection.receive() != nil { arrived.post(1) }
            connection.drain()
        }
        let stays = try StandInBroker { $0.serve() }
        let bench = try ProbeBench()
        bench.watch(patient, [stays, gone])
        #expect(waitReadable(arrived.descriptor, milliseconds: patience))
        bench.watch(patient, [stays])
        #expect(gone.nextVisit()?.isOrderly == true)
        #expect(visitsMore(5, of: stays))
        #expect(gone.opened == 1)
        #expect(bench.otherReports.isEmpty)
        #expect(try bench.stop().isEmpty)
        for broker in [gone, stays] { broker.stop() }
    }

    @Test("A target that stays keeps its state; one at another address begins healthy")
    func stays() throws {
        let (bad, other) = (try StandInBroker { _ in }, try StandInBroker { _ in })
        let bench = try ProbeBench()
        bench.watch(ProbeBench.settings(.mqtt), [bad])
        #expect(bench.nextReport() == .init(0, 0, false))
        bench.watch(ProbeBench.settings(.mqtt), [bad])
        #expect(visitsMore(5, of: bad))
        #expect(bench.otherReports.isEmpty)
        bench.watch(ProbeBench.settings(.mqtt), [other])
        #expect(bench.nextReport() == .init(0, 0, true))
        #expect(bench.nextReport() == .init(0, 0, false))
        let warnings = try bench.stop().filter { $0.contains("[warn]") }
        #expect(warnings.count == 2 && warnings[0].contains(bad.text) && warnings[1].contains(other.text))
        for broker in [bad, other] { broker.stop() }
    }

    @Test("Pools are apart: what becomes of one leaves the other as it was")
    func pools() throws {
        let (well, bad) = (try StandInBroker { $0.serve() }, try StandInBroker { _ in })
        let bench = try ProbeBench()
        bench.watch(ProbeBench.settings(.mqtt), [well], pool: 0)
        bench.watch(ProbeBench.settings(.mqtt), [bad], pool: 1)
        #expect(bench.nextReport() == .init(1, 0, false))
        bench.watch(ProbeBench.settings(.mqtt), [], pool: 1)
        #expect(bench.nextReport() == .init(1, 0, true), "nobody would say when it is healthy again")
        #expect(visitsMore(5, of: well))
        #expect(bench.otherReports.isEmpty)
        _ = try bench.stop()
        for broker in [well, bad] { broker.stop() }
    }

    @Test("A pool that is not probed any more counts as healthy; probed again it begins as new")
    func forgotten() throws {
        let bad = try StandInBroker { _ in }
        let bench = try ProbeBench()
        for _ in 0..<2 {
            bench.watch(ProbeBench.settings(.mqtt), [bad])
            #expect(bench.nextReport() == .init(0, 0, false))
            bench.forget()
            #expect(bench.nextReport() == .init(0, 0, true))
        }
        bench.forget()
        #expect(bench.otherReports.isEmpty)
        _ = try bench.stop()
        bad.stop()
    }

    @Test("Other settings are taken over by peers that stay: what was found out stays, what is asked changes")
    func settings() throws {
        let picky = try StandInBroker { _ in }  // accepts, and never answers a CONNECT
        let bench = try ProbeBench()
        bench.watch(ProbeBench.settings(.mqtt) { $0.interval = .seconds(3600) }, [picky])
        #expect(bench.nextReport() == .init(0, 0, false))
        // At once, and not in an hour; two passes are wanted now.
        bench.watch(ProbeBench.settings(.tcp) { $0.passes = 2 }, [picky])
        #expect(bench.nextReport() == .init(0, 0, true))
        let lines = try bench.stop().filter { !$0.contains("[debug]") }
        #expect(lines.count == 2, "\(lines)")
        #expect(lines.last?.contains("server \(picky.text) is healthy again") == true)
        picky.stop()
    }

    @Test("A probe never overlaps the one before, however long that takes")
    func overlap() throws {
        let broker = try StandInBroker { $0.beSilent() }
        let bench = try ProbeBench()
        bench.watch(
            ProbeBench.settings(.mqtt) { ($0.interval, $0.timeout) = (.milliseconds(5), .milliseconds(50)) }, [broker])
        #expect(broker.nextVisits(8).count == 8)
        _ = try bench.stop()
        #expect(broker.overlaps == 0)
        broker.stop()
    }

    @Test("The PROXY header goes first, made from the probe's own addresses, and the CONNECT right behind it")
    func header() throws {
        let broker = try StandInBroker { $0.serve() }
        let bench = try ProbeBench()
        bench.watch(ProbeBench.settings(.mqtt), [broker], proxyHeader: .v1)
        for visit in broker.nextVisits(3) {
            let (from, to) = (visit.client, CompactAddress(broker.address))
            let header = Array("PROXY TCP4 \(from.host) \(to.host) \(from.port) \(to.port)\r\n".utf8)
            try #require(visit.reads.first?.starts(with: header) == true)
            #expect(visit.reads[0].dropFirst(header.count).first == 0x10)
            #expect(visit.isOrderly)
        }
        #expect(try bench.stop().isEmpty)
        broker.stop()
    }

    @Test("tcp: the PROXY header goes alone")
    func headerAlone() throws {
        let broker = try StandInBroker { $0.beSilent() }
        let bench = try ProbeBench()
        bench.watch(ProbeBench.settings(.tcp), [broker], proxyHeader: .v1)
        let visits = broker.nextVisits(3)
        #expect(visits.count == 3)
        #expect(visits.allSatisfy { $0.received.starts(with: "PROXY TCP4 127.0.0.1 ".utf8) && $0.isOrderly })
        #expect(try bench.stop().isEmpty)
        broker.stop()
    }

    @Test("Source addresses serve in turn")
    func source() throws {
        let broker = try StandInBroker { $0.serve() }
        let bench = try ProbeBench()
        let hosts = ["127.0.0.2", "127.0.0.3"]
        let source = try hosts.flatMap { try SocketAddress.resolve(host: $0, port: 0) }
        bench.watch(ProbeBench.settings(.mqtt), [broker], source: source)
        #expect(Set(broker.nextVisits(6).map(\.client.host)) == Set(hosts))
        _ = try bench.stop()
        broker.stop()
    }

    @Test("One client identifier for all probes of a gateway to a peer, another one of another gateway")
    func clientIDs() throws {
        let broker = try StandInBroker { $0.serve() }
        let benches = [try ProbeBench(), try ProbeBench()]
        for bench in benches { bench.watch(ProbeBench.settings(.mqtt), [broker]) }
        // Behind the fixed header of two bytes and the variable one of ten stands the length of the identifier.
        let visits = broker.nextVisits(12)
        let names = Set(visits.compactMap { $0.reads.first.map { Array($0.dropFirst(14)) } })
        for bench in benches { #expect(try bench.stop().isEmpty) }
        broker.stop()
        #expect(visits.count == 12)
        #expect(names.count == 2)
        for name in names {
            #expect(name.starts(with: "sluice-health-".utf8))
            #expect((15...23).contains(name.count))
        }
    }

    @Test("User name and password go out, and stand in no log")
    func password() throws {
        let broker = try StandInBroker { $0.answer([0x20, 2, 0, 4]) }
        let bench = try ProbeBench()
        bench.watch(ProbeBench.settings(.mqtt) { $0.username = "probe" }, [broker], password: Array("s3cret".utf8))
        #expect(bench.nextReport() == .init(0, 0, false))
        let visit = try #require(broker.nextVisit())
        #expect(visit.received.suffix(15).elementsEqual([0, 5] + Array("probe".utf8) + [0, 6] + Array("s3cret".utf8)))
        let log = try bench.stop()
        #expect(!log.isEmpty && !log.contains { $0.contains("s3cret") })
        broker.stop()
    }
}
