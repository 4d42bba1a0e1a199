import TestSupport
import Testing

@testable import Tunnel
@testable import Wire

@Suite("Simulation: what goes in comes out")
struct TunnelSimulationTests {
    private static let chunks = [1, 5, 60, 1_000, 20_000]

    @Test(
        "Client to broker: every byte, in order, whatever the packets, frames and blocks", arguments: SimulationSeed.all
    )
    func up(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let version = ProtocolVersion.allCases.randomElement(using: &random) ?? .v5_0
        let mqtt = RandomTraffic.fromClient(version, &random)
        let frames = RandomTraffic.frames(mqtt, &random)
        let stream = frames.bytes
        for largest in Self.chunks.filter({ $0 * 2_000 > stream.count }) {
            let cuts = random.cuts(stream.count, largest: largest)
            let offset = Int.random(in: 0..<16, using: &random)
            let run = UplinkRun(of: stream, cuts: cuts, offset: offset, opening: .init(version: version))
            let hint = "\(SimulationSeed.hint(seed)), blocks up to \(largest)"
            #expect(run.fault == nil && run.end == nil && run.violation == nil, "\(hint)")
            if run.forwarded != mqtt { Issue.record("\(hint): the broker does not get what the client sent") }
            #expect(run.packets == UInt64(MQTTPacket.split(mqtt).packets.count), "\(hint)")
            let pings = frames.filter { $0.opcode == 9 }.map(\.payload)
            #expect(run.pings.last == pings.last && Self.isSubsequence(run.pings, of: pings), "\(hint)")
        }
    }

    @Test("Broker to client: every byte, in order, in sound messages", arguments: SimulationSeed.all)
    func down(seed: UInt64) {
        var random = SeededGenerator(seed: seed ^ 0xD0_0000)
        let version = ProtocolVersion.allCases.randomElement(using: &random) ?? .v5_0
        let mqtt = RandomTraffic.fromBroker(version, &random)
        let packets = MQTTPacket.split(mqtt).packets
        for framing in Framing.all {
            for largest in Self.chunks.filter({ $0 * 1_000 > mqtt.count }) {
                let cuts = random.cuts(mqtt.count, largest: largest)
                let run = DownlinkRun(
                    of: mqtt, cuts: cuts, framing: framing, version: version,
                    room: [17, 300, 5_000, 300_000].randomElement(using: &random) ?? 17,
                    offset: Int.random(in: 0..<16, using: &random))
                let hint = "\(SimulationSeed.hint(seed)), \(framing), blocks up to \(largest)"
                #expect(run.fault == nil && !run.isBroken && run.isBetweenFrames && run.isBetweenPackets, "\(hint)")
                #expect(run.packets == UInt64(packets.count), "\(hint)")
                #expect(run.mostHeld <= (framing.isStream ? 0 : Downlink.carryCapacity), "\(hint)")
                if run.payload != mqtt { Issue.record("\(hint): the client does not get what the broker sent") }
                if let mistake = Self.mistake(run.messages, packets, framing) { Issue.record("\(hint): \(mistake)") }
            }
        }
    }

    private static func mistake(_ messages: [ServerMessage], _ packets: [[UInt8]], _ framing: Framing) -> String? {
        guard messages.allSatisfy({ $0.isComplete && $0.fragments == 1 }) else { return "a message in fragments" }
        switch framing {
        case .webSocket(.packets, _):
            let isWhole = messages.allSatisfy { MQTTPacket.split($0.payload).rest.isEmpty && !$0.payload.isEmpty }
            return isWhole ? nil : "a message that does not hold whole packets"
        case .webSocket(.packet, _):
            return messages.map(\.payload) == packets ? nil : "messages that are not one packet each"
        case .webSocket(.stream, _), .raw: return nil
        }
    }

    private static func isSubsequence(_ part: [[UInt8]], of all: [[UInt8]]) -> Bool {
        var rest = all[...]
        return part.allSatisfy { item in
            guard let index = rest.firstIndex(of: item) else { return false }
            rest = rest[(index + 1)...]
            return true
        }
    }
}
