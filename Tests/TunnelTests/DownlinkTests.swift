import TestSupport
import Testing

@testable import Tunnel
@testable import Wire

@Suite("Downlink: MQTT packets to WebSocket messages")
struct DownlinkTests {
    private static let small: [[UInt8]] = [
        [0x20, 0x03, 0x00, 0x00, 0x00], MQTTPacket.make(0x30, 10, mark: 1), [0xD0, 0x00], [0xD0, 0x80, 0x00],
        MQTTPacket.make(0x32, 130, mark: 2), MQTTPacket.make(0x90, 3, mark: 3), MQTTPacket.make(0x40, 2, mark: 4),
    ]
    /// Around the border of what is held, 4096 bytes with the fixed header, and behind it.
    private static let large: [[UInt8]] = [
        [0x20, 0x03, 0x00, 0x00, 0x00], MQTTPacket.make(0x30, 4_092, mark: 1), MQTTPacket.make(0x30, 4_093, mark: 2),
        MQTTPacket.make(0x30, 4_094, mark: 3), [0xD0, 0x00], MQTTPacket.make(0x3D, 20_000, mark: 4), [0xD0, 0x00],
    ]

    @Test("`packets`: whole, they are one message")
    func packetsWhole() {
        let stream = Self.small.flatMap { $0 }
        let run = DownlinkRun(of: stream)
        #expect(run.frames == [ServerFrame(isFinal: true, opcode: 2, payload: stream)])
        #expect(run.packets == 7 && run.isBetweenMessages && !run.isBroken && run.fault == nil)
    }

    @Test("`packet`: whole, each is a message")
    func packetWhole() {
        let run = DownlinkRun(of: Self.small.flatMap { $0 }, mode: .packet)
        #expect(run.frames == Self.small.map { ServerFrame(isFinal: true, opcode: 2, payload: $0) })
        #expect(run.packets == 7 && run.isBetweenMessages && !run.isBroken && run.fault == nil)
    }

    @Test(
        "Every pair of cuts of small packets: held until they are whole", arguments: [Downlink.Mode.packets, .packet])
    func smallCuts(mode: Downlink.Mode) {
        let stream = Self.small.flatMap { $0 }
        let ends = Self.ends(Self.small)
        for first in 0...stream.count {
            for second in stride(from: first, through: stream.count, by: first % 3 + 1) {
                let run = DownlinkRun(of: stream, cuts: [first, second], mode: mode, offset: second % 8)
                if let mistake = Self.mistake(run, Self.small, mode) {
                    Issue.record("cut at \(first), \(second): \(mistake)")
                }
                // A block ends with the last packet that is whole.
                let passed = run.blocks[0].reduce(0) { $0 + $1.payload.count }
                if passed != ends.last(where: { $0 <= first }) { Issue.record("cut at \(first): \(passed) passed") }
            }
        }
        let bytewise = DownlinkRun(of: stream, cuts: Array(1..<stream.count), mode: mode)
        #expect(Self.mistake(bytewise, Self.small, mode) == nil)
    }

    @Test(
        "Every cut near a packet's ends, and many inside: a large one is one fragmented message",
        arguments: [Downlink.Mode.packets, .packet])
    func largeCuts(mode: Downlink.Mode) {
        let stream = Self.large.flatMap { $0 }
        let near = Self.ends(Self.large).flatMap { end in (end - 8...end + 8) }
        let cuts = Set(near + Array(stride(from: 3, to: stream.count, by: 331))).filter { 0...stream.count ~= $0 }
            .sorted()
        for (index, first) in cuts.enumerated() {
            for second in cuts[index...].prefix(3) + cuts.suffix(1) {
                let run = DownlinkRun(of: stream, cuts: [first, second], mode: mode, room: 8_192)
                if let mistake = Self.mistake(run, Self.large, mode) {
                    Issue.record("cut at \(first), \(second): \(mistake)")
                }
            }
        }
    }

    private static func ends(_ packets: [[UInt8]]) -> [Int] {
        packets.reduce(into: [0]) { $0.append(($0.last ?? 0) + $1.count) }
    }

    /// What is wrong with a run over whole `packets` in a mode that keeps them whole; nil: nothing.
    private static func mistake(_ run: DownlinkRun, _ packets: [[UInt8]], _ mode: Downlink.Mode) -> String? {
        if let fault = run.fault { return fault }
        if run.payload != packets.flatMap({ $0 }) { return "bytes were lost, added or moved" }
        if run.isBroken || !run.isBetweenMessages { return "it does not end between two messages" }
        if run.packets != UInt64(packets.count) { return "\(run.packets) packets counted" }
        if run.mostHeld >= Downlink.carryCapacity { return "\(run.mostHeld) bytes held" }
        for message in run.messages {
            let (whole, rest) = MQTTPacket.split(message.payload)
            if !rest.isEmpty || whole.isEmpty { return "a message that does not hold whole packets" }
            if mode == .packet, whole.count != 1 { return "\(whole.count) packets in a message" }
            if message.fragments > 1, whole.count != 1 || whole[0].count <= Downlink.carryCapacity {
                return "a small packet, or more than one, in a fragmented message"
            }
        }
        return nil
    }

