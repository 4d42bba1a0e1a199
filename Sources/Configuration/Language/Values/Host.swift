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
    static func isIPv4(_ text: some StringProtocol) -> Bool {
        octets(text) != nil
    }

    /// The canonical text of an IPv6 address, nil when it is none. RFC 4291 §2.2, RFC 5952 §4
    static func canonicalIPv6(_ text: some StringProtocol) -> String? {
        groups(Array(text.utf8)).map(canonical)
    }

    /// The 4 or 16 bytes of a literal address, nil when it is none.
    static func bytes(_ text: some StringProtocol) -> [UInt8]? {
        if let octets = octets(text) { return octets.map { UInt8(truncatingIfNeeded: $0) } }
        return groups(Array(text.utf8))?.flatMap { [UInt8($0 >> 8), UInt8(truncatingIfNeeded: $0)] }
    }

    /// The canonical text of the 16 bytes of an IPv6 address.
    static func ipv6(_ bytes: [UInt8]) -> String {
        canonical(stride(from: 0, to: bytes.count - 1, by: 2).map { UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]) })
    }

    private static func isLabelByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x5F: true
        default: false
        }
    }

    private static func octets(_ text: some StringProtocol) -> [UInt16]? {
        let parts = text.utf8.split(separator: 0x2E, omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var result: [UInt16] = []
        for part in parts {
            guard (1...3).contains(part.count), part.count == 1 || part.first != 0x30 else { return nil }
            var value: UInt16 = 0
            for digit in part {
                guard (0x30...0x39).contains(digit) else { return nil }
                value = value * 10 + UInt16(digit - 0x30)  // at most 999
            }
            guard value <= 255 else { return nil }
            result.append(value)
        }
        return result
    }
}

// MARK: - IPv6

extension Host {
    private static func groups(_ text: [UInt8]) -> [UInt16]? {
        guard text.count <= 45 else { return nil }
        guard let gap = doubleColon(in: text) else {
            let all = side(text[...], last: true)
            return all?.count == 8 ? all : nil
        }
        guard let left = side(text[..<gap], last: false), let right = side(text[(gap + 2)...], last: true),
            left.count + right.count <= 7
        else { return nil }
        return left + Array(repeating: 0, count: 8 - left.count - right.count) + right
    }

    private static func doubleColon(in text: [UInt8]) -> Int? {
        text.indices.dropLast().first { text[$0] == 0x3A && text[$0 + 1] == 0x3A }
    }

    /// The groups on one side of `::`; none when it is empty. Only the `last` side may end in an IPv4 address.
    private static func side(_ text: ArraySlice<UInt8>, last: Bool) -> [UInt16]? {
        guard !text.isEmpty else { return [] }
        let parts = text.split(separator: 0x3A, omittingEmptySubsequences: false)
        var result: [UInt16] = []
        for (index, part) in parts.enumerated() {
            if last, index == parts.count - 1, part.contains(0x2E) {
                guard let octets = octets(String(decoding: part, as: UTF8.self)), octets.count == 4 else { return nil }
                result += [octets[0] << 8 | octets[1], octets[2] << 8 | octets[3]]
            } else {
                guard (1...4).contains(part.count), !part.contains(0x2B),
                    let group = UInt16(String(decoding: part, as: UTF8.self), radix: 16)
                else { return nil }
                result.append(group)
            }
        }
        return result
    }

    /// Lower case, the first longest run of two or more zero groups as `::`. RFC 5952 §4.2
    private static func canonical(_ groups: [UInt16]) -> String {
        var best = 0..<0
        var start = 0
        for index in 0...groups.count {
            if index < groups.count, groups[index] == 0 { continue }
            if index - start > best.count { best = start..<index }
            start = index + 1
        }
        let texts = groups.map { String($0, radix: 16) }
        guard best.count > 1 else { return texts.joined(separator: ":") }
        let left = texts[..<best.lowerBound].joined(separator: ":")
        return left + "::" + texts[best.upperBound...].joined(separator: ":")
    }
}
