import Wire

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
            ends = Self.broken(first, second, isFragmented).map { .failure($0) }
            guard ends.isEmpty, let second, let size = Self.headerSize(second), rest.count >= size else { return }
            let header = Array(rest.prefix(size))
            guard let length = length(header) else { return }
            let body = rest.dropFirst(size).prefix(Int(clamping: length))
            let key = second < 0x80 ? [0, 0, 0, 0] : header.suffix(4)
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

    /// RFC 6455 §5.1 to §5.6, as far as the first bytes show them: every rule that they break.
    private static func broken(_ first: UInt8, _ second: UInt8?, _ isFragmented: Bool) -> [WebSocketViolation] {
        let opcode = first & 0x0F
        var broken: [WebSocketViolation] = []
        if first & 0x70 != 0 { broken.append(.reservedBits) }
        if ![0, 1, 2, 8, 9, 10].contains(opcode) { broken.append(.opcode) }
        if let second, second < 0x80, opcode != 8, opcode != 10 { broken.append(.unmasked) }
        if opcode == 1 { broken.append(.text) }
        if opcode == 0, !isFragmented { broken.append(.continuation) }
        if opcode == 2, isFragmented { broken.append(.interleaved) }
        if opcode >= 8, first < 0x80 { broken.append(.controlFragmented) }
        if opcode >= 8, let second, second & 0x7F > 125 { broken.append(.controlLength) }
        return broken
    }

    private static func headerSize(_ second: UInt8) -> Int? {
        (second < 0x80 ? 2 : 6) + (second & 0x7F == 126 ? 2 : second & 0x7F == 127 ? 8 : 0)
    }

    /// §5.2; nil: broken.
    private mutating func length(_ header: [UInt8]) -> UInt64? {
        let form = header[1] & 0x7F
        guard form >= 126 else { return UInt64(form) }
        let long = header[2..<(form == 126 ? 4 : 10)].reduce(0) { $0 << 8 | UInt64($1) }
        if long < (form == 126 ? 126 : 65_536) { ends = [.failure(.lengthForm)] }
        if long >= 1 << 63 { ends = [.failure(.length)] }
        return ends.isEmpty ? long : nil
    }

    /// §5.5
    private mutating func control(_ opcode: UInt8, _ payload: [UInt8]) {
        switch opcode {
        case 9: pings.append(payload)
        case 8:
            if payload.isEmpty {
                ends = [.close(nil)]
            } else if payload.count == 1 {
                ends = [.failure(.closeLength)]
            } else {
                let code = UInt16(payload[0]) << 8 | UInt16(payload[1])
                let isKnown = 1000...1003 ~= code || 1007...1014 ~= code || 3000...4999 ~= code
                let isText = String(validating: payload.dropFirst(2), as: UTF8.self) != nil
                ends = [!isKnown ? .failure(.closeCode) : isText ? .close(code) : .failure(.closeReason)]
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
