extension Connack {
    /// The broker's CONNACK of 5.0 with an Assigned Client Identifier added (§3.2.2.3.7): for a client that has sent none,
    /// and whose identifier the gateway has made up.
    ///
    /// nil, and the CONNACK is to stay as it is: it refuses, it has one already, the identifier does not fit, or the client
    /// does not accept a packet as long as that (`limit`, its Maximum Packet Size [MQTT-3.1.2-24]).
    package static func assigning(
        _ clientID: [UInt8], to bytes: Span<UInt8>, _ parsed: Parsed, limit: UInt32?
    ) -> [UInt8]? {
        guard parsed.isAccepted, parsed.assignedClientID == nil, let properties = parsed.properties,
            properties.upperBound <= bytes.count, !clientID.isEmpty, clientID.count <= 65_535
        else { return nil }
        var list = bytes.extracting(properties).withUnsafeBufferPointer { Array($0) }
        list.append(Property.assignedClientIdentifier.rawValue)
        list.append(UInt8(truncatingIfNeeded: clientID.count >> 8))
        list.append(UInt8(truncatingIfNeeded: clientID.count))
        list += clientID
        guard let listLength = VariableByteInteger.encoded(list.count),
            let length = VariableByteInteger.encoded(2 + listLength.count + list.count)
        else { return nil }
        let packet = [0x20] + length + [parsed.sessionPresent ? 1 : 0, parsed.code] + listLength + list
        return packet.count <= limit.map(Int.init) ?? .max ? packet : nil
    }
}
