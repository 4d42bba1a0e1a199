/// Writer of the DISCONNECT packet of MQTT 5.0 (§3.14).
package enum Disconnect {
    /// The DISCONNECT a server sends to a 5.0 client: `E0 02 rc 00`.
    ///
    /// A reason that no server's DISCONNECT may carry is sent as 0x80, unspecified error [MQTT-3.14.2-1].
    /// There is no such packet for 3.x: a 3.x server just closes.
    package static func packet(_ reason: ReasonCode) -> [UInt8] {
        let code = reason.isAllowedInServerDisconnect ? reason : .unspecifiedError
        return [0xE0, 0x02, code.rawValue, 0x00]
    }
}
