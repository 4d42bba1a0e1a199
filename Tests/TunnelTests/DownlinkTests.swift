import TestSupport
import Testing

@testable import Tunnel
@testable import Wire

@Suite("Downlink: MQTT packets to WebSocket messages")
struct DownlinkTests {
    static let small: [[UInt8]] = [
        [0x20, 0x03, 0x00, 0x00, 0x00], MQTTPacket.make(0x30, 10, mark: 1), [0xD0, 0x00], [0xD0, 0x80, 0x00],
        MQTTPacket.make(0x32, 130, mark: 2), MQTTPacket.make(0x90, 3, mark: 3), MQTTPacket.make(0x40, 2, mark: 4),
    ]
    /// Around the borders of WebSocket lengths, and of what is gathered.
    static let large: [[UInt8]] = [
        [0x20, 0x03, 0x00, 0x00, 0x00], MQTTPacket.make(0x30, 123, mark: 1), MQTTPacket.make(0x30, 124, mark: 2),
        MQTTPacket.make(0x30, 8_189, mark: 3), MQTTPacket.make(0x30, 8_190, mark: 4), [0xD0, 0x00],
        MQTTPacket.make(0x3D, 65_531, mark: 5), [0xD0, 0x00], MQTTPacket.make(0x30, 65_532, mark: 6), [0xD0, 0x00],
    ]
    static let whole = [Framing.packet, .packets]

    @Test("`packets`: whole, they are one message")
    func packetsWhole() {
        let stream = Self.small.flatMap { $0 }
        let run = DownlinkRun(of: stream, framing: .packets)
        #expect(run.frames == [ServerFrame(isFinal: true, opcode: 2, payload: stream)])
        #expect(run.packets == 7 && run.isBetweenFrames && !run.isBroken && run.fault == nil)
    }

    @Test("`packet`: each is a message, and all of them leave at once")
    func packetWhole() {
        let run = DownlinkRun(of: Self.small.flatMap { $0 })
        #expect(run.frames == Self.small.map { ServerFrame(isFinal: true, opcode: 2, payload: $0) })
        #expect(run.packets == 7 && run.isBetweenFrames && !run.isBroken && run.fault == nil)
        #expect(run.outputs == [1])
    }

    @Test("Every pair of cuts of small packets: nothing but a cut header is held", arguments: whole)
    func smallCuts(framing: Framing) {
        let stream = Self.small.flatMap { $0 }
        for first in 0...stream.count {
            for second in stride(from: first, through: stream.count, by: first % 3 + 1) {
                let run = DownlinkRun(of: stream, cuts: [first, second], framing: framing, offset: second % 8)
                if let mistake = Self.mistake(run, Self.small, framing) {
                    Issue.record("cut at \(first), \(second): \(mistake)")
                }
            }
        }
        let bytewise = DownlinkRun(of: stream, cuts: Array(1..<stream.count), framing: framing)
        #expect(Self.mistake(bytewise, Self.small, framing) == nil)
    }

    @Test("Every cut near a packet's ends, and many inside: a packet is one frame of its length", arguments: whole)
    func largeCuts(framing: Framing) {
        let stream = Self.large.flatMap { $0 }
        let near = Self.ends(Self.large).flatMap { end in (end - 5...end + 5) }
        let cuts = Set(near + Array(stride(from: 3, to: stream.count, by: 20_011))).filter { 0...stream.count ~= $0 }
            .sorted()
        for (index, first) in cuts.enumerated() {
            for second in cuts[index...].prefix(2) + cuts.suffix(1) {
                let run = DownlinkRun(of: stream, cuts: [first, second], framing: framing, room: 16_384)
                if let mistake = Self.mistake(run, Self.large, framing) {
                    Issue.record("cut at \(first), \(second): \(mistake)")
                }
            }
        }
    }

    static func ends(_ packets: [[UInt8]]) -> [Int] {
        packets.reduce(into: [0]) { $0.append(($0.last ?? 0) + $1.count) }
    }

    /// What is wrong with a run over whole `packets` in a mode that keeps them whole; nil: nothing.
    private static func mistake(_ run: DownlinkRun, _ packets: [[UInt8]], _ framing: Framing) -> String? {
        if let fault = run.fault { return fault }
        if run.payload != packets.flatMap({ $0 }) { return "bytes were lost, added or moved" }
        if run.isBroken || !run.isBetweenFrames { return "it does not end between two frames" }
        if run.packets != UInt64(packets.count) { return "\(run.packets) packets counted" }
        if run.mostHeld > Downlink.carryCapacity { return "\(run.mostHeld) bytes held" }
        if framing == .packet {
            return run.frames.map(\.payload) == packets ? nil : "messages that are not one packet each"
        }
        let isSound = run.frames.allSatisfy { MQTTPacket.split($0.payload).rest.isEmpty && !$0.payload.isEmpty }
        return isSound ? nil : "a message that does not hold whole packets"
    }

