import TestSupport
import Testing

@testable import Tunnel
@testable import Wire

@Suite("Downlink: the PINGRESP that the gateway has asked for")
struct DownlinkPingrespTests {
    private static let pingresp: [UInt8] = [0xD0, 0x00]

    private static func passed(_ packets: [[UInt8]], after count: UInt64, cuts: [Int], framing: Framing) -> [UInt8] {
        let run = DownlinkRun(of: packets.flatMap { $0 }, cuts: cuts, framing: framing, withholdingAfter: count)
        #expect(run.fault == nil && !run.isBroken)
        return run.payload
    }

    @Test("It is taken out, and those of the client stay, at every cut", arguments: [0, 1, 2] as [UInt64])
    func every(count: UInt64) {
        let packets: [[UInt8]] = [
            MQTTPacket.make(0x30, 10, mark: 1), pingresp, MQTTPacket.make(0x30, 300, mark: 2), pingresp, pingresp,
            MQTTPacket.make(0x40, 2, mark: 3), pingresp,
        ]
        let size = packets.reduce(0) { $0 + $1.count }
        var expected = packets
        expected.remove(at: [1, 3, 4][Int(count)])
        for framing in [Framing.packet, .packets] {
            for first in 0...size {
                for second in stride(from: first, through: size, by: 5) {
                    let found = Self.passed(packets, after: count, cuts: [first, second], framing: framing)
                    #expect(found == expected.flatMap { $0 }, "\(framing), cut at \(first), \(second)")
                }
            }
        }
    }

    private var pingresp: [UInt8] { Self.pingresp }
}
