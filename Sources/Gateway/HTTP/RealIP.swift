import Configuration
import Reactor
import Wire

extension RealIPSettings {
    /// The client that a trusted front names in a field of its request; nil: the address of the connection stays.
    ///
    /// Fronts append the address that they see, so only the end of the field is worth anything: what stands before it anybody
    /// may have written. With `real_ip_recursive`, trusted addresses at the end are skipped.
    func clientAddress(_ head: RequestHead, sentBy front: CompactAddress) -> CompactAddress? {
        guard let header, isTrusted(front) else { return nil }
        var found: CompactAddress?
        for text in head.values(header).reversed() {
            for part in text.split(separator: ",", omittingEmptySubsequences: false).reversed() {
                guard let address = Self.address(part) else { return found }
                found = address
                guard isRecursive, isTrusted(address) else { return found }
            }
        }
        return found
    }

    /// Whether requests from an address name the clients that they are from.
    func names(by front: CompactAddress) -> Bool { header != nil && isTrusted(front) }

    private func isTrusted(_ address: CompactAddress) -> Bool {
        let bytes = address.bytes
        return trusted.contains { $0.contains(bytes) }
    }

    /// "192.0.2.1", "192.0.2.1:4711", "2001:db8::1", "[2001:db8::1]" or "[2001:db8::1]:4711".
    private static func address(_ part: Substring) -> CompactAddress? {
        let text = part.drop { $0 == " " || $0 == "\t" }
        let trimmed = text.prefix { $0 != " " && $0 != "\t" }
        guard trimmed.endIndex == text.endIndex || text[trimmed.endIndex...].allSatisfy({ $0 == " " || $0 == "\t" })
        else { return nil }
        if let address = CompactAddress(literal: String(trimmed)) { return address }
        guard let colon = trimmed.lastIndex(of: ":") else { return bracketed(trimmed, port: 0) }
        if let address = bracketed(trimmed, port: 0) { return address }
        // Digits alone: UInt16 would take a sign.
        let digits = trimmed[trimmed.index(after: colon)...]
        guard digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let port = UInt16(digits)
        else { return nil }
        let host = trimmed[..<colon]
        return host.contains(":") ? bracketed(host, port: port) : CompactAddress(literal: String(host), port: port)
    }

    private static func bracketed(_ text: Substring, port: UInt16) -> CompactAddress? {
        guard text.hasPrefix("["), text.hasSuffix("]") else { return nil }
        return CompactAddress(literal: String(text.dropFirst().dropLast()), port: port)
    }
}
