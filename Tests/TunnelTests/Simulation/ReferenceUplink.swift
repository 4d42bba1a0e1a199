@testable import Tunnel

/// What an uplink must make of a stream, by a second implementation that has all of it at once and takes it byte by byte.
struct ReferenceUplink {
    /// MQTT bytes up to the end of the stream.
    private(set) var payload: [UInt8] = []
    private(set) var pings: [[UInt8]] = []
    /// The ends that are right; empty: the stream goes on.
    private(set) var ends: [Uplink.End] = []

    init(_ stream: [UInt8]) {
        var rest = stream[...]
        var isFragmented = false
        while let first = rest.first, ends.isEmpty {
            let second = rest.dropFirst().first
            ends = Self.broken(first, second, isFragmented)
            guard ends.isEmpty, let second, let size = Self.headerSize(second), rest.count >= size else { return }
            let header = Array(rest.prefix(size))
            guard let length = Self.length(header) else {
                ends = [.failure(.protocolError)]
                return
            }
            let body = rest.dropFirst(size).prefix(Int(clamping: length))
            let key = header.suffix(4)
            let plain = body.enumerated().map { $1 ^ key[key.startIndex + $0 % 4] }
            if first & 0x0F < 8 {
                payload += plain
                isFragmented = first < 0x80
            } else {
                guard plain.count == length else { return }
                control(first & 0x0F, plain)
            }
            rest = rest.dropFirst(size + plain.count)
        }
    }

    /// RFC 6455 §5.1 to §5.6, as far as the first bytes show them. Text without a mask breaks two rules.
    private static func broken(_ first: UInt8, _ second: UInt8?, _ isFragmented: Bool) -> [Uplink.End] {
        let opcode = first & 0x0F
        if first & 0x70 != 0 || ![0, 1, 2, 8, 9, 10].contains(opcode) { return [.failure(.protocolError)] }
        let isUnmasked = second.map { $0 < 0x80 } ?? false
        if opcode == 1 { return [.failure(.unsupportedData)] + (isUnmasked ? [.failure(.protocolError)] : []) }
        let isMisplaced = opcode < 8 && (opcode == 0) != isFragmented
        let isControlBroken = opcode >= 8 && (first < 0x80 || second.map { $0 & 0x7F > 125 } ?? false)
        return isUnmasked || isMisplaced || isControlBroken ? [.failure(.protocolError)] : []
    }

    private static func headerSize(_ second: UInt8) -> Int? {
        6 + (second & 0x7F == 126 ? 2 : second & 0x7F == 127 ? 8 : 0)
    }

    /// §5.2; nil: broken.
    private static func length(_ header: [UInt8]) -> UInt64? {
        let long = header[2..<(header.count - 4)].reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
        switch header.count {
        case 6: return UInt64(header[1] & 0x7F)
        case 8: return long < 126 ? nil : long
        default: return long < 65_536 || long >= 1 << 63 ? nil : long
        }
    }

    /// §5.5
    private mutating func control(_ opcode: UInt8, _ payload: [UInt8]) {
        switch opcode {
        case 9: pings.append(payload)
        case 8:
            if payload.isEmpty {
                ends = [.close(nil)]
            } else if payload.count == 1 {
                ends = [.failure(.protocolError)]
            } else {
                let code = UInt16(payload[0]) << 8 | UInt16(payload[1])
                let isKnown = 1000...1003 ~= code || 1007...1014 ~= code || 3000...4999 ~= code
                let isText = String(validating: payload.dropFirst(2), as: UTF8.self) != nil
                ends = [!isKnown ? .failure(.protocolError) : isText ? .close(code) : .failure(.invalidPayload)]
            }
        default: break
        }
    }
}

/// What the MQTT rules make of a client's bytes, all of them at once.
struct ReferenceScan {
    /// Bytes in front of the packet that breaks a rule, or up to the end of DISCONNECT, or all.
    private(set) var sound = 0
    private(set) var violation: EndCause?
    private(set) var hasDisconnected = false

    init(_ mqtt: [UInt8], isVersion5: Bool, packetLimit: Int) {
        var start = 0
        while start < mqtt.count {
            sound = start
            let rest = mqtt[start...]
            if MQTTPacket.isOverlong(rest) {
                violation = .malformedPacket
                return
            }
            guard let size = MQTTPacket.size(rest) else { break }
            violation = size > packetLimit ? .packetTooLarge : Self.rule(mqtt[start], isVersion5)
            if violation != nil { return }
            if mqtt[start] == 0xE0 {
                hasDisconnected = true
                sound = min(start + size, mqtt.count)
                return
            }
            start += size
        }
        sound = mqtt.count
    }

    private static func rule(_ first: UInt8, _ isVersion5: Bool) -> EndCause? {
        switch first >> 4 {
        case 0: .malformedPacket
        case 1, 2, 9, 11, 13: .protocolError
        case 14: first == 0xE0 ? nil : .malformedPacket
        case 15: isVersion5 ? nil : .malformedPacket
        default: nil
        }
    }
}
