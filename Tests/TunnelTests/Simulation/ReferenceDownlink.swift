@testable import Tunnel

/// What a downlink must make of a broker's bytes, by a second implementation that has all of them at once.
struct ReferenceDownlink {
    /// Bytes that have gone out when all have come.
    private(set) var passed = 0
    private(set) var isBroken = false
    private(set) var hasDisconnected = false
    private(set) var packets: UInt64 = 0

    init(_ mqtt: [UInt8], framing: Framing, isVersion5: Bool) {
        var expectsConnack = true
        while passed < mqtt.count {
            let rest = mqtt[passed...]
            if MQTTPacket.isOverlong(rest) {
                isBroken = true
                return
            }
            let size = MQTTPacket.size(rest)
            guard let size else {
                if framing.isStream { passed = mqtt.count }  // it alone sends a header that is not whole
                return
            }
            guard Self.isAllowed(rest[rest.startIndex], &expectsConnack, isVersion5) else {
                isBroken = true
                return
            }
            if rest.first == 0xE0 { hasDisconnected = true }
            packets += 1
            passed += min(size, rest.count)
        }
    }

    private static func isAllowed(_ first: UInt8, _ expectsConnack: inout Bool, _ isVersion5: Bool) -> Bool {
        switch first >> 4 {
        case 0, 1, 8, 10, 12: return false
        case 2:
            defer { if first == 0x20 { expectsConnack = false } }
            return first == 0x20 && expectsConnack
        case 14: return first == 0xE0 && isVersion5
        case 15: return isVersion5
        default: return true
        }
    }
}
