/// Why a broker's answer is not a CONNACK.
package enum ConnackError: Error, Equatable, Sendable, CaseIterable {
    /// The first byte is not 0x20 (§3.2.1).
    case notConnack
    /// The Remaining Length is malformed, or does not fit the fields of this version.
    case remainingLength
    /// The packet is longer than `Connack.maximumLength`.
    case tooLarge
    /// A reserved bit of the acknowledge flags is set [MQTT-3.2.2-1].
    case acknowledgeFlags
    /// Session Present is set on a refusal (3.1.1 [MQTT-3.2.2-4], 5.0 [MQTT-3.2.2-6]).
    case sessionPresentOnRefusal
    /// The properties are malformed, repeated or out of range (5.0 §3.2.2.3).
    case properties
}

extension ConnackError: CustomStringConvertible {
    /// Words for the operator's log, with the clause.
    package var description: String {
        switch self {
        case .notConnack: "it is not a CONNACK (§3.2.1)"
        case .remainingLength: "its length does not match a CONNACK of this version (§3.2)"
        case .tooLarge: "it is longer than \(Connack.maximumLength) bytes"
        case .acknowledgeFlags: "reserved bits of its flags are set [MQTT-3.2.2-1]"
        case .sessionPresentOnRefusal:
            "it refuses with the flag Session Present set (3.1.1 [MQTT-3.2.2-4], 5.0 [MQTT-3.2.2-6])"
        case .properties: "its properties are malformed, repeated or out of range (5.0 §3.2.2.3)"
        }
    }
}
