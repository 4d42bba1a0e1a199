import TestSupport
import Testing

@testable import Tunnel
@testable import Wire

/// Peers that break rules: the tunnel does with every block size what a reference does with the whole stream, and stays
/// inside its memory.
@Suite("Simulation: hostile peers")
struct HostileSimulationTests {
    @Test("Mutated and random client frames, against the reference", arguments: SimulationSeed.all)
    func clientFrames(seed: UInt64) {
        var random = SeededGenerator(seed: seed ^ 0xC0_0000)
        for round in 0..<12 {
            let stream = Self.frames(round, &random)
            let reference = ReferenceUplink(stream)
            for largest in [1, 9, 150, stream.count + 1] {
                let cuts = random.cuts(stream.count, largest: largest)
                let run = UplinkRun(of: stream, cuts: cuts, opening: nil)
                let isEnd = run.end.map(reference.ends.contains) ?? reference.ends.isEmpty
                let isRight =
                    run.fault == nil && isEnd && run.payload == reference.payload
                    && run.pings.last == reference.pings.last && run.pings.count <= reference.pings.count
                if isRight { continue }
                Issue.record(
                    "\(SimulationSeed.hint(seed)), round \(round), blocks up to \(largest): \(run.fault ?? "")")
            }
        }
    }

    private static func frames(_ round: Int, _ random: inout SeededGenerator) -> [UInt8] {
        if round % 4 == 3 { return random.bytes(Int.random(in: 0...400, using: &random)) }
        let mqtt = random.bytes(Int.random(in: 0...900, using: &random))
        let stream = RandomTraffic.frames(mqtt, &random).bytes
        // A close in some, so that mutations meet it as well.
        let close = ClientFrame.control(8, [0x03, 0xE8] + Array("bye".utf8)).bytes
        return RandomTraffic.mutated(round % 4 == 2 ? close + stream : stream + close, &random)
    }

    @Test("Mutated and random MQTT of a client, against the reference", arguments: SimulationSeed.all)
    func clientPackets(seed: UInt64) {
        var random = SeededGenerator(seed: seed ^ 0xA0_0000)
        for round in 0..<8 {
            let version = ProtocolVersion.allCases.randomElement(using: &random) ?? .v5_0
            let limit = [0, 300, 20_000].randomElement(using: &random) ?? 0
            let mqtt = Self.packets(round, &random) {
                RandomTraffic.fromClient(version, &$0) + [0xE0, 0x00, 0xC0, 0x00]
            }
            let reference = ReferenceScan(
                mqtt, isVersion5: version == .v5_0, packetLimit: limit == 0 ? PacketScanner.largest : limit)
            for largest in [1, 9, 150, mqtt.count + 1] where largest * 3_000 > mqtt.count {
                let cuts = random.cuts(mqtt.count, largest: largest)
                let run = ScanRun(of: mqtt, cuts: cuts, version: version, packetLimit: limit)
                // Of the packet that breaks a rule at most four bytes of a cut header have gone out.
                let extra = run.forward - reference.sound
                let isRight =
                    run.violation == reference.violation && run.hasDisconnected == reference.hasDisconnected
                    && (reference.violation == nil ? extra == 0 : 0...4 ~= extra)
                if isRight { continue }
                Issue.record(
                    "\(SimulationSeed.hint(seed)), round \(round), blocks up to \(largest): \(run), \(reference)")
            }
        }
    }

    @Test("Mutated and random MQTT of a broker, against the reference", arguments: SimulationSeed.all)
    func brokerPackets(seed: UInt64) {
        var random = SeededGenerator(seed: seed ^ 0xB0_0000)
        for round in 0..<4 {
            let version = ProtocolVersion.allCases.randomElement(using: &random) ?? .v5_0
            let mqtt = Self.packets(round, &random) { RandomTraffic.fromBroker(version, &$0) + [0xE0, 0x00] }
            for framing in Framing.all {
                let reference = ReferenceDownlink(mqtt, framing: framing, isVersion5: version == .v5_0)
                for largest in [1, 9, 150, 6_000, mqtt.count + 1] where largest * 500 > mqtt.count {
                    let cuts = random.cuts(mqtt.count, largest: largest)
                    let run = DownlinkRun(of: mqtt, cuts: cuts, framing: framing, version: version)
                    guard let mistake = Self.mistake(run, mqtt, reference, framing) else { continue }
                    Issue.record(
                        "\(SimulationSeed.hint(seed)), round \(round), \(framing), blocks up to \(largest): \(mistake)")
                }
            }
        }
    }

    private static func mistake(
        _ run: DownlinkRun, _ mqtt: [UInt8], _ reference: ReferenceDownlink, _ framing: Framing
    ) -> String? {
        if let fault = run.fault { return fault }
        if run.isBroken != reference.isBroken { return "isBroken is \(run.isBroken)" }
        if run.hasDisconnected != reference.hasDisconnected { return "hasDisconnected is \(run.hasDisconnected)" }
        if run.mostHeld > Downlink.carryCapacity { return "\(run.mostHeld) bytes held" }
        let payload = run.payload
        if payload != Array(mqtt.prefix(payload.count)) { return "bytes were lost, added or moved" }
        let extra = payload.count - reference.passed
        if !(0...(framing.isStream && run.isBroken ? 4 : 0) ~= extra) { return "\(extra) bytes too many" }
        if run.packets != reference.packets { return "\(run.packets) packets counted" }
        return nil
    }

    private static func packets(
        _ round: Int, _ random: inout SeededGenerator, _ sound: (inout SeededGenerator) -> [UInt8]
    ) -> [UInt8] {
        round % 4 == 3
            ? random.bytes(Int.random(in: 0...400, using: &random)) : RandomTraffic.mutated(sound(&random), &random)
    }
}
