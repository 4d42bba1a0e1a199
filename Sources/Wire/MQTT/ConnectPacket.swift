/// A CONNECT packet that keeps every rule of its version (MQTT 3.1 §3.1, 3.1.1 §3.1, 5.0 §3.1).
///
/// Ranges are offsets into the bytes that were parsed; nothing is copied.
package struct ConnectPacket: Equatable, Sendable {
    /// The version, from protocol name and level.
    package var version: ProtocolVersion
    /// Whether bit 7 of the protocol level marks the client as a Mosquitto bridge.
    package var isBridge: Bool
    /// Offset of the protocol level; the connect flags are one byte, Keep Alive two bytes after it.
    package var levelOffset: Int
    /// Clean Session of 3.x, Clean Start of 5.0.
    package var cleanStart: Bool
    /// Keep alive in seconds; 0: off.
    package var keepAlive: UInt16
    /// The client identifier; empty: the server assigns one.
    package var clientID: Range<Int> = 0..<0
    /// The will; nil: none.
    package var will: Will?
    /// The user name, UTF-8; nil: none.
    package var username: Range<Int>?
    /// The password, binary; nil: none.
    package var password: Range<Int>?

    // What the CONNECT properties of 5.0 say (§3.1.2.11); the defaults for 3.x.

    /// The contents of the property list without its length; empty for 3.x.
    package var properties: Range<Int> = 0..<0
    /// Seconds the session outlives the connection; nil: not given, which is 0.
    package var sessionExpiryInterval: UInt32?
    /// Number of unacknowledged QoS 1 and 2 messages the client accepts; nil: 65,535.
    package var receiveMaximum: UInt16?
    /// Longest packet in bytes the client accepts; nil: no limit.
    package var maximumPacketSize: UInt32?
    /// Highest topic alias the client accepts; nil: none.
    package var topicAliasMaximum: UInt16?
    /// Whether the client asks for Response Information in CONNACK.
    package var requestResponseInformation = false
    /// Whether the client accepts reason strings and user properties on packets other than PUBLISH, CONNACK and
    /// DISCONNECT.
    package var requestProblemInformation = true
    /// Name of the extended authentication, UTF-8; nil: none.
    package var authenticationMethod: Range<Int>?
    /// First data of the extended authentication, binary; nil: none.
    package var authenticationData: Range<Int>?
}

extension ConnectPacket {
    /// The will message (§3.1.2.5, §3.1.3.2).
    package struct Will: Equatable, Sendable {
        /// A topic name: UTF-8, not empty, without wildcards.
        package var topic: Range<Int>
        /// The message, binary.
        package var payload: Range<Int>
        /// 0...2.
        package var qos: UInt8
        /// Whether the message is to be retained.
        package var retain: Bool
        /// 5.0: the contents of the will properties without their length; empty for 3.x.
        package var properties: Range<Int>
    }
}

/// The connect flags (3.1.1 §3.1.2.3).
struct ConnectFlags {
    let rawValue: UInt8

    var hasUsername: Bool { rawValue & 0x80 != 0 }
    var hasPassword: Bool { rawValue & 0x40 != 0 }
    var willRetain: Bool { rawValue & 0x20 != 0 }
    var willQoS: UInt8 { rawValue >> 3 & 0x03 }
    var hasWill: Bool { rawValue & 0x04 != 0 }
    var cleanStart: Bool { rawValue & 0x02 != 0 }
    var isReservedSet: Bool { rawValue & 0x01 != 0 }
}
