import TestSupport
import Testing

@testable import Tunnel
@testable import Wire

@Suite("Uplink: the cursor over a block of input")
struct UplinkCursorTests {
    private static let frames: [ClientFrame] = [
        .binary([0xC0]), .control(9, [1, 2, 3]), .binary([0x00]), .binary(MQTTPacket.make(0x30, 150)),
        .control(9, [4]), .control(10, []), .binary(MQTTPacket.make(0x32, 20), isFinal: false),
        .continuation(MQTTPacket.make(0x30, 3), isFinal: true),
    ]

    /// What the blocks of `input` hold, one entry for each.
    private static func blocks(_ input: [UInt8], _ uplink: inout Uplink) -> [Uplink.Block] {
        let buffer = GuardedBuffer(count: Uplink.headroom + input.count)
        buffer.fill(input, at: Uplink.headroom)
        let control = GuardedBuffer(count: Uplink.controlCapacity)
        let start = buffer.start + Uplink.headroom
        var cursor = uplink.begin(start, end: start + input.count)
        var blocks: [Uplink.Block] = []
        while let block = uplink.next(&cursor, control: control.start) { blocks.append(block) }
        #expect(cursor.position == cursor.end && buffer.isIntact && control.isIntact)
        return blocks
    }

    @Test("Split at every byte, every framing gives the same bytes", arguments: Framing.all)
    func everyByte(framing: Framing) {
        let mqtt = Self.frames.filter { $0.opcode < 8 }.flatMap(\.payload)
        let stream = framing == .raw ? mqtt : Self.frames.bytes
        let whole = UplinkRun(of: stream, framing: framing)
        #expect(whole.payload == mqtt && whole.forwarded == mqtt && whole.fault == nil)
        for cut in 0...stream.count {
            let run = UplinkRun(of: stream, cuts: [cut], framing: framing)
            #expect(run.payload == mqtt && run.forwarded == mqtt && run.fault == nil, "cut at \(cut)")
            #expect(run.packets == whole.packets && run.pings.last == whole.pings.last, "cut at \(cut)")
        }
        let bytewise = UplinkRun(of: stream, cuts: Array(1..<stream.count), framing: framing)
        #expect(bytewise.payload == mqtt && bytewise.packets == whole.packets && bytewise.fault == nil)
        #expect(bytewise.pings == (framing == .raw ? [] : [[1, 2, 3], [4]]))
    }

    @Test("All frames of a block of input are one block of MQTT; empty input is none")
    func one() {
        var uplink = Uplink(framing: .packets)
        let blocks = Self.blocks(Self.frames.bytes, &uplink)
        #expect(blocks.count == 1 && blocks.first?.ping == 1)
        #expect(Self.blocks([], &uplink).isEmpty)
    }

    @Test("A block with an end is the last, whatever comes after it in the input")
    func end() {
        for last in [ClientFrame.control(8, [0x03, 0xE8]), ClientFrame(opcode: 1, payload: [0x61])] {
            var uplink = Uplink(framing: .packets)
            let blocks = Self.blocks((Self.frames + [last] + Self.frames).bytes, &uplink)
            #expect(blocks.count == 1 && blocks.first?.end != nil)
        }
    }

    @Test("Strict framing refuses a Pong without a mask, the other takes it (RFC 6455 §5.1)")
    func strict() {
        let stream = [ClientFrame(opcode: 10, key: nil), .binary([0xC0, 0x00])].bytes
        for messages in Framing.Messages.allCases {
            let lenient = UplinkRun(of: stream, framing: .webSocket(messages: messages, isStrict: false))
            #expect(lenient.end == nil && lenient.payload == [0xC0, 0x00])
            let strict = UplinkRun(of: stream, framing: .webSocket(messages: messages, isStrict: true))
            #expect(strict.end == .failure(.unmasked) && strict.payload.isEmpty)
        }
    }
}
