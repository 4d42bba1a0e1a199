/// Writer of the DISCONNECT packet of MQTT 5.0 (§3.14).
package enum Disconnect {
    /// The DISCONNECT that a server sends to a 5.0 client: `E0 02 rc 00`, or with `reason` as its Reason String.
    ///
    /// `reference`: the Server Reference, which says where the client is to go (§3.14.2.2.5).
    ///
    /// A reason code that no server's DISCONNECT may carry is sent as 0x80, unspecified error [MQTT-3.14.2-1]. The Reason
    /// String is left out where it would make the packet longer than `limit`, the client's Maximum Packet Size
    /// [MQTT-3.14.2-3], and so is a reference. There is no such packet for 3.x: a 3.x server just closes.
    package static func packet(
        _ code: ReasonCode, reason: String = "", reference: String? = nil, limit: Int = .max
    ) -> [UInt8] {
        let code = Self.code(code)
        var properties: [UInt8] = []
        for (identifier, text) in [(0x1C, reference ?? ""), (0x1F, reason)] as [(UInt8, String)] {
            let text = Array(text.utf8)
            // One byte each holds the Remaining Length and the length of the properties.
            let size = properties.count + text.count + 3
            guard !text.isEmpty, size <= Self.longestProperties, size + 4 <= limit else { continue }
            properties.append(identifier)
            properties.append(field: text)
        }
        return [0xE0, UInt8(properties.count + 2), code, UInt8(properties.count)] + properties
    }

    /// With the bytes before them they make a Remaining Length of one byte.
    private static let longestProperties = 125

    /// The code that `packet` sends for a reason.
    package static func code(_ reason: ReasonCode) -> UInt8 {
        (reason.isAllowedInServerDisconnect ? reason : .unspecifiedError).rawValue
    }

    /// The reason code of the DISCONNECT of 5.0 that begins at `packet` and has a valid fixed header: 0 where it has none
    /// (§3.14.2.1); nil: it is not there before `end`.
    package static func reason(at packet: UnsafeRawPointer, _ end: UnsafeRawPointer) -> UInt8? {
        var next = packet + 1
        var isEmpty = true
        while next < end {
            let byte = next.load(as: UInt8.self)
            next += 1
            if byte & 0x7F != 0 { isEmpty = false }
            if byte < 0x80 { return isEmpty ? 0 : next < end ? next.load(as: UInt8.self) : nil }
        }
        return nil
    }
}
