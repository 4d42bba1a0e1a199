import TestSupport
import Testing

@testable import Tunnel
@testable import Wire

@Suite("Downlink: what a broker may send")
struct DownlinkBrokerTests {
    private static let connack: [UInt8] = [0x20, 0x02, 0x00, 0x00]
    private static let front = connack + MQTTPacket.make(0x30, 20) + [0xD0, 0x00]
    private static let version3: [ProtocolVersion] = [.v3_1, .v3_1_1]

    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let bytes: [UInt8]
        var versions: [ProtocolVersion] = ProtocolVersion.allCases
        var testDescription: String { name }

        init(_ name: String, _ bytes: [UInt8], _ versions: [ProtocolVersion]? = nil) {
            (self.name, self.bytes) = (name, bytes)
            if let versions { self.versions = versions }
        }

        /// Bytes of its fixed header, all of which show the rule that it breaks.
        var header: Int { MQTTPacket.size(bytes[...]) == nil ? 5 : 2 + bytes.dropFirst().prefix { $0 >= 128 }.count }
    }

    static let broken: [Case] = [
        Case("§2.2.1: type 0 is reserved", [0x00, 0x00]),
        Case("§3.1: CONNECT is the client's", MQTTPacket.make(0x10, 12)),
        Case("§3.1: CONNECT of 5000 bytes", MQTTPacket.make(0x10, 5_000)),
        Case("[MQTT-3.2.0-2]: a second CONNACK", connack),
        Case("§2.2.2: CONNACK with flags", [0x21, 0x02, 0x00, 0x00]),
        Case("§3.8: SUBSCRIBE is the client's", MQTTPacket.make(0x82, 6)),
        Case("§3.8: SUBSCRIBE of 9000 bytes", MQTTPacket.make(0x82, 9_000)),
        Case("§3.10: UNSUBSCRIBE is the client's", MQTTPacket.make(0xA2, 6)),
        Case("§3.12: PINGREQ is the client's", [0xC0, 0x00]),
        Case("3.1.1 §3.14: DISCONNECT is the client's", [0xE0, 0x00], version3),
        Case("[MQTT-3.14.1-1]: DISCONNECT with flags", [0xE1, 0x00]),
        Case("3.1.1 §2.2.1: type 15 is reserved", [0xF0, 0x00], version3),
        Case("§1.5.5: a length of five bytes", [0x30, 0x80, 0x80, 0x80, 0x80, 0x01]),
        Case("§1.5.5: a length of five bytes in a CONNACK", [0x20, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]),
    ]

    @Test(
        "A broken rule stops the framing; what came before it goes out", arguments: broken,
        [Framing.packets, .packet])
    func stops(_ packet: Case, framing: Framing) {
        let stream = Self.front + packet.bytes + [0xD0, 0x00]
        for version in packet.versions {
            for cut in Self.cuts(stream, packet) {
                let run = DownlinkRun(of: stream, cuts: [cut], framing: framing, version: version)
                let isRight =
                    run.isBroken && run.payload == Self.front && run.packets == 3 && run.fault == nil
                    && !run.hasDisconnected && run.isBetweenFrames
                if !isRight { Issue.record("\(version), cut at \(cut): \(run)") }
            }
        }
    }

    @Test(
        "A stream: the packet that breaks a rule never gets whole to the client", arguments: broken,
        [Framing.stream, .raw])
    func stopsStream(_ packet: Case, framing: Framing) {
        let stream = Self.front + packet.bytes + [0xD0, 0x00]
        for version in packet.versions {
            for cut in Self.cuts(stream, packet) {
                let run = DownlinkRun(of: stream, cuts: [cut], framing: framing, version: version)
                let inside = max(0, cut - Self.front.count)
                let early = inside < packet.header ? inside : 0
                let isRight =
                    run.isBroken && run.payload == Array(stream.prefix(Self.front.count + early)) && run.fault == nil
                if !isRight { Issue.record("\(version), cut at \(cut): \(run.payload.count) bytes passed") }
            }
        }
    }

    /// All cuts up to 60 bytes after the sound packets, and some after those.
    private static func cuts(_ stream: [UInt8], _ packet: Case) -> [Int] {
        let dense = min(stream.count, front.count + 60)
        return Array(0...dense) + Array(stride(from: dense, to: stream.count - 2, by: 501))
    }

    @Test("When it is broken it stays so", arguments: Framing.all)
    func staysBroken(framing: Framing) {
        var downlink = Downlink(framing: framing, version: .v5_0)
        let room = GuardedBuffer(count: 256)
        let words = TotalWords()
        let view = UnsafeMutableRawBufferPointer(start: room.start, count: room.count)
        for block in [[0x00, 0x00], [0xD0, 0x00], [0x30], []] as [[UInt8]] {
            let buffer = GuardedBuffer(count: Downlink.headroom + block.count)
            let start = buffer.start + Downlink.headroom
            buffer.fill(block, at: Downlink.headroom)
            let first = downlink.restoreCarry(before: start)
            var cursor = Downlink.Cursor(start: first, end: start + block.count)
            let output = downlink.next(&cursor, assembly: view, totals: words.totals)
            #expect(output == nil && downlink.isBroken && first == start && buffer.isIntact)
        }
    }

    @Test(
        "What brokers do send passes", arguments: Framing.all, ProtocolVersion.allCases)
    func passes(framing: Framing, version: ProtocolVersion) {
        var types: [UInt8] = [0x20, 0x30, 0x3B, 0x40, 0x50, 0x62, 0x70, 0x90, 0xB0, 0xD0]
        if version == .v5_0 { types += [0xF0] }
        let stream = types.flatMap { MQTTPacket.make($0, 4) }
        for cut in 0...stream.count {
            let run = DownlinkRun(of: stream, cuts: [cut], framing: framing, version: version)
            #expect(run.payload == stream && !run.isBroken && run.packets == UInt64(types.count), "cut at \(cut)")
        }
    }

    @Test("Every first byte from a broker whose CONNACK has come", arguments: ProtocolVersion.allCases)
    func everyFirstByte(version: ProtocolVersion) {
        for framing in Framing.all {
            for byte in 0...255 as ClosedRange<UInt8> {
                let run = DownlinkRun(of: Self.connack + [byte, 0x00], framing: framing, version: version)
                let isAllowed =
                    switch byte >> 4 {
                    case 0, 1, 2, 8, 10, 12: false
                    case 14: version == .v5_0 && byte == 0xE0
                    case 15: version == .v5_0
                    default: true
                    }
                #expect(run.isBroken == !isAllowed && run.hasDisconnected == (byte == 0xE0 && isAllowed), "\(byte)")
            }
        }
    }

    @Test(
        "5.0 §3.14.2.1: the reason code of the broker's DISCONNECT, if it comes with the header", arguments: Framing.all
    )
    func disconnectReason(framing: Framing) {
        for (packet, code) in [
            ([0xE0, 0x00], 0x00), ([0xE0, 0x01, 0x8B], 0x8B), ([0xE0, 0x02, 0x8E, 0x00], 0x8E),
            ([0xE0, 0xC8, 0x01] + [UInt8](repeating: 0x99, count: 200), 0x99),
            ([0xE0, 0x80, 0x80, 0x01] + [UInt8](repeating: 0x98, count: 16_384), 0x98),
        ] as [([UInt8], UInt8)] {
            let stream = Self.front + packet
            let header =
                Self.front.count + packet.count
                - max(0, packet.count - (packet[1] < 0x80 ? 2 : packet[2] < 0x80 ? 3 : 4))
            for cut in [0, Self.front.count, stream.count] {
                let run = DownlinkRun(of: stream, cuts: [cut], framing: framing)
                #expect(run.disconnectReason == code && run.hasDisconnected, "cut at \(cut)")
            }
            for cut in 0...min(stream.count, header + 3) {
                let run = DownlinkRun(of: stream, cuts: [cut], framing: framing)
                #expect(run.disconnectReason == code || run.disconnectReason == nil, "cut at \(cut)")
            }
        }
        #expect(DownlinkRun(of: Self.front, framing: framing).disconnectReason == nil)
    }

    @Test(
        "5.0 §3.14: DISCONNECT of the broker is noted when it is passed on",
        arguments: Framing.all)
    func disconnect(framing: Framing) {
        let disconnect: [UInt8] = [0xE0, 0x02, 0x8B, 0x00]
        let stream = Self.front + disconnect
        for count in 0...stream.count {
            let run = DownlinkRun(of: Array(stream.prefix(count)), framing: framing)
            let known = Self.front.count + 2  // its length shows
            #expect(run.hasDisconnected == (count >= known) && !run.isBroken, "\(count) bytes")
        }
        #expect(DownlinkRun(of: stream, framing: framing).payload == stream)
    }

    @Test(
        "5.0 §4.12: AUTH may come before the CONNACK, which may come once",
        arguments: Framing.all)
    func authFirst(framing: Framing) {
        let auth = MQTTPacket.make(0xF0, 2)
        let run = DownlinkRun(of: auth + Self.connack + auth, framing: framing)
        #expect(!run.isBroken && run.packets == 3 && run.payload == auth + Self.connack + auth)
        let twice = DownlinkRun(of: auth + Self.connack + Self.connack, framing: framing)
        #expect(twice.isBroken && twice.payload == auth + Self.connack)
    }

    @Test("A CONNACK of more than 4096 bytes is one too", arguments: Framing.all)
    func largeConnack(framing: Framing) {
        let large = MQTTPacket.make(0x20, 6_000)
        for cut in [0, 1, 2, 3, 10, 4_097, 6_002, 6_003] {
            let run = DownlinkRun(of: large + Self.connack, cuts: [cut], framing: framing)
            #expect(run.isBroken && run.payload == large, "cut at \(cut)")
        }
    }
}