    @Test(
        "A packet of 4096 bytes is held, one of 4097 begins a message at once",
        arguments: [Downlink.Mode.packets, .packet])
    func border(mode: Downlink.Mode) {
        for (count, isHeld) in [(4_093, true), (4_094, false)] {
            let packet = MQTTPacket.make(0x30, count)
            for cut in 3..<packet.count {
                let run = DownlinkRun(of: Array(packet.prefix(cut)), mode: mode)
                let right =
                    isHeld
                    ? run.frames.isEmpty && run.isBetweenMessages && run.mostHeld == cut
                    : run.frames == [ServerFrame(isFinal: false, opcode: 2, payload: Array(packet.prefix(cut)))]
                        && !run.isBetweenMessages && run.mostHeld == 0
                if !right { Issue.record("\(packet.count) bytes, cut at \(cut)") }
            }
        }
    }

    @Test("RFC 6455 §5.4: the blocks of a large packet are fragments of one message")
    func fragments() {
        let packet = MQTTPacket.make(0x30, 20_000)
        let stream = [0xD0, 0x00] + packet + [0xD0, 0x00]
        let run = DownlinkRun(of: stream, cuts: [5_000, 10_000, 15_000])
        #expect(run.blocks.map(\.count) == [2, 1, 1, 2])
        #expect(run.frames.map(\.isFinal) == [true, false, false, false, true, true])
        #expect(run.frames.map(\.opcode) == [2, 2, 0, 0, 0, 2])
        #expect(run.payload == stream && run.packets == 3)
    }

    @Test("A header that is not whole is held, whatever its length will be")
    func partialHeader() {
        for header in [[0x30], [0x30, 0xFF], [0x30, 0xFF, 0xFF], [0x30, 0xFF, 0xFF, 0xFF]] as [[UInt8]] {
            for mode in [Downlink.Mode.packets, .packet] {
                let run = DownlinkRun(of: [0xD0, 0x00] + header, mode: mode)
                #expect(run.payload == [0xD0, 0x00] && run.mostHeld == header.count && run.packets == 1)
                #expect(run.isBetweenMessages && !run.isBroken && run.fault == nil)
            }
        }
    }

    @Test("The largest packet of MQTT: it passes through as it comes")
    func largest() {
        let stream = [0x30, 0xFF, 0xFF, 0xFF, 0x7F] + [UInt8](repeating: 1, count: 50_000)
        for mode in [Downlink.Mode.packets, .packet, .stream] {
            let run = DownlinkRun(of: stream, cuts: [3, 20_000], mode: mode)
            #expect(run.payload == stream && !run.isBetweenMessages && run.packets == 1 && !run.isBroken)
        }
    }

    @Test(
        "`packet`: the memory for messages may be of any size", arguments: [17, 18, 19, 40, 152, 153, 154, 300, 9_000])
    func assembly(room: Int) {
        for packets in [Self.small, Self.large, (0..<200).map { MQTTPacket.make(0x30, $0, mark: $0) }] {
            let stream = packets.flatMap { $0 }
            for cuts in [[], [stream.count / 2], [1, 7, stream.count - 1]] {
                let run = DownlinkRun(of: stream, cuts: cuts, mode: .packet, room: room)
                #expect(Self.mistake(run, packets, .packet) == nil, "cuts \(cuts)")
                #expect(run.messages.map(\.payload) == packets)
            }
        }
    }

    @Test("`stream`: a block is a message, and packets are still counted, at every pair of cuts")
    func stream() {
        let stream = Self.small.flatMap { $0 }
        for first in 0...stream.count {
            for second in first...stream.count {
                let run = DownlinkRun(of: stream, cuts: [first, second], mode: .stream)
                let blocks = split(stream, at: [first, second]).filter { !$0.isEmpty }
                let isRight =
                    run.frames == blocks.map { ServerFrame(isFinal: true, opcode: 2, payload: Array($0)) }
                    && run.packets == 7 && run.isBetweenMessages && !run.isBroken && run.mostHeld == 0
                    && run.fault == nil
                if !isRight { Issue.record("cut at \(first), \(second)") }
            }
        }
    }

    @Test("`stream`: a message of our own may only stand between two packets")
    func streamBetweenMessages() {
        let stream = Self.small.flatMap { $0 }
        let ends = Set(Self.ends(Self.small))
        for count in 0...stream.count {
            let run = DownlinkRun(of: Array(stream.prefix(count)), mode: .stream)
            #expect(run.isBetweenMessages == ends.contains(count), "\(count) bytes")
        }
    }
}
