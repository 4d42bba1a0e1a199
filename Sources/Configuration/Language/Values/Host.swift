import Text

/// Host names and literal addresses, as text.
enum Host {
    /// Letters, digits, `-` and `_` in labels of 1 to 63, 253 in all, and not shaped like an IPv4 address.
    /// RFC 1123 §2.1; the underscore is common inside a network.
    static func isName(_ text: some StringProtocol) -> Bool {
        guard (1...253).contains(text.utf8.count) else { return false }
        let labels = text.utf8.split(separator: 0x2E, omittingEmptySubsequences: false)
        guard labels.allSatisfy({ (1...63).contains($0.count) && $0.allSatisfy(isLabelByte) }) else { return false }
        return labels.last.map { !$0.allSatisfy { (0x30...0x39).contains($0) } } ?? false
    }

    /// Four decimal numbers up to 255, without leading zeros. RFC 6943 §3.1.1
    static func isIPv4(_ text: some StringProtocol) -> Bool { AddressText.ipv4(Array(text.utf8)[...]) != nil }

    /// The canonical text of an IPv6 address, nil when it is none. RFC 4291 §2.2, RFC 5952
    static func canonicalIPv6(_ text: some StringProtocol) -> String? {
        AddressText.ipv6(Array(text.utf8)[...]).flatMap { AddressText.text($0) }
    }

    private static func isLabelByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x5F: true
        default: false
        }
    }
}
