extension ConnectPacket {
    /// Reads and checks `bytes`, which are exactly one whole packet.
    package static func parse(_ bytes: Span<UInt8>) throws(ConnectError) -> ConnectPacket {
        guard let remaining = try remainingLength(bytes) else { throw ConnectError(.truncatedField) }
        let start = 1 + remaining.size
        guard bytes.count >= start + remaining.value else { throw ConnectError(.truncatedField) }
        guard bytes.count == start + remaining.value else { throw ConnectError(.trailingBytes) }
        var fields = FieldReader(bytes, start..<bytes.count)

        let (version, isBridge) = try readVersion(bytes, &fields)
        let levelOffset = fields.offset - 1
        // 3.x does not ask for the shortest form, and brokers do not either.
        if version == .v5_0 && !remaining.isMinimal {
            throw ConnectError(.remainingLength, version)  // [MQTT-1.5.5-1]
        }
        guard let flagByte = fields.byte(bytes) else { throw ConnectError(.truncatedField, version) }
        let flags = ConnectFlags(rawValue: flagByte)
        try check(flags, version)
        guard let keepAlive = fields.twoByteInteger(bytes) else { throw ConnectError(.truncatedField, version) }
        var packet = ConnectPacket(
            version: version, isBridge: isBridge, levelOffset: levelOffset, cleanStart: flags.cleanStart,
            keepAlive: keepAlive)
        if version == .v5_0 { try packet.readProperties(bytes, &fields) }
        try packet.readClientID(bytes, &fields)
        if flags.hasWill { packet.will = try Will(reading: bytes, &fields, flags, version) }
        try packet.readCredentials(bytes, &fields, flags)
        guard fields.isAtEnd else { throw ConnectError(.trailingBytes, version) }  // [MQTT-3.1.4-1]
        return packet
    }
}

// MARK: Variable header

extension ConnectPacket {
    /// Protocol name and level (§3.1.2.1, §3.1.2.2).
    private static func readVersion(
        _ bytes: Span<UInt8>, _ fields: inout FieldReader
    ) throws(ConnectError) -> (version: ProtocolVersion, isBridge: Bool) {
        guard let name = fields.field(bytes) else { throw ConnectError(.truncatedField) }
        let isMQTT = matches(bytes, name, "MQTT")
        guard isMQTT || matches(bytes, name, "MQIsdp") else { throw ConnectError(.protocolName) }  // [MQTT-3.1.2-1]
        guard let levelByte = fields.byte(bytes) else { throw ConnectError(.truncatedField) }
        let level = levelByte & 0x7F
        guard let version = ProtocolVersion(rawValue: level), isMQTT == (version != .v3_1) else {
            // [MQTT-3.1.2-2]; a level of `MQIsdp` says nothing about the versions named `MQTT`.
            throw ConnectError(unsupportedLevel: isMQTT ? level : 0)
        }
        return (version, levelByte & 0x80 != 0)
    }

    private static func matches(_ bytes: Span<UInt8>, _ range: Range<Int>, _ text: StaticString) -> Bool {
        guard range.count == text.utf8CodeUnitCount else { return false }
        return text.withUTF8Buffer { expected in
            var index = 0
            while index < expected.count {
                guard unsafe bytes[range.lowerBound + index] == expected[index] else { return false }
                index += 1
            }
            return true
        }
    }

    /// The connect flags (§3.1.2.3). 3.1 disregards the reserved bit, and the will bits when there is no will.
    private static func check(_ flags: ConnectFlags, _ version: ProtocolVersion) throws(ConnectError) {
        if version != .v3_1 {
            if flags.isReservedSet { throw ConnectError(.reservedFlag, version) }  // [MQTT-3.1.2-3]
            if !flags.hasWill && flags.willQoS != 0 {
                throw ConnectError(.willQoSWithoutWill, version)  // [MQTT-3.1.2-11]
            }
            if !flags.hasWill && flags.willRetain {
                throw ConnectError(.willRetainWithoutWill, version)  // 3.1.1 [MQTT-3.1.2-15], 5.0 [MQTT-3.1.2-13]
            }
        }
        if flags.hasWill && flags.willQoS == 3 {
            throw ConnectError(.willQoS, version)  // 3.1.1 [MQTT-3.1.2-14], 5.0 [MQTT-3.1.2-12]
        }
        if version != .v5_0 && flags.hasPassword && !flags.hasUsername {
            throw ConnectError(.passwordWithoutUsername, version)  // 3.1.1 [MQTT-3.1.2-22]
        }
    }
}

