import Text

/// A server named by the Server Reference of CONNACK and DISCONNECT (MQTT 5.0 §4.11).
package struct ServerReference: Equatable, Hashable, Sendable {
    /// A name or an address in lower case; IPv6 without brackets and as RFC 5952 writes it, so that equal addresses
    /// are equal texts.
    package var host: String
    /// Nil: the reference names none.
    package var port: UInt16?

    /// `host` as this type writes it.
    package init(host: String, port: UInt16? = nil) {
        self.host = host
        self.port = port
    }

    /// The most entries that are read from one reference.
    package static let maximumCount = 16

    /// The servers of a reference, in its order: a list separated by spaces of "host", "host:port", "[IPv6]" and
    /// "[IPv6]:port". The form is only recommended (§4.11), so an entry of another form is skipped, no error.
    package static func list(_ text: Span<UInt8>) -> [ServerReference] {
        var servers: [ServerReference] = []
        var start = 0
        while start < text.count, servers.count < maximumCount {
            var end = start
            while end < text.count, text[end] != UInt8(ascii: " ") { end += 1 }
            // What no name can be is not copied.
            if end - start <= longestEntry {
                var entry: [UInt8] = []
                entry.append(text, start..<end)
                if let server = ServerReference(entry[...]) { servers.append(server) }
            }
            start = end + 1
        }
        return servers
    }

    /// A DNS name of 253 bytes, its last dot, ":" and a port.
    private static let longestEntry = 253 + 1 + 6

    /// One entry; nil: it is malformed.
    private init?(_ entry: ArraySlice<UInt8>) {
        let isBracketed = entry.first == UInt8(ascii: "[")
        let delimiter = isBracketed ? UInt8(ascii: "]") : UInt8(ascii: ":")
        let end = entry.firstIndex(of: delimiter) ?? entry.endIndex
        guard let host = isBracketed ? Self.address(entry[..<end].dropFirst()) : Self.name(entry[..<end]) else {
            return nil
        }
        let rest = isBracketed ? entry[end...].dropFirst() : entry[end...]
        self.init(host: host)
        guard let colon = rest.first else {
            guard !isBracketed || end < entry.endIndex else { return nil }
            return
        }
        guard colon == UInt8(ascii: ":"), let port = AddressText.decimal(rest.dropFirst(), upTo: 65_535), port > 0
        else { return nil }
        self.port = UInt16(truncatingIfNeeded: port)
    }

    private static func address(_ text: ArraySlice<UInt8>) -> String? {
        AddressText.ipv6(text).flatMap(AddressText.text)
    }

    /// A DNS name or an IPv4 address in lower case, without the dot that ends an absolute name.
    private static func name(_ text: ArraySlice<UInt8>) -> String? {
        let name = text.last == UInt8(ascii: ".") ? text.dropLast() : text
        guard (1...253).contains(name.count) else { return nil }
        let labels = name.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard labels.allSatisfy({ !$0.isEmpty && $0.allSatisfy(isNameByte) }) else { return nil }
        return HTTPCharacter.lowercased(name)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        HTTPCharacter.isAlphanumeric(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
    }
}
