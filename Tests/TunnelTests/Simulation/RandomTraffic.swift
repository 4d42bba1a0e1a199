import TestSupport

@testable import Wire

/// Random streams of MQTT packets, and random frames to put them in.
enum RandomTraffic {
    /// Sizes that meet the borders: of MQTT lengths, of WebSocket lengths, and of what a `Downlink` holds.
    private static let sizes = [
        0, 1, 2, 60, 121, 124, 127, 128, 200, 1_400, 4_091, 4_093, 4_094, 4_097, 16_383, 16_384,
    ]

    /// Packets that a client may send after its CONNECT.
    static func fromClient(_ version: ProtocolVersion, _ random: inout SeededGenerator) -> [UInt8] {
        packets([0x30, 0x32, 0x3D, 0x40, 0x50, 0x62, 0x70, 0x82, 0xA2, 0xC0], version, &random)
    }

    /// A CONNACK, then packets that a broker may send.
    static func fromBroker(_ version: ProtocolVersion, _ random: inout SeededGenerator) -> [UInt8] {
        [0x20, 0x02, 0x00, 0x00]
            + packets([0x30, 0x33, 0x3B, 0x40, 0x50, 0x62, 0x70, 0x90, 0xB0, 0xD0], version, &random)
    }

    private static func packets(
        _ types: [UInt8], _ version: ProtocolVersion, _ random: inout SeededGenerator
    ) -> [UInt8] {
        let types = version == .v5_0 ? types + [0xF0] : types
        var stream: [UInt8] = []
        for index in 0..<Int.random(in: 1...40, using: &random) {
            let size = Int.random(in: 0..<4, using: &random) == 0 ? sizes.randomElement(using: &random) ?? 0 : 30
            let count = Bool.random(using: &random) ? size : Int.random(in: 0...size, using: &random)
            stream += MQTTPacket.make(types.randomElement(using: &random) ?? 0xC0, count, mark: index)
        }
        if Int.random(in: 0..<8, using: &random) == 0 { stream += MQTTPacket.make(0x30, 70_000, mark: 99) }
        return stream
    }

    /// `mqtt` in binary messages of any size, some in fragments, with pings and pongs in between.
    static func frames(_ mqtt: [UInt8], _ random: inout SeededGenerator) -> [ClientFrame] {
        var frames: [ClientFrame] = []
        var position = 0
        var isInside = false
        while position < mqtt.count || isInside {
            let largest = [1, 20, 130, 3_000, 80_000].randomElement(using: &random) ?? 1
            let count = min(Int.random(in: 0...largest, using: &random), mqtt.count - position)
            let isFinal = Int.random(in: 0..<3, using: &random) > 0
            frames.append(
                ClientFrame(
                    isFinal: isFinal, opcode: isInside ? 0 : 2, payload: Array(mqtt[position..<(position + count)]),
                    key: random.bytes(4)))
            position += count
            isInside = !isFinal
            if Int.random(in: 0..<5, using: &random) == 0 {
                let size = Int.random(in: 0...125, using: &random)
                let kind: UInt8 = Bool.random(using: &random) ? 9 : 10
                frames.append(.control(kind, random.bytes(size)).masked(with: random.bytes(4)))
            }
        }
        return frames
    }

    /// A few changes, insertions, removals, repetitions and truncations.
    static func mutated(_ stream: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
        var stream = stream
        for _ in 0..<Int.random(in: 1...4, using: &random) where !stream.isEmpty {
            // Often near the front, where headers are close together.
            let span = Bool.random(using: &random) ? min(stream.count, 40) : stream.count
            let index = Int.random(in: 0..<span, using: &random)
            let interesting: [UInt8] = [0x00, 0x01, 0x7E, 0x7F, 0x80, 0xFE, 0xFF, .random(in: 0...255, using: &random)]
            let byte = interesting.randomElement(using: &random) ?? 0
            switch Int.random(in: 0..<6, using: &random) {
            case 0: stream[index] = byte
            case 1: stream[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 2: stream.insert(byte, at: index)
            case 3: stream.remove(at: index)
            case 4: stream.insert(contentsOf: Array(stream[index...].prefix(12)), at: index)
            default: stream.removeLast(min(stream.count, Int.random(in: 0...30, using: &random)))
            }
        }
        return stream
    }
}
