extension ConnectPacket {
    /// This packet with `changes`, as one whole packet of the same version. `bytes` are those it was parsed from.
    ///
    /// What is not changed stays byte for byte. In 3.x the password goes with the user name, as it cannot stand alone
    /// (3.1.1 [MQTT-3.1.2-22]).
    package func rewritten(_ bytes: Span<UInt8>, _ changes: ConnectChanges) throws(ConnectRewriteError) -> [UInt8] {
        let clientID = try clientIDField(bytes, changes)
        let username = try usernameField(bytes, changes)
        let password = try passwordField(bytes, changes, hasUsername: username != nil)
        var body = copy(bytes, variableHeaderStart..<levelOffset + 4)
        body[levelOffset + 1 - variableHeaderStart] = flags(bytes, username != nil, password != nil)
        if version == .v5_0 {
            var list = copy(bytes, properties)
            try Self.append(changes.userProperties, to: &list)
            guard let length = VariableByteInteger.encoded(list.count) else { throw .packetTooLong }
            body += length
            body += list
        }
        Self.append(clientID, to: &body)
        if let will {
            // Properties with their length, topic and payload stand in one piece.
            body += copy(bytes, clientIDEnd..<will.payload.upperBound)
        }
        if let username { Self.append(username, to: &body) }
        if let password { Self.append(password, to: &body) }
        // [MQTT-1.5.5-1]: in the shortest form.
        guard let length = VariableByteInteger.encoded(body.count) else { throw .packetTooLong }
        body.insert(contentsOf: [0x10] + length, at: 0)
        return body
    }

    /// Where the length of the protocol name stands: in front of a name of 4 or, in 3.1, 6 bytes.
    private var variableHeaderStart: Int { levelOffset - (version == .v3_1 ? 8 : 6) }

    private var clientIDEnd: Int { clientID.upperBound }

    private func copy(_ bytes: Span<UInt8>, _ range: Range<Int>) -> [UInt8] {
        let range = range.clamped(to: 0..<bytes.count)
        return bytes.extracting(range).withUnsafeBufferPointer { Array($0) }
    }

    private func flags(_ bytes: Span<UInt8>, _ hasUsername: Bool, _ hasPassword: Bool) -> UInt8 {
        let kept = bytes[levelOffset + 1] & 0x3F
        return kept | (hasUsername ? 0x80 : 0) | (hasPassword ? 0x40 : 0)
    }

    // MARK: Fields

    private func clientIDField(
        _ bytes: Span<UInt8>, _ changes: ConnectChanges
    ) throws(ConnectRewriteError) -> [UInt8] {
        let field: [UInt8]
        switch changes.clientID {
        case .keep: return copy(bytes, clientID)
        case .remove: field = []
        case .set(let text): field = text
        }
        guard field.count <= Self.longestField else { throw .clientIDTooLong }
        guard Self.isText(field) else { throw .clientIDNotUTF8 }
        if field.isEmpty {
            // 3.1 §3.1; 3.1.1 [MQTT-3.1.3-7]
            guard version == .v5_0 || (version == .v3_1_1 && cleanStart) else { throw .clientIDEmpty }
        }
        return field
    }

    private func usernameField(
        _ bytes: Span<UInt8>, _ changes: ConnectChanges
    ) throws(ConnectRewriteError) -> [UInt8]? {
        switch changes.username {
        case .keep: return username.map { copy(bytes, $0) }
        case .remove: return nil
        case .set(let text):
            guard text.count <= Self.longestField else { throw .usernameTooLong }
            guard Self.isText(text) else { throw .usernameNotUTF8 }
            return text
        }
    }

    private func passwordField(
        _ bytes: Span<UInt8>, _ changes: ConnectChanges, hasUsername: Bool
    ) throws(ConnectRewriteError) -> [UInt8]? {
        let mayStand = hasUsername || version == .v5_0
        switch changes.password {
        case .keep: return mayStand ? password.map { copy(bytes, $0) } : nil
        case .remove: return nil
        case .set(let secret):
            guard secret.count <= Self.longestField else { throw .passwordTooLong }
            guard mayStand else { throw .passwordWithoutUsername }
            return secret
        }
    }

    private static func append(
        _ userProperties: [ConnectChanges.UserProperty], to list: inout [UInt8]
    ) throws(ConnectRewriteError) {
        for property in userProperties {
            for text in [property.name, property.value] {
                guard text.count <= longestField else { throw .userPropertyTooLong }
                guard isText(text) else { throw .userPropertyNotUTF8 }
            }
            list.append(Property.userProperty.rawValue)
            append(property.name, to: &list)
            append(property.value, to: &list)
        }
    }

    // MARK: Encoding

    private static let longestField = 65_535

    private static func isText(_ bytes: [UInt8]) -> Bool { UTF8Validation.isWellFormed(bytes.span, 0..<bytes.count) }

    /// A field of at most 65,535 bytes behind its length.
    private static func append(_ field: [UInt8], to bytes: inout [UInt8]) {
        bytes.append(UInt8(truncatingIfNeeded: field.count >> 8))
        bytes.append(UInt8(truncatingIfNeeded: field.count))
        bytes += field
    }
}
