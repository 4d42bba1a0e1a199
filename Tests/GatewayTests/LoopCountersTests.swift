import Reactor
import Testing
import Tunnel
import Wire

@testable import Gateway

@Suite("Loop counters")
struct LoopCountersTests {
    @Test("Every counter, cause and failure has a word of its own")
    func words() {
        let counters = LoopCounters()
        let writer = counters.writer
        for (index, counter) in LoopCounters.Counter.allCases.enumerated() { writer.add(counter, UInt64(index + 1)) }
        for (index, cause) in EndCause.allCases.enumerated() { for _ in 0...index { writer.count(cause) } }
        for (index, failure) in AttemptFailure.allCases.enumerated() { for _ in 0...index { writer.count(failure) } }
        for (index, counter) in LoopCounters.Counter.allCases.enumerated() {
            #expect(counters[counter] == UInt64(index + 1), "\(counter)")
        }
        for (index, cause) in EndCause.allCases.enumerated() {
            #expect(counters[cause] == UInt64(index + 1), "\(cause)")
        }
        for (index, failure) in AttemptFailure.allCases.enumerated() {
            #expect(counters[failure] == UInt64(index + 1), "\(failure)")
        }
        writer.subtract(.connections)
        #expect(counters[.connections] == UInt64(LoopCounters.Counter.connections.rawValue))
    }

    @Test("Packets of each direction have words of their own")
    func packets() {
        let counters = LoopCounters()
        var uplink = Uplink(framing: .raw)
        uplink.countConnect(size: 20, totals: counters.writer.received)
        var downlink = Downlink(framing: .raw, version: .v5_0)
        for _ in 0..<2 { downlink.countOwn(0xE0, size: 4, totals: counters.writer.sent) }
        #expect(counters.packets(.received)[.connect] == PacketCounts.Count(packets: 1, bytes: 20))
        #expect(counters.packets(.received) == uplink.counts && counters.packets(.sent) == downlink.counts)
        #expect(counters.packets(.sent).total == PacketCounts.Count(packets: 2, bytes: 8))
        for counter in LoopCounters.Counter.allCases { #expect(counters[counter] == 0) }
        for cause in EndCause.allCases { #expect(counters[cause] == 0) }
        for failure in AttemptFailure.allCases { #expect(counters[failure] == 0) }
    }

    @Test("A thread that reads while the loop counts sees whole numbers that never fall, and in the end all of them")
    func concurrentReader() throws {
        let counters = LoopCounters()
        let total: UInt64 = 200_000
        let thread = try Thread.start(name: "writer") {
            let writer = counters.writer
            for _ in 0..<total { writer.add(.bytesReceived, 1 << 33) }
        }
        var last: UInt64 = 0
        while last < total << 33 {
            let now = counters[.bytesReceived]
            #expect(now >= last && now % (1 << 33) == 0)
            last = now
        }
        thread.join()
        #expect(counters[.bytesReceived] == total << 33)
    }
}
