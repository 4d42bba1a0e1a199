import TestSupport
import Testing

@testable import Tunnel
@testable import Wire

@Suite("What both directions count is what an independent reader of the whole stream finds")
struct PacketAccountingTests {
    private static let versions: [ProtocolVersion] = [.v3_1_1, .v5_0]
    private static let seeds: Range<UInt64> = 0..<12

    private static func stream(_ seed: UInt64, fromClient: Bool, _ version: ProtocolVersion) -> [UInt8] {
        var random = SeededGenerator(seed: seed)
        let traffic = MQTTTraffic(fromClient: fromClient, isVersion5: version == .v5_0)
        let stream = traffic.stream(packets: 10, largest: [0, 30, 500][Int(seed % 3)], &random)
        let end: [UInt8] = fromClient || version == .v5_0 ? [0xE0, 0x00] : []
        return (fromClient ? [] : [0x20, 0x02, 0x00, 0x00]) + stream + end
    }

    @Test("From the client, with and without frames, cut everywhere and in random blocks", arguments: seeds, versions)
    func uplink(seed: UInt64, version: ProtocolVersion) {
        let mqtt = Self.stream(seed, fromClient: true, version)
        let expected = ReferenceCounts(mqtt, isVersion5: version == .v5_0)
        var random = SeededGenerator(seed: seed)
        let frames = RandomTraffic.frames(mqtt, &random)
        let dataFrames = UInt64(frames.count { $0.opcode < 8 })
        for (framing, stream) in [(Framing.raw, mqtt), (.packets, frames.flatMap(\.bytes))] {
            let cuts = (0...stream.count).map { [$0] } + [1, 3, 50, 900].map { random.cuts(stream.count, largest: $0) }
            for cuts in cuts {
                let run = UplinkRun(
                    of: stream, cuts: cuts, framing: framing, opening: UplinkRun.Opening(version: version))
                if let fault = run.fault ?? expected.fault(run.counts, .received) {
                    Issue.record("\(framing), cut at \(cuts.prefix(3)): \(fault)")
                }
                #expect(run.counts == run.totals && run.frames == (framing == .raw ? 0 : dataFrames))
                #expect(run.pingCount == UInt32(framing == .raw ? 0 : frames.count { $0.opcode == 9 }))
                #expect(run.pongCount == UInt32(framing == .raw ? 0 : frames.count { $0.opcode == 10 }))
            }
        }
    }

    @Test("To the client, in every framing, cut everywhere and in random blocks", arguments: seeds, versions)
    func downlink(seed: UInt64, version: ProtocolVersion) {
        let stream = Self.stream(seed, fromClient: false, version)
        let expected = ReferenceCounts(stream, isVersion5: version == .v5_0)
        var random = SeededGenerator(seed: seed)
        for framing in Framing.all {
            let cuts = (0...stream.count).map { [$0] } + [1, 3, 50, 900].map { random.cuts(stream.count, largest: $0) }
            for cuts in cuts {
                let room = [40, 600, 65_536].randomElement(using: &random) ?? 0
                let run = DownlinkRun(of: stream, cuts: cuts, framing: framing, version: version, room: room)
                if let fault = run.fault ?? expected.fault(run.counts, .sent) {
                    Issue.record("\(framing), cut at \(cuts.prefix(3)): \(fault)")
                }
                #expect(run.counts == run.totals && run.payload == stream)
                #expect(run.frameCount == UInt64(run.frames.count), "\(framing)")
            }
        }
    }

    @Test("A stream that ends anywhere: what has begun counts", arguments: Framing.all, versions)
    func prefixes(framing: Framing, version: ProtocolVersion) {
        for seed in 0..<3 as Range<UInt64> {
            let stream = Self.stream(seed, fromClient: false, version)
            for count in 0...stream.count {
                let expected = ReferenceCounts(stream.prefix(count), isVersion5: version == .v5_0)
                let run = DownlinkRun(of: Array(stream.prefix(count)), framing: framing, version: version)
                if let fault = expected.fault(run.counts, .sent) { Issue.record("\(count) bytes: \(fault)") }
                #expect(run.frameCount == UInt64(run.frames.count + (run.unfinished == nil ? 0 : 1)))
            }
        }
    }

    @Test("A packet that breaks a rule does not count", arguments: Framing.all)
    func broken(framing: Framing) {
        let front: [UInt8] = [0x20, 0x02, 0x00, 0x00, 0xD0, 0x00, 0xD0, 0x00]
        for byte in [0x00, 0x10, 0x20, 0x82, 0xC0, 0xE1] as [UInt8] {
            for cut in 0...12 {
                let stream = front + [byte, 0x02, 0x00, 0x00]
                let run = DownlinkRun(of: stream, cuts: [cut], framing: framing)
                #expect(run.isBroken && ReferenceCounts(front, isVersion5: true).fault(run.counts, .sent) == nil)
            }
        }
        let sound: [UInt8] = [0xC0, 0x00, 0x30, 0x03, 0x00, 0x01, 0x61]
        for byte in [0x00, 0x10, 0x20, 0x90, 0xD0, 0xE1] as [UInt8] {
            for cut in 0...11 {
                let run = UplinkRun(of: sound + [byte, 0x02, 0x00, 0x00], cuts: [cut], framing: .raw)
                #expect(run.violation != nil)
                #expect(ReferenceCounts(sound, isVersion5: true).fault(run.counts, .received) == nil)
            }
        }
    }

    @Test("CONNECT, and packets of the gateway's own")
    func own() {
        let words = TotalWords()
        var uplink = Uplink(framing: .packet)
        uplink.countConnect(size: 30, totals: words.totals)
        #expect(uplink.counts[.connect] == PacketCounts.Count(packets: 1, bytes: 30))
        #expect(words.totals.counts == uplink.counts)
        for framing in Framing.all {
            let words = TotalWords()
            var downlink = Downlink(framing: framing, version: .v5_0)
            downlink.countOwn(0xE0, size: 9, totals: words.totals)
            #expect(downlink.counts[.disconnect] == PacketCounts.Count(packets: 1, bytes: 9))
            #expect(words.totals.counts == downlink.counts && downlink.frames == (framing == .raw ? 0 : 1))
        }
    }
}
