import TestSupport
import Testing

@testable import Tunnel
@testable import Wire

@Suite("ConnectGate")
struct ConnectGateTests {
    private static func connect(_ version: ProtocolVersion, clientID: String = "dev", cleanStart: Bool = true)
        -> [UInt8]
    {
        let name = version == .v3_1 ? "MQIsdp" : "MQTT"
        let properties: [UInt8] = version == .v5_0 ? [0] : []
        let body =
            [0, UInt8(name.utf8.count)] + Array(name.utf8) + [version.rawValue, cleanStart ? 2 : 0, 0, 60] + properties
            + [0, UInt8(clientID.utf8.count)] + Array(clientID.utf8)
        return [0x10] + MQTTPacket.length(body.count) + body
    }

    /// A decision that can be compared.
    private enum Outcome: Equatable {
        case wait
        case accept(ProtocolVersion, clientID: String, size: Int)
        case refuse(EndCause, [UInt8])
    }

    private static func examine(
        _ bytes: [UInt8], limit: Int = 65_536, versions: [ProtocolVersion] = ProtocolVersion.allCases
    ) -> Outcome {
        // In memory of just this size, so that a read past its end is seen.
        let buffer = GuardedBuffer(count: bytes.count)
        buffer.fill(bytes)
        let view = UnsafeBufferPointer(
            start: UnsafePointer(buffer.start.assumingMemoryBound(to: UInt8.self)), count: bytes.count)
        switch ConnectGate.examine(view.span, limit: limit, versions: versions.contains) {
        case .wait: return .wait
        case .accept(let packet, let size):
            let clientID = String(decoding: bytes[packet.clientID], as: UTF8.self)
            return .accept(packet.version, clientID: clientID, size: size)
        case .refuse(let refusal):
            if refusal.detail.isEmpty { Issue.record("a refusal without a detail") }
            return .refuse(refusal.cause, refusal.answer)
        }
    }

    @Test(
        "[MQTT-3.1.0-1]: it waits until the CONNECT is whole, then says its size", arguments: ProtocolVersion.allCases)
    func whole(version: ProtocolVersion) {
        let connect = Self.connect(version)
        // 3.1.1 §3.1.4: a client may send more at once.
        for following in [[], [0xC0], [0xC0, 0x00], [0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]] as [[UInt8]] {
            let bytes = connect + following
            for count in 0...bytes.count {
                let expected: Outcome =
                    count < connect.count ? .wait : .accept(version, clientID: "dev", size: connect.count)
                #expect(Self.examine(Array(bytes.prefix(count))) == expected, "\(count) bytes")
            }
        }
    }

    @Test("mqtt_versions: refused with the code of the client's version")
    func versions() {
        let answers: [(ProtocolVersion, [UInt8])] = [
            (.v3_1, [0x20, 2, 0, 1]), (.v3_1_1, [0x20, 2, 0, 1]), (.v5_0, [0x20, 3, 0, 0x84, 0]),
        ]
        for (version, answer) in answers {
            let others = ProtocolVersion.allCases.filter { $0 != version }
            let bytes = Self.connect(version)
            #expect(Self.examine(bytes, versions: others) == .refuse(.versionRefused, answer))
            #expect(Self.examine(bytes, versions: []) == .refuse(.versionRefused, answer))
            #expect(Self.examine(bytes, versions: [version]) == .accept(version, clientID: "dev", size: bytes.count))
        }
    }

    @Test("[MQTT-3.1.2-2]: a level that is no version")
    func level() {
        var bytes = Self.connect(.v3_1_1)
        bytes[8] = 6
        #expect(Self.examine(bytes) == .refuse(.versionRefused, [0x20, 3, 0, 0x84, 0]))
    }

    @Test("[MQTT-3.1.3-8]: an empty client identifier without a clean session")
    func clientID() {
        let bytes = Self.connect(.v3_1_1, clientID: "", cleanStart: false)
        #expect(Self.examine(bytes) == .refuse(.clientIDRefused, [0x20, 2, 0, 2]))
        #expect(Self.examine(Self.connect(.v3_1, clientID: "")) == .refuse(.clientIDRefused, [0x20, 2, 0, 2]))
        let clean = Self.connect(.v3_1_1, clientID: "")
        #expect(Self.examine(clean) == .accept(.v3_1_1, clientID: "", size: clean.count))
        let fifth = Self.connect(.v5_0, clientID: "", cleanStart: false)
        #expect(Self.examine(fifth) == .accept(.v5_0, clientID: "", size: fifth.count))
    }

    @Test("A CONNECT over the limit: 0x95 for 5.0, silence for 3.x, and before it is whole")
    func tooLarge() {
        for (version, answer) in [(.v5_0, [0x20, 3, 0, 0x95, 0]), (.v3_1_1, []), (.v3_1, [])]
            as [(ProtocolVersion, [UInt8])]
        {
            let bytes = Self.connect(version)
            #expect(Self.examine(bytes, limit: bytes.count - 1) == .refuse(.connectTooLarge, answer))
            #expect(Self.examine(Array(bytes.prefix(10)), limit: 11) == .refuse(.connectTooLarge, answer))
            #expect(Self.examine(bytes, limit: bytes.count) == .accept(version, clientID: "dev", size: bytes.count))
        }
    }

    @Test(
        "[MQTT-3.1.4-1]: what is no CONNECT is refused without an answer",
        arguments: [
            [0xC0, 0x00], [0x11, 0x00], [0x10, 0x00], [0x10, 0x80, 0x80, 0x80, 0x80], [0x16, 0x03, 0x01],
            Array("GET / HTTP/1.1\r\n".utf8), Array("PROXY TCP4".utf8),
        ] as [[UInt8]])
    func noConnect(bytes: [UInt8]) {
        #expect(Self.examine(bytes) == .refuse(.connectMalformed, []))
    }

    @Test("5.0 §4.13: a malformed CONNECT of 5.0 is answered with 0x81")
    func malformed() {
        var bytes = Self.connect(.v5_0)
        bytes[9] |= 1  // the reserved flag [MQTT-3.1.2-3]
        #expect(Self.examine(bytes) == .refuse(.connectMalformed, [0x20, 3, 0, 0x81, 0]))
    }

    @Test("Any start of random bytes ends in a decision", arguments: 0..<8 as Range<UInt64>)
    func noise(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<500 {
            var bytes = Self.connect(ProtocolVersion.allCases.randomElement(using: &random) ?? .v5_0)
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            guard case .accept(_, _, let size) = Self.examine(bytes) else { continue }
            #expect(size <= bytes.count, "seed \(seed)")
        }
    }
}
