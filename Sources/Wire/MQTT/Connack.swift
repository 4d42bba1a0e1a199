/// The CONNACK packet (MQTT 3.1.1 §3.2, MQTT 5.0 §3.2): writer of refusals and reader of a broker's answer.
package enum Connack {
    /// The CONNACK that refuses a CONNECT of `version`: 3.x `20 02 00 rc`, 5.0 `20 03 00 rc 00`.
    ///
    /// Session Present is 0, as a refusal demands (3.1.1 [MQTT-3.2.2-4], 5.0 [MQTT-3.2.2-6]).
    /// Empty when `reason` is no refusal, or when the version has no code for it: then the connection is closed
    /// without a CONNACK (3.1.1 [MQTT-3.2.2-6], 5.0 [MQTT-3.2.2-8]).
    ///
    /// `words` are the Reason String of 5.0 (§3.2.2.3.9), at most 100 bytes, left out where they would make the packet longer
    /// than `limit`, the client's Maximum Packet Size [MQTT-3.2.2-19].
    package static func refusal(
        _ reason: ReasonCode, version: ProtocolVersion, words: String = "", limit: Int = .max
    ) -> [UInt8] {
        guard reason != .success, let code = reason.connackCode(version) else { return [] }
        guard version == .v5_0 else { return [0x20, 0x02, 0x00, code] }
        let text = Array(words.utf8)
        // One byte each holds the Remaining Length and the length of the properties.
        guard !text.isEmpty, text.count <= 100, text.count + 8 <= limit else { return [0x20, 0x03, 0x00, code, 0x00] }
        var packet: [UInt8] = [0x20, UInt8(text.count + 6), 0x00, code, UInt8(text.count + 3), 0x1F]
        packet.append(field: text)
        return packet
    }
}