// MARK: Payload

extension ConnectPacket {
    /// §3.1.3.1. More than 23 characters are accepted in every version, as brokers do.
    private mutating func readClientID(
        _ bytes: Span<UInt8>, _ fields: inout FieldReader
    ) throws(ConnectError) {
        guard let range = fields.field(bytes) else { throw ConnectError(.truncatedField, version) }
        guard UTF8Validation.isWellFormed(bytes, range) else {
            throw ConnectError(.clientIDNotUTF8, version)  // [MQTT-3.1.3-4]
        }
        if range.isEmpty {
            // 3.1 §3.1: 1 to 23 characters; 3.1.1: only with Clean Session [MQTT-3.1.3-7], [MQTT-3.1.3-8].
            guard version == .v5_0 || (version == .v3_1_1 && cleanStart) else {
                throw ConnectError(.clientIDEmpty, version)
            }
        }
        clientID = range
    }

    /// User name and password (§3.1.3.4, §3.1.3.5).
    private mutating func readCredentials(
        _ bytes: Span<UInt8>, _ fields: inout FieldReader, _ flags: ConnectFlags
    ) throws(ConnectError) {
        // 3.1 §3.1: Remaining Length takes precedence over the flags, so that the strings may be missing.
        let mayBeMissing = version == .v3_1
        if flags.hasUsername && !(mayBeMissing && fields.isAtEnd) {
            guard let range = fields.field(bytes) else { throw ConnectError(.truncatedField, version) }
            guard UTF8Validation.isWellFormed(bytes, range) else {
                throw ConnectError(.usernameNotUTF8, version)  // 3.1.1 [MQTT-3.1.3-11], 5.0 [MQTT-3.1.3-12]
            }
            username = range
        }
        if flags.hasPassword && !(mayBeMissing && fields.isAtEnd) {
            guard let range = fields.field(bytes) else { throw ConnectError(.truncatedField, version) }
            password = range
        }
    }
}

extension ConnectPacket.Will {
    /// Will properties, topic and payload (§3.1.3.2, §3.1.3.3).
    fileprivate init(
        reading bytes: Span<UInt8>, _ fields: inout FieldReader, _ flags: ConnectFlags, _ version: ProtocolVersion
    ) throws(ConnectError) {
        var isText = false
        properties = 0..<0
        if version == .v5_0 { (properties, isText) = try Self.readProperties(bytes, &fields) }
        guard let topic = fields.field(bytes) else { throw ConnectError(.truncatedField, version) }
        guard UTF8Validation.isWellFormed(bytes, topic) else {
            throw ConnectError(.willTopicNotUTF8, version)  // 3.1.1 [MQTT-3.1.3-10], 5.0 [MQTT-3.1.3-11]
        }
        if topic.isEmpty { throw ConnectError(.willTopicEmpty, version) }  // [MQTT-4.7.3-1]
        if TopicName.hasWildcard(bytes, topic) { throw ConnectError(.willTopicWildcard, version) }  // [MQTT-4.7.1-1]
        guard let payload = fields.field(bytes) else { throw ConnectError(.truncatedField, version) }
        if isText && !UTF8Validation.isWellFormed(bytes, payload, allowingNull: true) {
            throw ConnectError(.willPayloadFormat, version)  // 5.0 §3.1.3.2.3
        }
        self.topic = topic
        self.payload = payload
        qos = flags.willQoS
        retain = flags.willRetain
    }
}
