/// Writer of the DISCONNECT packet of MQTT 5.0 (§3.14).
package enum Disconnect {
    /// The DISCONNECT that a server sends to a 5.0 client: `E0 02 rc 00`, or with `reason` as its Reason String.
    ///
    /// A reason code that no server's DISCONNECT may carry is sent as 0x80, unspecified error [MQTT-3.14.2-1]. The Reason
    /// String is left out where it would make the packet longer than `limit`, the client's Maximum Packet Size
    /// [MQTT-3.14.2-3]. There is no such packet for 3.x: a 3.x server just closes.
    package static func packet(_ code: ReasonCode, reason: String = "", limit: Int = .max) -> [UInt8] {
        let code = Self.code(code)
        let plain = [0xE0, 0x02, code, 0x00]
        let text = Array(reason.utf8)
        // One byte each holds the Remaining Length and the length of the properties.
        guard !text.isEmpty, text.count <= 100, text.count + 7 <= limit else { return plain }
        var packet: [UInt8] = [0xE0, UInt8(text.count + 5), code, UInt8(text.count + 3), 0x1F]
        packet.append(field: text)
        return packet
    }

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
