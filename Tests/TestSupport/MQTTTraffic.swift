/// Random streams of valid MQTT packets, with no code of the gateway's.
package struct MQTTTraffic {
    private let isVersion5: Bool
    private let types: [UInt8]

    /// What goes one way after CONNECT and CONNACK.
    package init(fromClient: Bool, isVersion5: Bool) {
        self.isVersion5 = isVersion5
        types =
            [0x30, 0x31, 0x32, 0x34, 0x3D, 0x40, 0x50, 0x62, 0x70]
            + (fromClient ? [0x82, 0xA2, 0xC0] : [0x90, 0xB0, 0xD0])
            + (isVersion5 ? [0xF0] : [])
    }

    /// Packets, often several of one type in a row.
    package func stream(packets: Int, largest: Int, _ random: inout SeededGenerator) -> [UInt8] {
        var stream: [UInt8] = []
        var type = types[0]
        for _ in 0..<packets {
            if Bool.random(using: &random) { type = types.randomElement(using: &random) ?? type }
            stream += packet(type, largest: largest, &random)
        }
        return stream
    }

    private func packet(_ type: UInt8, largest: Int, _ random: inout SeededGenerator) -> [UInt8] {
        let body = random.bytes(Int.random(in: 0...largest, using: &random))
        switch type >> 4 {
        case 3: return Self.packet(type, publishHeader(type, &random) + body)
        case 12, 13: return [type, 0]
        case 4...7: return Self.packet(type, [0, 1])
        default: return Self.packet(type, [0, 1] + body)
        }
    }

    private func publishHeader(_ type: UInt8, _ random: inout SeededGenerator) -> [UInt8] {
        let topic = random.bytes([0, 1, 9, 200, 300].randomElement(using: &random) ?? 0)
        let id: [UInt8] = type & 0x06 == 0 ? [] : [0, 7]
        var header = [UInt8(topic.count / 256), UInt8(topic.count % 256)] + topic + id
        if isVersion5 {
            let properties = random.bytes([0, 0, 2, 127, 128, 400].randomElement(using: &random) ?? 0)
            header += Self.integer(properties.count) + properties
        }
        return header
    }

    /// A packet with this body.
    package static func packet(_ firstByte: UInt8, _ body: [UInt8]) -> [UInt8] {
        [firstByte] + integer(body.count) + body
    }

    private static func integer(_ value: Int) -> [UInt8] {
        value < 128 ? [UInt8(value)] : [UInt8(value % 128) | 0x80] + integer(value / 128)
    }
}
