import Wire

/// Packets that a direction looks at: those that the other side must not send, and those that end something. Made once: a set
/// literal costs thousands of instructions, which every session would pay.
enum PacketStops {
    /// From a client, by whether its version of MQTT knows AUTH.
    static let client5: PacketScanner.Types = [
        .reserved, .connect, .connack, .suback, .unsuback, .pingresp, .disconnect,
    ]
    static let client3 = client5.union(.auth)
    /// From a broker.
    static let broker5: PacketScanner.Types = [
        .reserved, .connect, .connack, .disconnect, .subscribe, .unsubscribe, .pingreq,
    ]
    static let broker3 = broker5.union(.auth)
}
