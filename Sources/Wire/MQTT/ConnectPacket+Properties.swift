/// Checks of topic names (MQTT 3.1.1 §4.7, MQTT 5.0 §4.7).
enum TopicName {
    /// Whether `range` of `bytes` has one of the wildcards `+` and `#`, which a topic name must not have.
    static func hasWildcard(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        for index in range where bytes[index] == 0x2B || bytes[index] == 0x23 { return true }
        return false
    }
}

extension ConnectPacket {
    /// Reads the CONNECT properties of 5.0 with their length (§3.1.2.11).
    mutating func readProperties(_ bytes: Span<UInt8>, _ fields: inout FieldReader) throws(ConnectError) {
        properties = try fields.propertyList(bytes)
        var reader = PropertyReader(bytes, properties, in: .connect)
        do {
            while let item = try reader.next(bytes) { store(item) }
        } catch {
            throw ConnectError(error, .v5_0)
        }
        if authenticationData != nil && authenticationMethod == nil {
            throw ConnectError(.authenticationDataWithoutMethod, .v5_0)  // §3.1.2.11.10
        }
    }

    private mutating func store(_ item: PropertyReader.Item) {
        switch item.property {
        case .sessionExpiryInterval: sessionExpiryInterval = item.number
        case .receiveMaximum: receiveMaximum = UInt16(truncatingIfNeeded: item.number)
        case .maximumPacketSize: maximumPacketSize = item.number
        case .topicAliasMaximum: topicAliasMaximum = UInt16(truncatingIfNeeded: item.number)
        case .requestResponseInformation: requestResponseInformation = item.number == 1
        case .requestProblemInformation: requestProblemInformation = item.number == 1
        case .authenticationMethod: authenticationMethod = item.contents
        case .authenticationData: authenticationData = item.contents
        default: break
        }
    }
}

extension ConnectPacket.Will {
    /// Reads the will properties of 5.0 with their length (§3.1.3.2), and whether they say that the payload is UTF-8.
    static func readProperties(
        _ bytes: Span<UInt8>, _ fields: inout FieldReader
    ) throws(ConnectError) -> (range: Range<Int>, isText: Bool) {
        let contents = try fields.propertyList(bytes)
        var isText = false
        var responseTopic: Range<Int>?
        var reader = PropertyReader(bytes, contents, in: .will)
        do {
            while let item = try reader.next(bytes) {
                if item.property == .payloadFormatIndicator { isText = item.number == 1 }
                if item.property == .responseTopic { responseTopic = item.contents }
            }
        } catch {
            throw ConnectError(error, .v5_0)
        }
        if let responseTopic, TopicName.hasWildcard(bytes, responseTopic) {
            throw ConnectError(.responseTopicWildcard, .v5_0)  // [MQTT-3.3.2-14]
        }
        return (contents, isText)
    }
}

extension FieldReader {
    /// A list of properties after its length (MQTT 5.0 §2.2.2.1): the range of its contents.
    fileprivate mutating func propertyList(_ bytes: Span<UInt8>) throws(ConnectError) -> Range<Int> {
        guard let length = minimalVariableByteInteger(bytes), let contents = take(length) else {
            throw ConnectError(.propertyTruncated, .v5_0)
        }
        return contents
    }
}