    @Test("A packet that is cut off leaves as far as it is there, in a frame of its whole length", arguments: whole)
    func beginning(framing: Framing) {
        for count in [4, 126, 4_000, 20_000, 70_000, 300_000] {
            let packet = MQTTPacket.make(0x30, count)
            for cut in [packet.count - count, packet.count / 2, packet.count - 1] {
                let run = DownlinkRun(of: Array(packet.prefix(cut)), framing: framing)
                #expect(run.unfinished?.payload == Array(packet.prefix(cut)), "\(count) bytes, cut at \(cut)")
                #expect(run.unfinished?.length == packet.count && run.mostHeld == 0 && run.packets == 1)
                #expect(!run.isBetweenFrames && !run.isBetweenPackets)
            }
        }
    }

    @Test("The end of a packet, whole ones and the beginning of another: two outputs at most")
    func endsAndBeginnings() {
        let packets = (0..<6).map { MQTTPacket.make(0x30, 300, mark: $0) }
        let stream = packets.flatMap { $0 }
        let run = DownlinkRun(of: stream, cuts: [100, stream.count - 100])
        #expect(run.frames.map(\.payload) == packets && run.outputs == [1, 2, 1] && run.fault == nil)
    }

    @Test("A header that does not show its length is held, whatever that will be", arguments: whole)
    func partialHeader(framing: Framing) {
        for header in [[0x30], [0x30, 0xFF], [0x30, 0xFF, 0xFF], [0x30, 0xFF, 0xFF, 0xFF]] as [[UInt8]] {
            let run = DownlinkRun(of: [0xD0, 0x00] + header, framing: framing)
            #expect(run.payload == [0xD0, 0x00] && run.mostHeld == header.count && run.packets == 1)
            #expect(run.isBetweenFrames && run.isBetweenPackets && !run.isBroken && run.fault == nil)
        }
    }

    @Test("The largest packet of MQTT: it passes through as it comes")
    func largest() {
        let stream = [0x30, 0xFF, 0xFF, 0xFF, 0x7F] + [UInt8](repeating: 1, count: 50_000)
        for framing in Framing.all {
            let run = DownlinkRun(of: stream, cuts: [3, 20_000], framing: framing)
            #expect(run.payload == stream && !run.isBetweenPackets && run.packets == 1 && !run.isBroken)
        }
    }

    @Test(
        "`packet`: the memory for messages may be of any size", arguments: [17, 18, 19, 40, 152, 153, 154, 300, 9_000])
    func assembly(room: Int) {
        for packets in [Self.small, Self.large, (0..<200).map { MQTTPacket.make(0x30, $0, mark: $0) }] {
            let stream = packets.flatMap { $0 }
            for cuts in [[], [stream.count / 2], [1, 7, stream.count - 1]] {
                let run = DownlinkRun(of: stream, cuts: cuts, room: room)
                #expect(Self.mistake(run, packets, .packet) == nil, "cuts \(cuts)")
            }
        }
    }

    @Test("`stream`: a block is a message, and packets are still counted, at every pair of cuts")
    func stream() {
        let stream = Self.small.flatMap { $0 }
        for first in 0...stream.count {
            for second in first...stream.count {
                let run = DownlinkRun(of: stream, cuts: [first, second], framing: .stream)
                let blocks = split(stream, at: [first, second]).filter { !$0.isEmpty }
                let isRight =
                    run.frames == blocks.map { ServerFrame(isFinal: true, opcode: 2, payload: Array($0)) }
                    && run.packets == 7 && run.isBetweenPackets && !run.isBroken && run.mostHeld == 0
                    && run.fault == nil
                if !isRight { Issue.record("cut at \(first), \(second)") }
            }
        }
    }

    @Test("Without frames, a block leaves as it came, in place and without headroom, at every pair of cuts")
    func raw() {
        let stream = Self.small.flatMap { $0 }
        for first in 0...stream.count {
            for second in first...stream.count {
                let run = DownlinkRun(of: stream, cuts: [first, second], framing: .raw)
                let blocks = split(stream, at: [first, second])
                let isRight =
                    run.raw == stream && run.outputs == blocks.map { $0.isEmpty ? 0 : 1 } && run.packets == 7
                    && run.isBetweenPackets && !run.isBroken && run.mostHeld == 0 && run.fault == nil
                if !isRight { Issue.record("cut at \(first), \(second)") }
            }
        }
        let block = GuardedBuffer(count: stream.count)
        block.fill(stream)
        var downlink = Downlink(framing: .raw, version: .v5_0)
        var cursor = Downlink.Cursor(
            start: downlink.restoreCarry(before: block.start), end: block.start + stream.count)
        let words = TotalWords()
        let output = downlink.next(
            &cursor, assembly: UnsafeMutableRawBufferPointer(start: nil, count: 0), totals: words.totals)
        #expect(output?.start == block.start && output?.count == stream.count && block.isIntact)
        #expect(bytes(at: block.start, count: stream.count) == stream)
    }

    @Test(
        "A stream: a packet of our own may only stand between two packets, a control frame anywhere",
        arguments: [Framing.stream, .raw])
    func streamBetweenPackets(framing: Framing) {
        let stream = Self.small.flatMap { $0 }
        let ends = Set(Self.ends(Self.small))
        for count in 0...stream.count {
            let run = DownlinkRun(of: Array(stream.prefix(count)), framing: framing)
            #expect(run.isBetweenPackets == ends.contains(count) && run.isBetweenFrames, "\(count) bytes")
        }
    }
}
