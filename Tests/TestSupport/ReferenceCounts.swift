import Wire

/// What is to be counted of a stream of MQTT packets, by a second implementation that has all of it at once.
package struct ReferenceCounts {
    /// Packets and their bytes, by type and QoS, under the names of the API.
    package private(set) var kinds: [String: PacketCounts.Count] = [:]
    package private(set) var payloadBytes = 0

    /// The stream may end inside a packet. Where `checks`, it also ends before the first packet that they do not let pass.
    package init(_ stream: some Sequence<UInt8>, isVersion5: Bool, checks: (UInt8) -> Bool = { _ in true }) {
        var rest = Array(stream)[...]
        while let first = rest.first, checks(first) {
            guard let length = Self.integer(rest.dropFirst()) else { return }
            let size = 1 + length.size + length.value
            kinds[Self.name(first), default: PacketCounts.Count()].packets += 1
            kinds[Self.name(first), default: PacketCounts.Count()].bytes += UInt64(size)
            let body = rest.dropFirst(1 + length.size).prefix(length.value)
            if first / 16 == 3 {
                payloadBytes += Self.payload(Array(body), length.value, hasID: first % 8 > 1, isVersion5: isVersion5)
            }
            rest = rest.dropFirst(size)
        }
    }

    /// Payload of a PUBLISH of which `body` has come; 0 while it is not known, and where it cannot be.
    private static func payload(_ body: [UInt8], _ length: Int, hasID: Bool, isVersion5: Bool) -> Int {
        guard body.count >= 2 else { return 0 }
        var header = 2 + Int(body[0]) * 256 + Int(body[1]) + (hasID ? 2 : 0)
        if isVersion5 {
            guard let properties = integer(body.dropFirst(header)) else { return 0 }
            header += properties.size + properties.value
        }
        return max(0, length - header)
    }

    /// A Variable Byte Integer; nil: it is cut off, or does not end.
    private static func integer(_ bytes: ArraySlice<UInt8>) -> (value: Int, size: Int)? {
        var (value, factor) = (0, 1)
        for (index, byte) in bytes.prefix(4).enumerated() {
            value += Int(byte % 128) * factor
            factor *= 128
            if byte < 128 { return (value, index + 1) }
        }
        return nil
    }

    private static func name(_ first: UInt8) -> String {
        let names = [
            "", "connect", "connack", "", "puback", "pubrec", "pubrel", "pubcomp", "subscribe", "suback", "unsubscribe",
            "unsuback", "pingreq", "pingresp", "disconnect", "auth",
        ]
        return first / 16 == 3 ? "publish_qos\(min(2, Int(first / 2 % 4)))" : names[Int(first / 16)]
    }

    /// What is wrong with `counts`; nil: nothing.
    package func fault(_ counts: PacketCounts, _ direction: PacketDirection) -> String? {
        var found: [String: PacketCounts.Count] = [:]
        for kind in PacketKind.allCases where counts[kind] != PacketCounts.Count() {
            found[kind.name(direction)] = counts[kind]
        }
        if found != kinds { return "counted \(found), not \(kinds)" }
        return counts.payloadBytes == UInt64(payloadBytes)
            ? nil : "\(counts.payloadBytes) bytes of payload, not \(payloadBytes)"
    }
}
