/// The payload of a changed CONNECT: each field checked, none copied yet.
struct ConnectRewriteParts {
    /// A field as the client sent it, or another one.
    private enum Part {
        case kept(Range<Int>)
        case given([UInt8])

        var count: Int {
            switch self {
            case .kept(let range): range.count
            case .given(let field): field.count
            }
        }
    }

    /// What the two bytes in front of a field can say (§1.5.4, §1.5.6).
    static let longestField = 65_535

    /// Whether `bytes` may be a UTF-8 Encoded String (§1.5.4).
    static func isText(_ bytes: [UInt8]) -> Bool { UTF8Validation.isWellFormed(bytes.span, 0..<bytes.count) }

    private let clientID: Part
    /// Will properties with their length, topic and payload follow the client identifier in one piece.
    private let will: Range<Int>
    private let username: Part?
    private let password: Part?

    /// Checks what changes against the rules of the version.
    init(_ packet: ConnectPacket, _ changes: ConnectChanges) throws(ConnectRewriteError) {
        clientID = try Self.clientID(packet, changes.clientID)
        let willStart = packet.clientID.upperBound
        will = willStart..<(packet.will?.payload.upperBound ?? willStart)
        username = try Self.username(packet, changes.username)
        // 3.1.1 [MQTT-3.1.2-22]; 5.0 §3.1.2.9 allows it alone.
        let mayHavePassword = username != nil || packet.version == .v5_0
        password = try Self.password(packet, changes.password, mayStand: mayHavePassword)
    }

    private static func clientID(
        _ packet: ConnectPacket, _ change: ConnectChanges.Field
    ) throws(ConnectRewriteError) -> Part {
        let field: [UInt8]
        switch change {
        case .keep: return .kept(packet.clientID)
        case .remove: field = []
        case .set(let text): field = text
        }
        guard field.count <= longestField else { throw .clientIDTooLong }
        guard isText(field) else { throw .clientIDNotUTF8 }  // [MQTT-3.1.3-4]
        if field.isEmpty {
            // 3.1 §3.1: 1 to 23 characters; 3.1.1: only with Clean Session [MQTT-3.1.3-7].
            guard packet.version == .v5_0 || (packet.version == .v3_1_1 && packet.cleanStart) else {
                throw .clientIDEmpty
            }
        }
        return .given(field)
    }

    private static func username(
        _ packet: ConnectPacket, _ change: ConnectChanges.Field
    ) throws(ConnectRewriteError) -> Part? {
        switch change {
        case .keep: return packet.username.map(Part.kept)
        case .remove: return nil
        case .set(let text):
            guard text.count <= longestField else { throw .usernameTooLong }
            guard isText(text) else { throw .usernameNotUTF8 }  // 3.1.1 [MQTT-3.1.3-11]
            return .given(text)
        }
    }

    private static func password(
        _ packet: ConnectPacket, _ change: ConnectChanges.Field, mayStand: Bool
    ) throws(ConnectRewriteError) -> Part? {
        switch change {
        case .keep: return mayStand ? packet.password.map(Part.kept) : nil
        case .remove: return nil
        case .set(let secret):
            guard secret.count <= longestField else { throw .passwordTooLong }
            guard mayStand else { throw .passwordWithoutUsername }
            return .given(secret)
        }
    }

    // MARK: Encoding

    /// Bytes of the whole payload.
    var length: Int {
        will.count + [clientID, username, password].reduce(0) { $0 + ($1.map { 2 + $0.count } ?? 0) }
    }

    /// The connect flags `old` of the client, with those of user name and password as the fields are.
    func flags(_ old: UInt8) -> UInt8 {
        (old & 0x3F) | (username != nil ? 0x80 : 0) | (password != nil ? 0x40 : 0)
    }

    /// Appends the payload to the variable header; `bytes` are those of the client.
    func write(_ bytes: Span<UInt8>, to packet: inout [UInt8]) {
        Self.write(clientID, bytes, to: &packet)
        packet.append(bytes, will)
        if let username { Self.write(username, bytes, to: &packet) }
        if let password { Self.write(password, bytes, to: &packet) }
    }

    private static func write(_ part: Part, _ bytes: Span<UInt8>, to packet: inout [UInt8]) {
        switch part {
        case .kept(let range): packet.append(field: bytes, range)
        case .given(let field): packet.append(field: field)
        }
    }
}
