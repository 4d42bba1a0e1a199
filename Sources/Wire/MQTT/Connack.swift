/// The CONNACK packet (MQTT 3.1.1 §3.2, MQTT 5.0 §3.2): writer of refusals and reader of a broker's answer.
package enum Connack {
    /// The CONNACK that refuses a CONNECT of `version`: 3.x `20 02 00 rc`, 5.0 `20 03 00 rc 00`.
    ///
    /// Session Present is 0, as a refusal demands (3.1.1 [MQTT-3.2.2-4], 5.0 [MQTT-3.2.2-6]).
    /// Empty when `reason` is no refusal, or when the version has no code for it: then the connection is closed
    /// without a CONNACK (3.1.1 [MQTT-3.2.2-6], 5.0 [MQTT-3.2.2-8]).
    package static func refusal(_ reason: ReasonCode, version: ProtocolVersion) -> [UInt8] {
        guard reason != .success, let code = reason.connackCode(version) else { return [] }
        return version == .v5_0 ? [0x20, 0x03, 0x00, code, 0x00] : [0x20, 0x02, 0x00, code]
    }
}
