/// What is to change in a CONNECT on its way to the broker; at first nothing.
package struct ConnectChanges: Sendable, Equatable {
    /// What becomes of one field of the payload (5.0 §3.1.3).
    package enum Field: Sendable, Equatable {
        /// It stays as the client sent it, or absent.
        case keep
        /// It is absent from the packet.
        case remove
        /// It is present and holds these bytes, which may be none.
        case set([UInt8])
    }

    /// A User Property of 5.0 (§3.1.2.11.8).
    package struct UserProperty: Sendable, Equatable {
        /// UTF-8 without U+0000, at most 65,535 bytes; may be empty.
        package var name: [UInt8]
        /// UTF-8 without U+0000, at most 65,535 bytes; may be empty.
        package var value: [UInt8]

        /// A pair of any bytes; `ConnectPacket.rewritten` checks them.
        package init(name: [UInt8], value: [UInt8]) {
            self.name = name
            self.value = value
        }
    }

    /// UTF-8 without U+0000, at most 65,535 bytes. Every CONNECT has one: removed, it is empty, and the broker assigns one.
    package var clientID: Field = .keep
    /// UTF-8 without U+0000, at most 65,535 bytes. 3.x: removed, it takes a password that is kept with it.
    package var username: Field = .keep
    /// Binary, at most 65,535 bytes.
    package var password: Field = .keep
    /// Added after those of the client, in this order; 3.x has none, and omits them unchecked.
    package var userProperties: [UserProperty] = []

    /// No change.
    package init() {}

    /// Whether nothing changes.
    package var isEmpty: Bool {
        clientID == .keep && username == .keep && password == .keep && userProperties.isEmpty
    }
}
