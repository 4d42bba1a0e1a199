extension ConnectPacket {
    /// This packet with `changes`, as one whole packet of the same version. `bytes` are those it was parsed from.
    ///
    /// What is not changed stays byte for byte, except for two things that 3.x can say in two ways: Remaining Length is
    /// in its shortest form, and flags of 3.1 whose strings are missing are cleared. In 3.x a password that is kept goes
    /// with the user name, as it is not allowed alone (3.1.1 [MQTT-3.1.2-22]).
    ///
    /// All is checked before a byte is written, and the fields are copied once, into the result: wiping it leaves no
    /// other copy of a password.
    package func rewritten(_ bytes: Span<UInt8>, _ changes: ConnectChanges) throws(ConnectRewriteError) -> [UInt8] {
        guard isInside(bytes) else { throw .notValid }
        let parts = try ConnectRewriteParts(self, changes)
        let added = version == .v5_0 ? changes.userProperties : []
        let listLength = properties.count + (try Self.checkedLength(added))
        let list = version == .v5_0 ? VariableByteInteger.encoded(listLength) : []
        guard let list else { throw .packetTooLong }
        let head = variableHeaderStart..<(levelOffset + 4)
        let bodyLength = head.count + list.count + listLength + parts.length
        // 3.1.1 §2.2.3, 5.0 [MQTT-1.5.5-1]
        guard let remaining = VariableByteInteger.encoded(bodyLength) else { throw .packetTooLong }

        var packet: [UInt8] = []
        packet.reserveCapacity(1 + remaining.count + bodyLength)
        packet.append(0x10)
        packet += remaining
        packet.append(bytes, head.lowerBound..<(levelOffset + 1))
        packet.append(parts.flags(bytes[levelOffset + 1]))
        packet.append(bytes, (levelOffset + 2)..<head.upperBound)
        packet += list
        packet.append(bytes, properties)
        for property in added {
            packet.append(Property.userProperty.rawValue)
            packet.append(field: property.name)
            packet.append(field: property.value)
        }
        parts.write(bytes, to: &packet)
        return packet
    }

    /// What a Property Length can say (5.0 §2.2.2.1).
    private static let longestList = 268_435_455

    /// The offset of the length of the protocol name: before a name of 4 or, in 3.1, 6 bytes.
    private var variableHeaderStart: Int { levelOffset - (version == .v3_1 ? 8 : 6) }

    /// Whether all that is copied lies in `bytes`.
    private func isInside(_ bytes: Span<UInt8>) -> Bool {
        let ends = [levelOffset + 4, properties.upperBound, clientID.upperBound, will?.payload.upperBound ?? 0]
        let credentials = [username?.upperBound ?? 0, password?.upperBound ?? 0]
        return variableHeaderStart >= 0 && (ends + credentials).allSatisfy { $0 <= bytes.count }
            && clientID.upperBound <= will?.payload.upperBound ?? .max
    }

    /// The length of `added` in the list of properties, once it is known that each is allowed there (5.0 §3.1.2.11.8).
    private static func checkedLength(
        _ added: [ConnectChanges.UserProperty]
    ) throws(ConnectRewriteError) -> Int {
        var length = 0
        for property in added {
            guard max(property.name.count, property.value.count) <= ConnectRewriteParts.longestField else {
                throw .userPropertyTooLong
            }
            length += 1 + 2 + property.name.count + 2 + property.value.count
            guard length <= longestList else { throw .packetTooLong }
        }
        for property in added {
            guard ConnectRewriteParts.isText(property.name), ConnectRewriteParts.isText(property.value) else {
                throw .userPropertyNotUTF8
            }
        }
        return length
    }
}
