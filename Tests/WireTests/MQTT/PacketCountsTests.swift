import TestSupport
import Testing

@testable import Wire

@Suite("Packets are counted by kind, with their bytes and the payload of PUBLISH")
struct PacketCountsTests {
    /// PUBLISH packets with every shape of a header, valid and not; each stands between two others.
    private static let publishes: [(name: String, bytes: [UInt8])] = [
        ("QoS 0", MQTTTraffic.packet(0x30, [0, 1, 0x61, 0, 0x62, 0x63])),
        ("no topic, no payload", MQTTTraffic.packet(0x30, [0, 0, 0])),
        ("QoS 1", MQTTTraffic.packet(0x32, [0, 1, 0x61, 0, 9, 0, 0x62])),
        ("QoS 2, DUP, RETAIN", MQTTTraffic.packet(0x3D, [0, 1, 0x61, 0, 9, 2, 1, 1, 0x62])),
        ("QoS 3", MQTTTraffic.packet(0x36, [0, 1, 0x61, 0, 9, 0, 0x62, 0x63])),
        ("nothing", [0x30, 0]), ("half a topic length", [0x30, 1, 0]),
        ("an end after the topic", [0x30, 3, 0, 1, 0x61]),
        ("a topic that is too long", [0x30, 4, 0xFF, 0xFF, 0x61, 0]),
        ("a topic that leaves no packet identifier", [0x32, 4, 0, 2, 0x61, 0]),
        ("properties that are too long", [0x30, 6, 0, 1, 0x61, 4, 0, 0]),
        ("properties that are all", [0x30, 6, 0, 1, 0x61, 2, 0, 0]),
        ("properties with a length of two bytes", [0x30, 7, 0, 1, 0x61, 0x81, 0, 5, 6]),
        ("a length of properties that has no end", [0x30, 9, 0, 1, 0x61, 0x80, 0x80, 0x80, 0x80, 0, 0]),
        ("a length of properties that the packet cuts off", [0x30, 5, 0, 1, 0x61, 0x80, 0x80]),
        ("a Remaining Length of two bytes", [0x30, 0x85, 0, 0, 1, 0x61, 0, 0x62]),
        ("a Remaining Length of three bytes", [0x30, 0x85, 0x80, 0, 0, 1, 0x61, 0, 0x62]),
        ("a Remaining Length of four bytes", [0x32, 0x87, 0x80, 0x80, 0, 0, 1, 0x61, 0, 9, 0, 0x62]),
    ]

    private static func run(_ stream: some Collection<UInt8>, cuts: [Int], isVersion5: Bool) -> (
        PacketCounts, PacketCounts
    ) {
        let words = TotalWords()
        var scanner = PacketScanner(isVersion5: isVersion5)
        for block in split(Array(stream), at: cuts) {
            let buffer = GuardedBuffer(count: block.count)
            buffer.fill(block)
            var position = UnsafeRawPointer(buffer.start)
            _ = try? scanner.next(
                &position, end: position + block.count, stops: [], limit: .max, totals: words.totals)
        }
        return (scanner.counts, words.totals.counts)
    }

    @Test(
        "Every header, at every prefix of the stream and cut anywhere twice", arguments: [false, true],
        publishes.map(\.name))
    func everyHeader(isVersion5: Bool, name: String) throws {
        let packet = try #require(Self.publishes.first { $0.name == name }).bytes
        let stream = [0xC0, 0x00] + packet + [0x40, 0x02, 0x00, 0x01] + packet + packet
        for count in 0...stream.count {
            let prefix = stream.prefix(count)
            let expected = ReferenceCounts(prefix, isVersion5: isVersion5)
            for cut in 0...count {
                for second in [cut, min(cut + 1, count), min(cut + 2, count), count] {
                    let (counts, totals) = Self.run(prefix, cuts: [cut, second], isVersion5: isVersion5)
                    let fault = expected.fault(counts, .received)
                    if let fault { Issue.record("\(count) bytes, cut at \(cut), \(second): \(fault)") }
                    #expect(counts == totals)
                }
            }
            let bytewise = Self.run(prefix, cuts: Array(0..<count), isVersion5: isVersion5)
            #expect(expected.fault(bytewise.0, .received) == nil && bytewise.0 == bytewise.1)
        }
    }

    @Test("Random packets, cut once everywhere and in random blocks", arguments: 0..<32 as Range<UInt64>)
    func random(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for isVersion5 in [false, true] {
            let traffic = MQTTTraffic(fromClient: true, isVersion5: isVersion5)
            let stream = traffic.stream(packets: 12, largest: [0, 20, 400][Int(seed % 3)], &random)
            let expected = ReferenceCounts(stream, isVersion5: isVersion5)
            for cut in 0...stream.count {
                let fault = expected.fault(Self.run(stream, cuts: [cut], isVersion5: isVersion5).0, .received)
                if let fault { Issue.record("cut at \(cut): \(fault)") }
            }
            for largest in [1, 2, 7, 60, 3000] {
                let cuts = random.cuts(stream.count, largest: largest)
                let (counts, totals) = Self.run(stream, cuts: cuts, isVersion5: isVersion5)
                #expect(expected.fault(counts, .received) == nil && counts == totals, "largest \(largest)")
            }
        }
    }

    @Test("A PUBLISH of the largest size that a header can announce")
    func largest() {
        let header: [UInt8] = [0x32, 0xFF, 0xFF, 0xFF, 0x7F, 0x00, 0x01, 0x61, 0x00, 0x07, 0x00]
        for cut in 0...header.count {
            let counts = Self.run(header, cuts: [cut], isVersion5: true).0
            #expect(counts[.publishQoS1] == PacketCounts.Count(packets: 1, bytes: 268_435_460))
            #expect(counts.payloadBytes == 268_435_455 - 6, "cut at \(cut)")
        }
    }

    @Test("Sums of counts")
    func sums() {
        let one = Self.run([0xC0, 0x00, 0x30, 0x04, 0x00, 0x01, 0x61, 0x62], cuts: [], isVersion5: false).0
        #expect(one.total == PacketCounts.Count(packets: 2, bytes: 8) && one.payloadBytes == 1)
        let two = one + one
        #expect(two[.pingreq] == PacketCounts.Count(packets: 2, bytes: 4) && two.payloadBytes == 2 && two != one)
        #expect(two.total == PacketCounts.Count(packets: 4, bytes: 16) && PacketCounts() + one == one)
    }
}
