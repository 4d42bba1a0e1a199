/// Why a CONNECT cannot be changed like this: it would break a rule of its version. Contains no values, for the
/// operator's log.
package enum ConnectRewriteError: Error, Equatable, Sendable, CaseIterable {
    /// Longer than its two byte length can say (§1.5.4).
    case clientIDTooLong
    /// [MQTT-3.1.3-4], [MQTT-1.5.4-1], [MQTT-1.5.4-2]
    case clientIDNotUTF8
    /// 3.1 (§3.1), and 3.1.1 without Clean Session [MQTT-3.1.3-7], ask for one.
    case clientIDEmpty
    /// Longer than its two byte length can say (§1.5.4).
    case usernameTooLong
    /// 3.1.1 [MQTT-3.1.3-11], 5.0 [MQTT-3.1.3-12]
    case usernameNotUTF8
    /// Longer than its two byte length can say (§1.5.6).
    case passwordTooLong
    /// 3.x has no password without a user name (3.1.1 [MQTT-3.1.2-22]).
    case passwordWithoutUsername
    /// A name or a value is longer than its two byte length can say (5.0 §1.5.7).
    case userPropertyTooLong
    /// A name or a value is not UTF-8 (5.0 §1.5.7).
    case userPropertyNotUTF8
    /// The properties or the packet are longer than 268,435,455 bytes (§1.5.5).
    case packetTooLong
    /// The packet is not the one that the bytes hold, or what comes of it is none, for another reason.
    case notValid

    /// What breaks the rule, in words of the specification.
    package var field: String {
        switch self {
        case .clientIDTooLong, .clientIDNotUTF8, .clientIDEmpty: "client identifier"
        case .usernameTooLong, .usernameNotUTF8: "user name"
        case .passwordTooLong, .passwordWithoutUsername: "password"
        case .userPropertyTooLong, .userPropertyNotUTF8: "user property"
        case .packetTooLong, .notValid: "CONNECT"
        }
    }

    /// What the client is told. `Connack.refusal` makes of it what the version has for it.
    package var reason: ReasonCode {
        switch self {
        case .clientIDTooLong, .clientIDNotUTF8, .clientIDEmpty: .clientIdentifierNotValid
        case .usernameTooLong, .usernameNotUTF8, .passwordTooLong, .passwordWithoutUsername: .badUserNameOrPassword
        case .userPropertyTooLong, .userPropertyNotUTF8, .packetTooLong, .notValid: .implementationSpecificError
        }
    }
}

extension ConnectRewriteError: CustomStringConvertible {
    /// Words for the operator: the field and the rule, never the value.
    package var description: String {
        switch self {
        case .clientIDTooLong, .usernameTooLong: "the \(field) is longer than 65535 bytes (5.0 §1.5.4)"
        case .passwordTooLong: "the \(field) is longer than 65535 bytes (5.0 §1.5.6)"
        case .clientIDNotUTF8: "the \(field) is not UTF-8, or has a NUL [MQTT-3.1.3-4]"
        case .usernameNotUTF8: "the \(field) is not UTF-8, or has a NUL (3.1.1 [MQTT-3.1.3-11])"
        case .clientIDEmpty: "the \(field) is empty, which this version of MQTT does not allow here [MQTT-3.1.3-7]"
        case .passwordWithoutUsername:
            "a \(field) without a user name, which MQTT 3 does not allow (3.1.1 [MQTT-3.1.2-22])"
        case .userPropertyTooLong: "a \(field) is longer than 65535 bytes (5.0 §1.5.7)"
        case .userPropertyNotUTF8: "a \(field) is not UTF-8, or has a NUL (5.0 §1.5.7)"
        case .packetTooLong: "the \(field) is longer than a packet can be (5.0 §1.5.5)"
        case .notValid: "the \(field) is not valid (§3.1)"
        }
    }
}
