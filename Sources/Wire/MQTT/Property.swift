/// The properties of MQTT 5.0; the raw value is the identifier (§2.2.2.2).
enum Property: UInt8, CaseIterable {
    case payloadFormatIndicator = 0x01
    case messageExpiryInterval = 0x02
    case contentType = 0x03
    case responseTopic = 0x08
    case correlationData = 0x09
    case subscriptionIdentifier = 0x0B
    case sessionExpiryInterval = 0x11
    case assignedClientIdentifier = 0x12
    case serverKeepAlive = 0x13
    case authenticationMethod = 0x15
    case authenticationData = 0x16
    case requestProblemInformation = 0x17
    case willDelayInterval = 0x18
    case requestResponseInformation = 0x19
    case responseInformation = 0x1A
    case serverReference = 0x1C
    case reasonString = 0x1F
    case receiveMaximum = 0x21
    case topicAliasMaximum = 0x22
    case topicAlias = 0x23
    case maximumQoS = 0x24
    case retainAvailable = 0x25
    case userProperty = 0x26
    case maximumPacketSize = 0x27
    case wildcardSubscriptionAvailable = 0x28
    case subscriptionIdentifierAvailable = 0x29
    case sharedSubscriptionAvailable = 0x2A
}

extension Property {
    /// How the value is written (§2.2.2.2).
    enum Encoding {
        case byte, twoByteInteger, fourByteInteger, variableByteInteger, string, stringPair, binary
    }

    /// A place that may hold properties.
    struct Places: OptionSet {
        let rawValue: UInt8
        static let connect = Places(rawValue: 1 << 0)
        static let will = Places(rawValue: 1 << 1)
        static let connack = Places(rawValue: 1 << 2)
    }

    var encoding: Encoding {
        switch self {
        case .payloadFormatIndicator, .requestProblemInformation, .requestResponseInformation, .maximumQoS,
            .retainAvailable, .wildcardSubscriptionAvailable, .subscriptionIdentifierAvailable,
            .sharedSubscriptionAvailable:
            .byte
        case .serverKeepAlive, .receiveMaximum, .topicAliasMaximum, .topicAlias: .twoByteInteger
        case .messageExpiryInterval, .sessionExpiryInterval, .willDelayInterval, .maximumPacketSize:
            .fourByteInteger
        case .subscriptionIdentifier: .variableByteInteger
        case .contentType, .responseTopic, .assignedClientIdentifier, .authenticationMethod,
            .responseInformation, .serverReference, .reasonString:
            .string
        case .userProperty: .stringPair
        case .correlationData, .authenticationData: .binary
        }
    }

    /// Where the property is allowed, of the places read here (§3.1.2.11, §3.1.3.2, §3.2.2.3).
    var places: Places {
        switch self {
        case .sessionExpiryInterval, .authenticationMethod, .authenticationData, .receiveMaximum,
            .topicAliasMaximum, .maximumPacketSize:
            [.connect, .connack]
        case .requestProblemInformation, .requestResponseInformation: .connect
        case .payloadFormatIndicator, .messageExpiryInterval, .contentType, .responseTopic, .correlationData,
            .willDelayInterval:
            .will
        case .assignedClientIdentifier, .serverKeepAlive, .responseInformation, .serverReference, .reasonString,
            .maximumQoS, .retainAvailable, .wildcardSubscriptionAvailable, .subscriptionIdentifierAvailable,
            .sharedSubscriptionAvailable:
            .connack
        case .userProperty: [.connect, .will, .connack]
        case .subscriptionIdentifier, .topicAlias: []
        }
    }

    /// Whether it is allowed more than once: only User Property is (§3.1.2.11.8).
    var isRepeatable: Bool { self == .userProperty }

    /// Whether the specification allows this number as the value.
    func allows(_ value: UInt32) -> Bool {
        switch encoding {
        case .byte: value <= 1
        default: (self != .receiveMaximum && self != .maximumPacketSize) || value != 0
        }
    }
}
