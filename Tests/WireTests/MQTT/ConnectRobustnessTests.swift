import TestSupport
import Testing

@testable import Wire

@Suite("CONNECT against hostile bytes")
struct ConnectRobustnessTests {
    /// The packets of all fixtures, none longer than a kibibyte, so that the rounds stay quick.
    private static let seeds = ConnectFixtures.all.compactMap(\.bytes).filter { $0.count <= 1024 }

    /// Those that are one accepted packet.
    private static let soundSeeds = seeds.filter {
        guard case .accepted(_, let length) = readConnect($0) else { return false }
        return length == $0.count
    }

    @Test("Every fixture cut at every length fails or asks for more")
    func truncation() throws {
        for bytes in Self.seeds {
            guard case .accepted(_, let whole) = readConnect(bytes) else { continue }
            for count in 0..<whole {
                let prefix = Array(bytes.prefix(count))
                #expect(readConnect(prefix) == .needsMore)
                #expect(throws: ConnectError.self) { try parseConnect(prefix).get() }
            }
        }
    }

    @Test("Every fixture cut at every length, with a Remaining Length that fits, fails")
    func shortenedPacket() throws {
        for bytes in Self.seeds {
            guard case .accepted(let packet, let whole) = readConnect(bytes) else { continue }
            let start = packet.levelOffset - (packet.version == .v3_1 ? 8 : 6)
            for count in 0..<(whole - start) {
                let body = bytes[start..<(start + count)]
                let outcome = parseConnect([0x10] + PacketNotation.variableByteInteger(count) + body)
                // 3.1 §3.1: user name and password may be missing at the end.
                if packet.version == .v3_1, case .success(let shorter) = outcome {
                    #expect(shorter.clientID == packet.clientID && shorter.password == nil)
                    continue
                }
                guard case .failure(let error) = outcome else {
                    Issue.record("accepted at \(count) bytes: \(bytes)")
                    continue
                }
                #expect([.truncatedField, .propertyTruncated].contains(error.kind), "\(bytes)")
            }
        }
    }

    @Test("50,000 mutated packets end in an answer, and what is accepted keeps its ranges inside", arguments: [1, 2])
    func mutation(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var accepted = 0
        for round in 0..<25_000 {
            let bytes = mutated(&random)
            guard case .accepted(let packet, let length) = readConnect(bytes) else { continue }
            accepted += 1
            let isInside = packet.ranges.allSatisfy { $0.lowerBound >= 0 && $0.upperBound <= length }
            #expect(isInside, "seed \(seed), round \(round): \(bytes)")
            #expect(String(validating: bytes[packet.clientID], as: UTF8.self) != nil, "seed \(seed), round \(round)")
            if let will = packet.will { #expect(will.qos <= 2 && !will.topic.isEmpty) }
        }
        #expect(accepted > 500, "the mutations no longer reach the end of the parser")
    }

    @Test("Random bytes behind a sound start end in an answer", arguments: [3, 4, 5] as [UInt8])
    func noise(level: UInt8) throws {
        var random = SeededGenerator(seed: UInt64(level))
        let name = level == 3 ? "MQIsdp" : "MQTT"
        for _ in 0..<5_000 {
            let noise = (0..<Int.random(in: 0...64, using: &random)).map { _ in UInt8.random(in: 0...8, using: &random)
            }
            let body = [0, UInt8(name.utf8.count)] + Array(name.utf8) + [level] + noise
            let bytes = [0x10] + PacketNotation.variableByteInteger(body.count) + body
            if case .needsMore = readConnect(bytes) { Issue.record("a whole packet asks for more: \(bytes)") }
        }
    }

    /// A fixture with one to three changes, insertions, removals or repetitions; most with a right length.
    private func mutated(_ random: inout SeededGenerator) -> [UInt8] {
        let seeds = Bool.random(using: &random) ? Self.seeds : Self.soundSeeds
        var bytes = seeds.randomElement(using: &random) ?? []
        for _ in 0..<Int.random(in: 1...3, using: &random) where !bytes.isEmpty {
            let index = Int.random(in: 0..<bytes.count, using: &random)
            let interesting: [UInt8] = [0x00, 0x01, 0x02, 0x7F, 0x80, 0xFF, .random(in: 0...255, using: &random)]
            let byte = interesting.randomElement(using: &random) ?? 0
            switch Int.random(in: 0..<5, using: &random) {
            case 0: bytes[index] = byte
            case 1: bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 2: bytes.insert(byte, at: index)
            case 3: bytes.remove(at: index)
            default: bytes.insert(contentsOf: bytes[index...].prefix(8), at: index)
            }
        }
        let keepsLength = Int.random(in: 0..<4, using: &random) == 0
        if !keepsLength, (3..<130).contains(bytes.count) {
            bytes[0] = 0x10
            bytes[1] = UInt8(bytes.count - 2)
        }
        return bytes
    }
}
