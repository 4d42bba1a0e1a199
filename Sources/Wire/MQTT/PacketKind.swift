/// Which way a packet goes.
package enum PacketDirection: BitwiseCopyable, CaseIterable, Sendable {
    /// From the client to the broker.
    case received
    /// From the broker, or from the gateway itself, to the client.
    case sent
}

/// What packets are counted by: their type, and a PUBLISH by its QoS.
///
/// A type and its answer share a kind where each goes only one way, as CONNECT and CONNACK: a direction knows only one of them.
package enum PacketKind: UInt8, BitwiseCopyable, CaseIterable, Sendable {
    case connect, publishQoS0, publishQoS1, publishQoS2, puback, pubrec, pubrel, pubcomp, subscribe, unsubscribe,
        pingreq
    case disconnect, auth

    /// The kind of a packet with this first byte. The QoS 3 that no version of MQTT has counts as 2; the reserved type 0 has no
    /// kind of its own, as no direction lets it pass.
    package init(firstByte: UInt8) { self = Self(rawValue: UInt8(Self.index(of: firstByte))) ?? .connect }

    /// Its name in metrics and in the API.
    package func name(_ direction: PacketDirection) -> String {
        let isAnswer = direction == .sent
        return switch self {
        case .connect: isAnswer ? "connack" : "connect"
        case .publishQoS0: "publish_qos0"
        case .publishQoS1: "publish_qos1"
        case .publishQoS2: "publish_qos2"
        case .puback: "puback"
        case .pubrec: "pubrec"
        case .pubrel: "pubrel"
        case .pubcomp: "pubcomp"
        case .subscribe: isAnswer ? "suback" : "subscribe"
        case .unsubscribe: isAnswer ? "unsuback" : "unsubscribe"
        case .pingreq: isAnswer ? "pingresp" : "pingreq"
        case .disconnect: "disconnect"
        case .auth: "auth"
        }
    }

    /// How many there are.
    package static let count = 13

    /// The raw value for a first byte, without a branch or a table in memory: always less than `count`.
    @inline(__always)
    static func index(of firstByte: UInt8) -> Int {
        let byte = UInt64(firstByte)
        // A nibble for each type, 15 to 0; and one for each QoS, 3 to 0.
        let type = 0xCBAA_9988_7654_1000 as UInt64 &>> (byte &>> 4 &* 4) & 15
        let qos = 0x2210 as UInt64 &>> (byte & 6 &* 2) & 15
        return Int(truncatingIfNeeded: type &+ (byte &>> 4 == 3 ? qos : 0))
    }
}
