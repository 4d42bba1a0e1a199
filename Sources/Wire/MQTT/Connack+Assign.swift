extension Connack {
    /// The broker's CONNACK of 5.0 with an Assigned Client Identifier added (§3.2.2.3.7): for a client that has sent none,
    /// and whose identifier the gateway has made up. `parsed` is what `bytes` hold; all it says stays as it is.
    ///
    /// nil, and the CONNACK is to stay as it is: it refuses, it is of 3.x, it has one already, the identifier is empty, longer
    /// than 65,535 bytes or not UTF-8, or the client does not accept a packet as long as that (`limit`, its Maximum Packet
    /// Size in bytes [MQTT-3.1.2-24]).
    package static func assigning(
        _ clientID: [UInt8], to bytes: Span<UInt8>, _ parsed: Parsed, limit: UInt32?
    ) -> [UInt8]? {
        guard parsed.isAccepted, parsed.assignedClientID == nil, let properties = parsed.properties,
            properties.upperBound <= bytes.count, !clientID.isEmpty, clientID.count <= 65_535,
            UTF8Validation.isWellFormed(clientID.span, 0..<clientID.count)
        else { return nil }
        let listLength = properties.count + 1 + 2 + clientID.count
        guard let list = VariableByteInteger.encoded(listLength),
            let remaining = VariableByteInteger.encoded(2 + list.count + listLength)
        else { return nil }
        let length = 1 + remaining.count + 2 + list.count + listLength
        if let limit, length > Int(limit) { return nil }

        var packet: [UInt8] = []
        packet.reserveCapacity(length)
        packet.append(0x20)
        packet += remaining
        packet.append(parsed.sessionPresent ? 0x01 : 0x00)
        packet.append(parsed.code)
        packet += list
        packet.append(bytes, properties)
        packet.append(Property.assignedClientIdentifier.rawValue)
        packet.append(field: clientID)
        return packet
    }
}
