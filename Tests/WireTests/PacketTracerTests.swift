import TestSupport
import Testing

@testable import Wire

@Suite("Packet tracer")
struct PacketTracerTests {
    /// PUBLISH QoS 1 to "a/b", id 7, payload "hello"; PINGREQ; SUBSCRIBE 9 to "x/#" and "y"; DISCONNECT 0x04.
    static let stream3: [UInt8] =
        [0x32, 12, 0, 3, 0x61, 0x2F, 0x62, 0, 7] + Array("hello".utf8) + [0xC0, 0]
        + [0x82, 12, 0, 9, 0, 3, 0x78, 0x2F, 0x23, 1, 0, 1, 0x79, 0] + [0xE0, 1, 4]
    static let stream5: [UInt8] =
        [0x32, 13 + 2, 0, 3, 0x61, 0x2F, 0x62, 0, 7, 2, 1, 1] + Array("hello".utf8) + [0xC0, 0]
        + [0x82, 13, 0, 9, 0, 0, 3, 0x78, 0x2F, 0x23, 1, 0, 1, 0x79, 0] + [0xE0, 1, 4]

    private static func trace(
        _ bytes: [UInt8], cut: Int, version: ProtocolVersion, payloadLimit: Int = 0, skipping: Int = 0
    ) -> [PacketTracer.Packet] {
        var tracer = PacketTracer(version: version, skipping: skipping, payloadLimit: payloadLimit)
        var packets: [PacketTracer.Packet] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            Array(rest.prefix(cut)).withUnsafeBytes { tracer.take($0) { packets.append($0) } }
            rest = rest.dropFirst(cut)
        }
        return packets
    }

    @Test("Every packet, whatever the cuts", arguments: [ProtocolVersion.v3_1_1, .v5_0])
    func cuts(version: ProtocolVersion) throws {
        let stream = version == .v5_0 ? Self.stream5 : Self.stream3
        let whole = Self.trace(stream, cut: stream.count, version: version, payloadLimit: 3)
        for cut in 1..<stream.count {
            #expect(Self.trace(stream, cut: cut, version: version, payloadLimit: 3) == whole)
        }
        try #require(whole.count == 4)
        #expect(whole.map { $0.firstByte >> 4 } == [3, 12, 8, 14])
        #expect(whole.map(\.size).reduce(0, +) == stream.count)
        #expect(whole[0].topic == "a/b" && whole[0].packetID == 7)
        #expect(whole[0].payload == Array("hel".utf8) && whole[0].payloadSize == 5)
        #expect(whole[2].packetID == 9 && whole[2].filters == ["x/#", "y"])
        #expect(whole[3].reasonCode == 4)
    }

    @Test("Payloads stay out unless they are wanted; what has passed already is passed over")
    func options() {
        let stream = Self.stream3
        #expect(Self.trace(stream, cut: 5, version: .v3_1_1)[0].payload == nil)
        let rest = Array(stream.dropFirst(4))
        #expect(Self.trace(rest, cut: 3, version: .v3_1_1, skipping: 10).map { $0.firstByte >> 4 } == [12, 8, 14])
    }

    @Test("A broken stream ends the trace, and nothing of any bytes traps or is held without bound")
    func hostile() {
        #expect(Self.trace([0x30, 0xFF, 0xFF, 0xFF, 0xFF, 1] + Self.stream3, cut: 2, version: .v5_0).isEmpty)
        var random = SeededGenerator(seed: 11)
        for _ in 0..<2000 {
            let count = Int.random(in: 1...300, using: &random)
            let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
            _ = Self.trace(bytes, cut: Int.random(in: 1...40, using: &random), version: .v5_0, payloadLimit: 8)
        }
        // 200 MB announced and sent: the beginning is kept.
        var tracer = PacketTracer(version: .v3_1_1, payloadLimit: 10)
        let block = [UInt8](repeating: 0x61, count: 1 << 20)
        var shown: [PacketTracer.Packet] = []
        [UInt8]([0x30, 0x80, 0x80, 0x80, 0x64, 0, 1, 0x74]).withUnsafeBytes { tracer.take($0) { shown.append($0) } }
        for _ in 0..<201 { block.withUnsafeBytes { bytes in tracer.take(bytes) { shown.append($0) } } }
        #expect(shown.first?.size == 5 + 209_715_200 && shown.first?.topic == "t")
        #expect(shown.first?.payload?.count == 10)
    }
}
