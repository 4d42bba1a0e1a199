import Testing

@testable import Wire

@Suite("Kinds of packets")
struct PacketKindTests {
    /// By type; a PUBLISH by its QoS. nil: no direction lets it pass.
    private static func expected(_ byte: UInt8) -> PacketKind? {
        switch byte / 16 {
        case 1, 2: .connect
        case 3: [.publishQoS0, .publishQoS1, .publishQoS2, .publishQoS2][Int(byte / 2 % 4)]
        case 4: .puback
        case 5: .pubrec
        case 6: .pubrel
        case 7: .pubcomp
        case 8, 9: .subscribe
        case 10, 11: .unsubscribe
        case 12, 13: .pingreq
        case 14: .disconnect
        case 15: .auth
        default: nil
        }
    }

    @Test("Every first byte has its kind, and none is out of range")
    func firstBytes() {
        for byte in 0...255 as ClosedRange<UInt8> {
            #expect(0..<PacketKind.count ~= PacketKind.index(of: byte), "\(byte)")
            if let kind = Self.expected(byte) { #expect(PacketKind(firstByte: byte) == kind, "\(byte)") }
        }
        #expect(PacketKind.allCases.count == PacketKind.count)
        #expect(PacketKind.allCases.map { Int($0.rawValue) } == Array(0..<PacketKind.count))
    }

    @Test("Each direction has the names of its packets")
    func names() {
        let common = "publish_qos0 publish_qos1 publish_qos2 puback pubrec pubrel pubcomp"
        let received = "connect \(common) subscribe unsubscribe pingreq disconnect auth"
        let sent = "connack \(common) suback unsuback pingresp disconnect auth"
        #expect(PacketKind.allCases.map { $0.name(.received) }.joined(separator: " ") == received)
        #expect(PacketKind.allCases.map { $0.name(.sent) }.joined(separator: " ") == sent)
    }
}
