import TestSupport
import Testing

@testable import Tunnel
@testable import Wire

@Suite("Uplink: WebSocket frames to MQTT bytes")
struct UplinkDecodeTests {
    private static let connect = [UInt8]([0x10, 0x0C, 0, 4, 0x4D, 0x51, 0x54, 0x54, 4, 2, 0, 60, 0, 0])

    @Test("[MQTT-6.0.0-2]: packets and frames need not meet, at every cut")
    func frames() {
        let mqtt = Self.connect + [0xC0, 0x00] + MQTTPacket.make(0x30, 30)
        // One byte, then the rest, as MQTT.js writes it; then parts of packets.
        let frames: [ClientFrame] = [
            .binary([mqtt[0]]), .binary(Array(mqtt[1..<15])), .binary([]),
            .binary(Array(mqtt[15..<20]), isFinal: false),
            .continuation(Array(mqtt[20...]), isFinal: true),
        ]
        let stream = frames.bytes
        for cut in 0...stream.count {
            let run = UplinkRun(of: stream, cuts: [cut], offset: cut % 8, opening: nil)
            #expect(run.payload == mqtt && run.end == nil && run.fault == nil, "cut at \(cut)")
            #expect(run.packets == 0)
        }
    }

    @Test("§5.5.3: one pong answers the last of several pings of a block")
    func pingsJoin() {
        let frames: [ClientFrame] = [
            .control(9, [1]), .binary([0xC0]), .control(9, [2, 2]), .binary([0x00]), .control(9, [3, 3, 3]),
            .control(10, [4]),
        ]
        let run = UplinkRun(of: frames.bytes)
        #expect(run.pings == [[3, 3, 3]] && run.payload == [0xC0, 0x00] && run.packets == 1)
        // In blocks of their own each is answered.
        var cuts: [Int] = []
        for frame in frames.dropLast() { cuts.append((cuts.last ?? 0) + frame.bytes.count) }
        #expect(UplinkRun(of: frames.bytes, cuts: cuts).pings == [[1], [2, 2], [3, 3, 3]])
    }

    @Test("§5.5.2: an empty ping, and one of 125 bytes, are answered as they are", arguments: [0, 1, 124, 125])
    func pingSizes(count: Int) {
        let payload = (0..<count).map { UInt8($0) }
        for cut in 0...(6 + count) {
            let run = UplinkRun(of: ClientFrame.control(9, payload).bytes, cuts: [cut])
            #expect(run.pings == [payload] && run.fault == nil && run.end == nil, "cut at \(cut)")
        }
    }

    @Test("§5.5.3: a pong that nobody asked for is no event")
    func pong() {
        let run = UplinkRun(of: [ClientFrame.control(10, [1]), .binary([0xC0, 0x00])].bytes)
        #expect(run.pings.isEmpty && run.end == nil && run.payload == [0xC0, 0x00])
    }

    @Test(
        "§5.5.1: a Close ends the stream",
        arguments: [
            ([], .close(nil)), ([0x03, 0xE8], .close(1000)), ([0x03, 0xE9, 0x62, 0x79, 0x65], .close(1001)),
            ([0x0F, 0xA0], .close(4000)),
            ([0x03], .failure(.closeLength)), ([0x03, 0xED], .failure(.closeCode)),
            ([0x00, 0x00], .failure(.closeCode)), ([0x03, 0xE8, 0xFF], .failure(.closeReason)),
        ] as [([UInt8], Uplink.End)])
    func close(payload: [UInt8], end: Uplink.End) {
        let front: [ClientFrame] = [.binary([0xC0, 0x00]), .control(9, [7])]
        let following: [ClientFrame] = [.binary([0xC0, 0x00]), .control(9, [8]), ClientFrame(opcode: 7)]
        let stream = (front + [.control(8, payload)] + following).bytes
        for cut in 0...stream.count {
            let run = UplinkRun(of: stream, cuts: [cut])
            #expect(run.end == end && run.payload == [0xC0, 0x00] && run.pings == [[7]], "cut at \(cut)")
            #expect(run.fault == nil && run.violation == nil)
        }
    }

    @Test(
        "A broken frame ends the stream; what came before it counts",
        arguments: [
            (ClientFrame(opcode: 1, payload: [0x61]), .text),
            (ClientFrame(opcode: 3), .opcode),
            (ClientFrame(payload: [1], key: nil), .unmasked),
            (ClientFrame(reserved: 4, payload: [1]), .reservedBits),
            (ClientFrame(isFinal: false, opcode: 9), .controlFragmented),
            (ClientFrame.continuation([1], isFinal: true), .continuation),
            (ClientFrame(payload: [1], form: .sixtyFour), .lengthForm),
        ] as [(ClientFrame, WebSocketViolation)])
    func failure(frame: ClientFrame, violation: WebSocketViolation) {
        let stream = [ClientFrame.control(9, [5]), .binary([0xC0, 0x00]), frame, .binary([0xC0, 0x00])].bytes
        for cut in 0...stream.count {
            let run = UplinkRun(of: stream, cuts: [cut])
            #expect(run.end == .failure(violation), "cut at \(cut)")
            #expect(run.forwarded == [0xC0, 0x00] && run.pings == [[5]] && run.fault == nil, "cut at \(cut)")
        }
    }

    @Test("Payload is passed on as it comes: a frame that is not whole gives what is there")
    func partial() {
        let packet = MQTTPacket.make(0x30, 100)
        let stream = ClientFrame.binary(packet).bytes
        for count in 6...stream.count {
            #expect(UplinkRun(of: Array(stream.prefix(count))).forwarded == Array(packet.prefix(count - 6)))
        }
    }
}
