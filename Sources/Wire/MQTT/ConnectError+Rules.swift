extension ConnectError.Kind {
    /// The reason code of the rule (MQTT 5.0 §3.2.2.2).
    package var reason: ReasonCode {
        switch self {
        case .notConnect, .propertyDuplicate, .propertyValue, .responseTopicWildcard,
            .authenticationDataWithoutMethod:
            .protocolError
        case .tooLarge: .packetTooLarge
        case .protocolName, .protocolLevel: .unsupportedProtocolVersion
        case .clientIDEmpty: .clientIdentifierNotValid
        case .willTopicEmpty, .willTopicWildcard: .topicNameInvalid
        case .willPayloadFormat: .payloadFormatInvalid
        default: .malformedPacket
        }
    }

    /// Where the specifications state the rule; the numbers are those of 3.1.1 unless 5.0 is written before them.
    package var clause: String {
        switch self {
        case .notConnect, .looksLikeTLS, .looksLikeHTTP, .looksLikeProxyProtocol: "[MQTT-3.1.0-1]"
        case .fixedHeaderFlags: "[MQTT-2.2.2-2], 5.0 [MQTT-2.1.3-1]"
        case .remainingLength: "§2.2.3, 5.0 [MQTT-1.5.5-1]"
        case .tooLarge: "5.0 §3.2.2.2"
        case .truncatedField, .trailingBytes: "[MQTT-3.1.4-1]"
        case .protocolName: "[MQTT-3.1.2-1]"
        case .protocolLevel: "[MQTT-3.1.2-2]"
        case .reservedFlag: "[MQTT-3.1.2-3]"
        case .willQoSWithoutWill: "[MQTT-3.1.2-11], 5.0 [MQTT-3.1.2-11]"
        case .willRetainWithoutWill: "[MQTT-3.1.2-15], 5.0 [MQTT-3.1.2-13]"
        case .willQoS: "[MQTT-3.1.2-14], 5.0 [MQTT-3.1.2-12]"
        case .passwordWithoutUsername: "[MQTT-3.1.2-22]"
        case .propertyTruncated: "5.0 §2.2.2"
        case .propertyUnknown, .propertyNotAllowed: "5.0 §2.2.2.2"
        case .propertyDuplicate, .propertyValue: "5.0 §3.1.2.11, §3.1.3.2"
        case .propertyNotUTF8: "5.0 [MQTT-1.5.4-1]"
        case .responseTopicWildcard: "5.0 [MQTT-3.3.2-14]"
        case .authenticationDataWithoutMethod: "5.0 §3.1.2.11.10"
        case .clientIDNotUTF8: "[MQTT-3.1.3-4]"
        case .clientIDEmpty: "[MQTT-3.1.3-8]"
        case .willTopicNotUTF8: "[MQTT-3.1.3-10], 5.0 [MQTT-3.1.3-11]"
        case .willTopicEmpty: "[MQTT-4.7.3-1]"
        case .willTopicWildcard: "[MQTT-4.7.1-1], 5.0 [MQTT-4.7.0-1]"
        case .willPayloadFormat: "5.0 §3.1.3.2.3"
        case .usernameNotUTF8: "[MQTT-3.1.3-11], 5.0 [MQTT-3.1.3-12]"
        }
    }
}

extension ConnectError.Kind: CustomStringConvertible {
    /// Words for the operator's log: what is wrong with the CONNECT, and the clause.
    package var description: String { description(hasFrames: true) }

    /// The same; `hasFrames`: it has come in frames of WebSocket.
    package func description(hasFrames: Bool) -> String { "\(words)\(hasFrames ? hint : hintWithoutFrames), \(clause)" }

    private var hint: String {
        switch self {
        case .looksLikeTLS: ": the client has started TLS inside the WebSocket"
        case .looksLikeProxyProtocol: ": a proxy sends it inside the WebSocket"
        default: ""
        }
    }

    private var hintWithoutFrames: String {
        switch self {
        case .looksLikeTLS: ": this port is without TLS, or a proxy in front of it has removed one layer only"
        case .looksLikeProxyProtocol: ": listen needs proxy_protocol to read it"
        case .looksLikeHTTP: ": this port takes MQTT without WebSocket"
        default: ""
        }
    }

    private var words: String {
        switch self {
        case .notConnect: "the first packet is not CONNECT"
        case .looksLikeTLS: "TLS was received where MQTT is expected"
        case .looksLikeHTTP: "HTTP was received where MQTT is expected"
        case .looksLikeProxyProtocol: "a PROXY protocol header was received where MQTT is expected"
        case .fixedHeaderFlags: "the flags of its first byte are not 0"
        case .remainingLength: "its Remaining Length is malformed"
        case .tooLarge: "it is larger than mqtt_max_connect_size"
        case .truncatedField: "a field runs past the end of the packet, or is missing"
        case .trailingBytes: "bytes follow its last field"
        case .protocolName: "the protocol name is neither MQTT nor MQIsdp"
        case .protocolLevel: "the protocol level is not one of 3.1, 3.1.1 or 5.0"
        case .reservedFlag: "the reserved bit of its flags is set"
        case .willQoSWithoutWill: "it has a Will QoS without a Will"
        case .willRetainWithoutWill: "it has Will Retain without a Will"
        case .willQoS: "its Will QoS is 3"
        case .passwordWithoutUsername: "it has a password without a user name, which MQTT 3 does not allow"
        case .propertyTruncated: "its properties run past their length, or one of them is malformed"
        case .propertyUnknown: "it has a property that MQTT 5.0 does not know"
        case .propertyNotAllowed: "it has a property that is not allowed there"
        case .propertyDuplicate: "it has a property twice that is allowed only once"
        case .propertyValue: "a property has a value outside its range"
        case .propertyNotUTF8: "a text property is not UTF-8"
        case .responseTopicWildcard: "its Response Topic has a wildcard"
        case .authenticationDataWithoutMethod: "it has Authentication Data without an Authentication Method"
        case .clientIDNotUTF8: "the client identifier is not UTF-8"
        case .clientIDEmpty: "the client identifier is empty, which this version of MQTT does not allow here"
        case .willTopicNotUTF8: "the Will Topic is not UTF-8"
        case .willTopicEmpty: "the Will Topic is empty"
        case .willTopicWildcard: "the Will Topic has a wildcard"
        case .willPayloadFormat: "the Will Payload is declared as UTF-8, but is not"
        case .usernameNotUTF8: "the user name is not UTF-8"
        }
    }
}
