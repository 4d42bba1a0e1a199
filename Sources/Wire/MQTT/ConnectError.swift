/// Why a CONNECT is refused, and what to answer before the connection is closed.
package struct ConnectError: Error, Equatable, Sendable {
    /// The rule that was broken.
    package let kind: Kind
    /// The version of the packet, as far as it was read when the packet failed; nil: none of ours, or not known.
    package let version: ProtocolVersion?
    /// What a 5.0 client is told; 3.x has `connectReturnCode`, or silence.
    package let reason: ReasonCode
    /// The bytes of the CONNACK to send before the close; empty: close without an answer.
    package let answer: [UInt8]

    init(_ kind: Kind, _ version: ProtocolVersion? = nil) {
        self.kind = kind
        self.version = version
        reason = kind.reason
        answer = version.map { Connack.refusal(kind.reason, version: $0) } ?? []
    }

    /// A protocol level that does not belong to its protocol name [MQTT-3.1.2-2]: answered in the format of 5.0
    /// when the level is above 5, as the client is then newer than we are, and in that of 3.x otherwise.
    init(unsupportedLevel level: UInt8) {
        kind = .protocolLevel
        version = nil
        reason = Kind.protocolLevel.reason
        answer = Connack.refusal(reason, version: level > 5 ? .v5_0 : .v3_1_1)
    }

    init(_ error: PropertyError, _ version: ProtocolVersion) {
        let kind: Kind =
            switch error {
            case .truncated: .propertyTruncated
            case .unknown: .propertyUnknown
            case .notAllowedHere: .propertyNotAllowed
            case .duplicate: .propertyDuplicate
            case .value: .propertyValue
            case .notUTF8: .propertyNotUTF8
            }
        self.init(kind, version)
    }
}

extension ConnectError {
    /// One case for each rule of CONNECT.
    package enum Kind: Sendable, CaseIterable {
        /// The first packet is not CONNECT.
        case notConnect
        /// The first bytes are those of a TLS record.
        case looksLikeTLS
        /// The first bytes are those of an HTTP request.
        case looksLikeHTTP
        /// The first bytes are those of a PROXY protocol header, version 1 or 2.
        case looksLikeProxyProtocol
        /// The flags of the fixed header are not 0.
        case fixedHeaderFlags
        /// The Remaining Length takes more than four bytes or, in 5.0, more than it needs.
        case remainingLength
        /// The packet is longer than the limit.
        case tooLarge
        /// A field runs past the end of the packet, or is missing.
        case truncatedField
        /// Bytes follow the last field.
        case trailingBytes
        /// The protocol name is neither `MQTT` nor `MQIsdp`.
        case protocolName
        /// The protocol level does not belong to the protocol name.
        case protocolLevel
        /// Bit 0 of the connect flags is set.
        case reservedFlag
        /// Will QoS is set without Will Flag.
        case willQoSWithoutWill
        /// Will Retain is set without Will Flag.
        case willRetainWithoutWill
        /// Will QoS is 3.
        case willQoS
        /// 3.x: Password Flag is set without User Name Flag.
        case passwordWithoutUsername
        /// 5.0: properties run past their end, or a length or an identifier is malformed.
        case propertyTruncated
        /// 5.0: no such property.
        case propertyUnknown
        /// 5.0: a property that is not allowed in CONNECT or in its will.
        case propertyNotAllowed
        /// 5.0: a duplicate of a property that is allowed once.
        case propertyDuplicate
        /// 5.0: a number outside the range of the property.
        case propertyValue
        /// 5.0: a string property that is not UTF-8.
        case propertyNotUTF8
        /// 5.0: Response Topic with a wildcard.
        case responseTopicWildcard
        /// 5.0: Authentication Data without Authentication Method.
        case authenticationDataWithoutMethod
        /// The client identifier is not UTF-8.
        case clientIDNotUTF8
        /// The client identifier is empty where the version does not allow it.
        case clientIDEmpty
        /// The will topic is not UTF-8.
        case willTopicNotUTF8
        /// The will topic is empty.
        case willTopicEmpty
        /// The will topic has a wildcard.
        case willTopicWildcard
        /// 5.0: the will payload is declared as UTF-8, but is not.
        case willPayloadFormat
        /// The user name is not UTF-8.
        case usernameNotUTF8
    }
}
