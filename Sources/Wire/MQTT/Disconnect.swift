/// Writer of the DISCONNECT packet of MQTT 5.0 (§3.14).
package enum Disconnect {
    /// The DISCONNECT that a server sends to a 5.0 client: `E0 02 rc 00`, or with `reason` as its Reason String.
    ///
    /// A reason code that no server's DISCONNECT may carry is sent as 0x80, unspecified error [MQTT-3.14.2-1]. The Reason
    /// String is left out where it would make the packet longer than `limit`, the client's Maximum Packet Size
    /// [MQTT-3.14.2-3]. There is no such packet for 3.x: a 3.x server just closes.
    package static func packet(_ code: ReasonCode, reason: String = "", limit: Int = .max) -> [UInt8] {
        let code = code.isAllowedInServerDisconnect ? code : .unspecifiedError
        let plain = [0xE0, 0x02, code.rawValue, 0x00]
        let text = Array(reason.utf8)
        // One byte each holds the Remaining Length and the length of the properties.
        guard !text.isEmpty, text.count <= 100, text.count + 7 <= limit else { return plain }
        var packet: [UInt8] = [0xE0, UInt8(text.count + 5), code.rawValue, UInt8(text.count + 3), 0x1F]
        packet.append(field: text)
        return packet
    }
}
