/// A version of MQTT this gateway speaks; the raw value is the protocol level byte of CONNECT.
package enum ProtocolVersion: UInt8, Sendable, CaseIterable {
    /// MQTT 3.1, protocol name `MQIsdp`.
    case v3_1 = 3
    /// MQTT 3.1.1, protocol name `MQTT`.
    case v3_1_1 = 4
    /// MQTT 5.0, protocol name `MQTT`.
    case v5_0 = 5

    /// The version as people write it: "3.1", "3.1.1" or "5.0".
    package var name: String {
        switch self {
        case .v3_1: "3.1"
        case .v3_1_1: "3.1.1"
        case .v5_0: "5.0"
        }
    }
}
