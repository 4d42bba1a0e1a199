import Testing

@testable import Tunnel
@testable import Wire

@Suite("Uplink: the rules of MQTT after CONNECT")
struct UplinkScanTests {
    /// Two sound packets, which stand in front of every case.
    private static let front: [UInt8] = [0xC0, 0x00] + MQTTPacket.make(0x32, 20)

    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let bytes: [UInt8]
        /// nil: it goes to the broker.
        let violation: EndCause?
        var versions = ProtocolVersion.allCases
        var testDescription: String { name }

        init(_ name: String, _ bytes: [UInt8], _ violation: EndCause?, _ versions: [ProtocolVersion]? = nil) {
            (self.name, self.bytes, self.violation) = (name, bytes, violation)
            if let versions { self.versions = versions }
        }
    }

    private static let version3: [ProtocolVersion] = [.v3_1, .v3_1_1]

    static let cases: [Case] =
        [
            Case("§2.2.1: type 0 is reserved", [0x00, 0x00], .malformedPacket),
            Case("[MQTT-3.1.0-2]: a second CONNECT", MQTTPacket.make(0x10, 12), .protocolError),
            Case("§3.2: CONNACK is the server's", [0x20, 0x02, 0x00, 0x00], .protocolError),
            Case("§3.9: SUBACK is the server's", MQTTPacket.make(0x90, 3), .protocolError),
            Case("§3.11: UNSUBACK is the server's", MQTTPacket.make(0xB0, 2), .protocolError),
            Case("§3.13: PINGRESP is the server's", [0xD0, 0x00], .protocolError),
            Case("3.1.1 §2.2.1: type 15 is reserved", [0xF0, 0x00], .malformedPacket, version3),
            Case("5.0 §3.15: AUTH", MQTTPacket.make(0xF0, 2), nil, [.v5_0]),
            Case("1.5.5: a length of five bytes", [0x30, 0x80, 0x80, 0x80, 0x80, 0x01], .malformedPacket),
        ]
        + [1, 2, 4, 8, 15].map {
            Case("[MQTT-3.14.1-1]: DISCONNECT with flags \($0)", [0xE0 | $0, 0x00], .malformedPacket)
        }
        + [3, 4, 5, 6, 7, 8, 10, 12].map { Case("type \($0) goes to the broker", MQTTPacket.make($0 << 4, 9), nil) }

    @Test("Each packet is passed on, or named", arguments: cases)
    func packets(_ packet: Case) {
        let following: [UInt8] = [0xC0, 0x00]
        let stream = Self.front + packet.bytes + following
        for version in packet.versions {
            let run = ScanRun(of: stream, version: version)
            #expect(run.violation == packet.violation)
            #expect(run.forward == (packet.violation == nil ? stream.count : Self.front.count))
            #expect(!run.hasDisconnected)
            if packet.violation == nil { #expect(run.packets == 4) }
        }
    }

    @Test(
        "Cut anywhere, it is the same, and a packet that breaks a rule never gets whole to the broker", arguments: cases
    )
    func cuts(_ packet: Case) {
        let stream = Self.front + packet.bytes + [0xC0, 0x00]
        for version in packet.versions {
            for first in 0...stream.count {
                for second in first...stream.count {
                    let run = ScanRun(of: stream, cuts: [first, second], version: version)
                    #expect(run.violation == packet.violation, "cut at \(first), \(second)")
                    guard packet.violation != nil else {
                        #expect(run.forward == stream.count && run.packets == 4)
                        continue
                    }
                    // At most the part of its fixed header that stood alone in earlier blocks.
                    let known = MQTTPacket.size(packet.bytes[...]) == nil ? 5 : 2
                    let isPartial = run.forward >= Self.front.count && run.forward < Self.front.count + known
                    #expect(isPartial, "cut at \(first), \(second): \(run.forward)")
                }
            }
        }
    }

    @Test(
        "[MQTT-3.14.4-2]: nothing after a DISCONNECT is passed on",
        arguments: [[0xE0, 0x00], [0xE0, 0x01, 0x04], [0xE0, 0x02, 0x00, 0x00], MQTTPacket.make(0xE0, 300)] as [[UInt8]]
    )
    func disconnect(packet: [UInt8]) {
        // What follows it would break a rule, or be sound: both is dropped in silence.
        for following in [[], [0xC0, 0x00], [0x00, 0x00], [0x10], [0x30, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]] as [[UInt8]] {
            let stream = Self.front + packet + following
            let sound = Self.front.count + packet.count
            for first in 0...stream.count {
                for second in [first, min(first + 1, stream.count), stream.count] {
                    let run = ScanRun(of: stream, cuts: [first, second])
                    let isRight =
                        run.forward == sound && run.violation == nil && run.hasDisconnected && run.isDone
                        && run.packets == 3
                    if !isRight { Issue.record("cut at \(first), \(second): \(run)") }
                }
            }
            #expect(ScanRun(of: stream, cuts: Array(1..<stream.count)).forward == sound)
        }
    }

    @Test(
        "5.0 §3.14.2.1: the reason code of a DISCONNECT, however it is cut; before 5.0 there is none",
        arguments: [
            ([0xE0, 0x00], 0x00), ([0xE0, 0x01, 0x04], 0x04), ([0xE0, 0x02, 0x8E, 0x00], 0x8E),
            ([0xE0, 0x80, 0x01] + [UInt8](repeating: 0x99, count: 128), 0x99),
        ] as [([UInt8], UInt8)])
    func disconnectReason(packet: [UInt8], code: UInt8) {
        let stream = Self.front + packet + [0xC0, 0x00]
        for first in 0...stream.count {
            for second in first...stream.count {
                let run = ScanRun(of: stream, cuts: [first, second])
                if run.disconnectReason != code { Issue.record("cut at \(first), \(second): \(run)") }
            }
        }
        #expect(ScanRun(of: stream, cuts: Array(1..<stream.count)).disconnectReason == code)
        #expect(ScanRun(of: stream, version: .v3_1_1).disconnectReason == nil)
        #expect(ScanRun(of: Self.front).disconnectReason == nil)
    }

    @Test("hasDisconnected is set when the fixed header of DISCONNECT is whole, isDone with its last byte")
    func disconnectBegins() {
        let stream = Self.front + MQTTPacket.make(0xE0, 200)
        for count in 0...stream.count {
            let run = ScanRun(of: Array(stream.prefix(count)))
            #expect(run.hasDisconnected == (count >= Self.front.count + 3) && run.forward == count, "\(count) bytes")
            #expect(run.isDone == (count == stream.count), "\(count) bytes")
        }
    }

    @Test("A packet over the limit is named as soon as its length is there", arguments: [0x30, 0xE0, 0x10] as [UInt8])
    func limit(firstByte: UInt8) {
        for count in [20, 126, 200] {
            let packet = MQTTPacket.make(firstByte, count)
            let header = packet.count - count
            let stream = [0xC0, 0x00] + packet
            for length in 0...stream.count {
                let run = ScanRun(of: Array(stream.prefix(length)), packetLimit: packet.count - 1)
                let isKnown = length >= 2 + header
                #expect(run.violation == (isKnown ? .packetTooLarge : nil), "\(length) bytes")
                #expect(run.forward == (isKnown ? 2 : length), "\(length) bytes")
            }
            for cut in 0...stream.count {
                let run = ScanRun(of: stream, cuts: [cut], packetLimit: packet.count - 1)
                #expect(run.violation == .packetTooLarge && run.forward < 2 + header, "cut at \(cut)")
            }
            let exact = ScanRun(of: stream, packetLimit: packet.count)
            #expect(exact.violation != .packetTooLarge)
        }
    }

    @Test("Limit 0 is what MQTT allows: 268,435,455 bytes of Remaining Length")
    func noLimit() {
        let header: [UInt8] = [0x30, 0xFF, 0xFF, 0xFF, 0x7F]
        let run = ScanRun(of: header, packetLimit: 0)
        #expect(run.violation == nil && run.forward == 5 && run.packets == 1)
        #expect(ScanRun(of: header, packetLimit: 268_435_459).violation == .packetTooLarge)
    }

    @Test("Every first byte, in every version", arguments: ProtocolVersion.allCases)
    func everyFirstByte(version: ProtocolVersion) {
        for byte in 0...255 as ClosedRange<UInt8> {
            let run = ScanRun(of: [byte, 0x00], version: version)
            let expected: EndCause? =
                switch byte >> 4 {
                case 0: .malformedPacket
                case 1, 2, 9, 11, 13: .protocolError
                case 14: byte == 0xE0 ? nil : .malformedPacket
                case 15: version == .v5_0 ? nil : .malformedPacket
                default: nil
                }
            #expect(run.violation == expected && run.forward == (expected == nil ? 2 : 0), "\(byte)")
            #expect(run.hasDisconnected == (byte == 0xE0))
        }
    }
}
