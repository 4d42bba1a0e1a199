/// MQTT packets as a test writes and reads them, with no code of the gateway's.
enum MQTTPacket {
    /// A packet with `count` bytes after its fixed header; their values tell one packet from another.
    static func make(_ firstByte: UInt8, _ count: Int, mark: Int = 0) -> [UInt8] {
        [firstByte] + length(count) + (0..<count).map { UInt8(($0 &* 13 &+ mark &* 101) & 0xFF) }
    }

    /// A Variable Byte Integer (5.0 §1.5.5).
    static func length(_ value: Int) -> [UInt8] {
        value < 128 ? [UInt8(value)] : [UInt8(value % 128) | 0x80] + length(value / 128)
    }

    /// The whole packets in `bytes`, and what is left after them.
    static func split(_ bytes: [UInt8]) -> (packets: [[UInt8]], rest: [UInt8]) {
        var packets: [[UInt8]] = []
        var start = 0
        while let size = size(bytes[start...]), start + size <= bytes.count {
            packets.append(Array(bytes[start..<(start + size)]))
            start += size
        }
        return (packets, Array(bytes[start...]))
    }

    /// The size of the packet that begins here; nil when its fixed header is not whole, or never will be.
    static func size(_ bytes: ArraySlice<UInt8>) -> Int? {
        var value = 0
        var factor = 1
        for (index, byte) in bytes.dropFirst().prefix(4).enumerated() {
            value += Int(byte % 128) * factor
            factor *= 128
            if byte < 128 { return 2 + index + value }
        }
        return nil
    }

    /// Whether the length of the packet that begins here has more than four bytes.
    static func isOverlong(_ bytes: ArraySlice<UInt8>) -> Bool {
        bytes.count >= 5 && bytes.dropFirst().prefix(4).allSatisfy { $0 >= 128 }
    }
}
