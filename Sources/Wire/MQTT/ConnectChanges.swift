/// What is to change in a CONNECT on its way to the broker.
package struct ConnectChanges: Sendable, Equatable {
    package enum Field: Sendable, Equatable {
        case keep, remove
        case set([UInt8])
    }

    /// A User Property of 5.0 (§3.1.2.11.8).
    package struct UserProperty: Sendable, Equatable {
        package var name: [UInt8]
        package var value: [UInt8]

        package init(name: [UInt8], value: [UInt8]) {
            self.name = name
            self.value = value
        }
    }

    /// Removed, it is empty: the broker assigns one.
    package var clientID: Field = .keep
    package var username: Field = .keep
    package var password: Field = .keep
    /// Added behind those of the client; 3.x has none, and leaves them out.
    package var userProperties: [UserProperty] = []

    package init() {}

    package var isEmpty: Bool {
        clientID == .keep && username == .keep && password == .keep && userProperties.isEmpty
    }
}

/// Why a CONNECT cannot be changed so: it would break a rule of its version. Holds no value, for the operator's log.
package enum ConnectRewriteError: Error, Equatable, Sendable, CaseIterable {
    case clientIDTooLong, clientIDNotUTF8
    /// 3.1, and 3.1.1 without Clean Session, ask for one.
    case clientIDEmpty
    case usernameTooLong, usernameNotUTF8
    case passwordTooLong
    /// 3.x has no password without a user name.
    case passwordWithoutUsername
    case userPropertyTooLong, userPropertyNotUTF8
    case packetTooLong
    /// The changed packet is none, for another reason.
    case notValid

    /// What the client is told.
    package var reason: ReasonCode {
        switch self {
        case .clientIDTooLong, .clientIDNotUTF8, .clientIDEmpty: .clientIdentifierNotValid
        case .usernameTooLong, .usernameNotUTF8, .passwordTooLong, .passwordWithoutUsername: .badUserNameOrPassword
        case .userPropertyTooLong, .userPropertyNotUTF8, .packetTooLong, .notValid: .implementationSpecificError
        }
    }
}

extension ConnectRewriteError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .clientIDTooLong: "the client identifier is longer than 65535 bytes"
        case .clientIDNotUTF8: "the client identifier is not UTF-8, or has a NUL"
        case .clientIDEmpty: "the client identifier is empty, which this version of MQTT does not allow here"
        case .usernameTooLong: "the user name is longer than 65535 bytes"
        case .usernameNotUTF8: "the user name is not UTF-8, or has a NUL"
        case .passwordTooLong: "the password is longer than 65535 bytes"
        case .passwordWithoutUsername: "a password without a user name, which MQTT 3 does not allow"
        case .userPropertyTooLong: "a user property is longer than 65535 bytes"
        case .userPropertyNotUTF8: "a user property is not UTF-8, or has a NUL"
        case .packetTooLong: "the CONNECT is longer than a packet can be"
        case .notValid: "the CONNECT is not valid"
        }
    }
}
