extension Connack.Parsed {
    /// What a CONNACK means to a gateway that could ask another broker.
    package enum Meaning: Sendable, Equatable, CaseIterable {
        /// The connection is accepted.
        case accepted
        /// This server cannot, for now: another one may.
        case notNow
        /// The client should use another server; `serverReference` may name it (MQTT 5.0 §4.11).
        case useAnotherServer
        /// A refusal that another server would repeat: it goes to the client.
        case aboutClient
    }

    /// What this answer to a CONNECT means. Codes that say nothing of the server are about the client; so is "unacceptable
    /// protocol version", though another server of a mixed pool might speak it.
    package var meaning: Meaning {
        switch reason {
        case .success: .accepted
        case .serverUnavailable, .serverBusy, .quotaExceeded, .connectionRateExceeded: .notNow
        case .useAnotherServer, .serverMoved: .useAnotherServer
        default: .aboutClient
        }
    }

    /// What the code says, in the words of 5.0.
    package var reason: ReasonCode { ReasonCode(connack: code) }
}

extension ReasonCode {
    /// The reason that the code of a CONNACK means, in any version: the return codes of 3.x are no reason codes of 5.0.
    /// A code that neither has is a refusal that does not say why.
    package init(connack code: UInt8) {
        switch code {
        case 0x01: self = .unsupportedProtocolVersion
        case 0x02: self = .clientIdentifierNotValid
        case 0x03: self = .serverUnavailable
        case 0x04: self = .badUserNameOrPassword
        case 0x05: self = .notAuthorized
        default:
            let known = ReasonCode(rawValue: code)
            self = known.flatMap { $0.isAllowedInConnack ? $0 : nil } ?? .unspecifiedError
        }
    }

    /// The code with which a CONNACK of `version` says this; nil: it has none.
    func connackCode(_ version: ProtocolVersion) -> UInt8? {
        switch version {
        case .v3_1, .v3_1_1: connectReturnCode
        case .v5_0: isAllowedInConnack ? rawValue : nil
        }
    }
}
