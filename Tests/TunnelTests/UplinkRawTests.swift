import TestSupport
import Testing

@testable import Tunnel
@testable import Wire

@Suite("Uplink: MQTT without frames")
struct UplinkRawTests {
    private static let mqtt: [UInt8] =
        [0xC0, 0x00] + MQTTPacket.make(0x30, 200, mark: 1) + MQTTPacket.make(0x82, 9, mark: 2) + [0xC0, 0x00]

    @Test("Every byte passes as it is, at every pair of cuts")
    func passes() {
        for first in 0...Self.mqtt.count {
            for second in stride(from: first, through: Self.mqtt.count, by: 3) {
                let run = UplinkRun(of: Self.mqtt, cuts: [first, second], framing: .raw, offset: first % 8)
                let isRight =
                    run.payload == Self.mqtt && run.forwarded == Self.mqtt && run.packets == 4 && run.pings.isEmpty
                    && run.end == nil && run.violation == nil && run.fault == nil
                if !isRight { Issue.record("cut at \(first), \(second): \(run)") }
            }
        }
        #expect(UplinkRun(of: Self.mqtt, cuts: Array(1..<Self.mqtt.count), framing: .raw).forwarded == Self.mqtt)
    }

    @Test("What looks like a frame is none", arguments: [0x81, 0x82, 0x88, 0x89, 0xC1] as [UInt8])
    func noFrames(first: UInt8) {
        let stream = [first, 0x80, 0, 0, 0, 0, 1, 2, 3]
        for cut in 0...stream.count {
            let run = UplinkRun(of: stream, cuts: [cut], framing: .raw, opening: nil)
            #expect(run.payload == stream && run.pings.isEmpty && run.end == nil && run.fault == nil, "cut at \(cut)")
        }
    }

    @Test("The block is the input, and the room around it is not touched")
    func inPlace() {
        var uplink = Uplink(framing: .raw)
        for count in [1, 2, 500] {
            let buffer = GuardedBuffer(count: count)
            buffer.fill(MQTTPacket.make(0x30, count)[..<count])
            let before = bytes(at: buffer.start, count: count)
            var cursor = uplink.begin(buffer.start, end: buffer.start + count)
            #expect(cursor.position == buffer.start)
            let control = GuardedBuffer(count: 0)
            let block = uplink.next(&cursor, control: control.start)
            #expect(block?.payload == buffer.start && block?.count == count && block?.ping == nil && block?.end == nil)
            #expect(uplink.next(&cursor, control: control.start) == nil)
            #expect(bytes(at: buffer.start, count: count) == before && buffer.isIntact)
        }
    }

    @Test("The rules of MQTT hold: a second CONNECT, and nothing after a DISCONNECT")
    func rules() {
        let connect = MQTTPacket.make(0x10, 12)
        let refused = UplinkRun(of: Self.mqtt + connect, framing: .raw)
        #expect(refused.violation == .protocolError && refused.forwarded == Self.mqtt)
        let disconnect: [UInt8] = [0xE0, 0x00]
        let stream = Self.mqtt + disconnect + [0xC0, 0x00]
        for cut in Self.mqtt.count...stream.count {
            let run = UplinkRun(of: stream, cuts: [cut], framing: .raw)
            #expect(run.forwarded == Self.mqtt + disconnect && run.hasDisconnected && run.violation == nil)
        }
    }
}
