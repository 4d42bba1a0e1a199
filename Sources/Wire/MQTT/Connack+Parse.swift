extension Connack {
    /// The longest CONNACK that is read, in bytes.
    package static let maximumLength = 65_536

    /// What a broker answered. Ranges are offsets into the bytes that were parsed.
    package struct Parsed: Equatable, Sendable {
        /// Bytes of the whole packet; what follows belongs to the next packet.
        package var length: Int
        /// Whether the broker resumed a session; always false for 3.1, which has no such flag.
        package var sessionPresent: Bool
        /// The return code (3.x) or reason code (5.0) as sent.
        package var code: UInt8
        /// A refusal in the form of another version than that of the CONNECT, or with a code which that does not have: the
        /// client could not read it, and is told `reason` in its own version's words.
        package var isForeign = false
        /// The contents of the properties without their length; nil: the packet has none.
        package var properties: Range<Int>?
        /// 5.0: lifetime of the session in seconds, in place of what the client asked for.
        package var sessionExpiryInterval: UInt32?
        /// 5.0: keep alive in seconds the client must use in place of its own.
        package var serverKeepAlive: UInt16?
        /// 5.0: the client identifier the broker made up.
        package var assignedClientID: Range<Int>?
        /// 5.0: another server to use.
        package var serverReference: Range<Int>?
        /// 5.0: text for people.
        package var reasonString: Range<Int>?
        /// 5.0: longest packet in bytes the broker accepts.
        package var maximumPacketSize: UInt32?
        /// 5.0: number of unacknowledged QoS 1 and 2 messages the broker accepts.
        package var receiveMaximum: UInt16?
        /// 5.0: highest topic alias the broker accepts.
        package var topicAliasMaximum: UInt16?

        /// Whether the connection is accepted.
        package var isAccepted: Bool { code == 0 }
    }

    /// Reads the CONNACK at the start of `bytes`; nil: it is not whole yet. More bytes may follow it.
    ///
    /// Fails on the first byte that shows a fault. `version` is that of the CONNECT. Brokers refuse versions that they do
    /// not know, and clients of such versions, in the form of those they know (`20 02 00 01` to 5.0, `20 03 00 84 00` to
    /// 3.x), and some have codes of their own: whatever says no is read as a refusal, which is about this client.
    package static func parse(
        _ bytes: Span<UInt8>, version: ProtocolVersion
    ) throws(ConnackError) -> Parsed? {
        guard bytes.count > 0 else { return nil }
        guard bytes[0] == 0x20 else { throw .notConnack }
        guard let body = try body(bytes, version) else { return nil }
        var fields = FieldReader(bytes, body)
        guard let flags = fields.byte(bytes), let code = fields.byte(bytes) else { throw .remainingLength }
        if version != .v3_1 && flags & 0xFE != 0 { throw .acknowledgeFlags }
        let sessionPresent = version != .v3_1 && flags & 0x01 != 0
        var parsed = Parsed(length: body.upperBound, sessionPresent: sessionPresent, code: code)
        if sessionPresent && code != 0 { throw .sessionPresentOnRefusal }
        let isForm5 = body.count > 2
        if isForm5 == (version == .v5_0) {
            parsed.isForeign = parsed.reason.connackCode(version) != code
        } else {
            guard code != 0 else { throw .remainingLength }
            parsed.isForeign = true
        }
        if isForm5 { try readProperties(bytes, &fields, into: &parsed) }
        return parsed
    }

    /// The range of the bytes after the fixed header, once they are all there.
    private static func body(_ bytes: Span<UInt8>, _ version: ProtocolVersion) throws(ConnackError) -> Range<Int>? {
        let remaining: VariableByteInteger?
        do {
            remaining = try VariableByteInteger.read(bytes, at: 1, end: bytes.count)
        } catch {
            throw .remainingLength
        }
        guard let remaining else { return nil }
        let length = 1 + remaining.size + remaining.value
        guard length <= maximumLength else { throw .tooLarge }
        guard remaining.value >= 2, version != .v5_0 || remaining.isMinimal else { throw .remainingLength }
        let start = 1 + remaining.size
        // To 3.x a longer one can only be a refusal in the form of 5.0, whose codes are from 0x80.
        if version != .v5_0, remaining.value > 2, bytes.count > start + 1, bytes[start + 1] < 0x80 {
            throw .remainingLength
        }
        return bytes.count >= length ? start..<length : nil
    }

    /// MQTT 5.0 §3.2.2.3.
    private static func readProperties(
        _ bytes: Span<UInt8>, _ fields: inout FieldReader, into parsed: inout Parsed
    ) throws(ConnackError) {
        guard let length = fields.minimalVariableByteInteger(bytes), let range = fields.take(length),
            fields.isAtEnd
        else { throw .properties }
        parsed.properties = range
        var reader = PropertyReader(bytes, range, in: .connack)
        do {
            while let item = try reader.next(bytes) { parsed.store(item) }
        } catch {
            throw .properties
        }
    }
}

extension Connack.Parsed {
    fileprivate mutating func store(_ item: PropertyReader.Item) {
        switch item.property {
        case .sessionExpiryInterval: sessionExpiryInterval = item.number
        case .serverKeepAlive: serverKeepAlive = UInt16(truncatingIfNeeded: item.number)
        case .assignedClientIdentifier: assignedClientID = item.contents
        case .serverReference: serverReference = item.contents
        case .reasonString: reasonString = item.contents
        case .maximumPacketSize: maximumPacketSize = item.number
        case .receiveMaximum: receiveMaximum = UInt16(truncatingIfNeeded: item.number)
        case .topicAliasMaximum: topicAliasMaximum = UInt16(truncatingIfNeeded: item.number)
        default: break
        }
    }
}
