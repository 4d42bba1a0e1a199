/// IP addresses and numbers as text, in exactly one way each where the specification asks for it.
enum AddressText {
    /// An IPv4 address: four numbers of 0...255 without leading zeros, one dot between; nil: it is none.
    static func ipv4(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var address: [UInt8] = []
        for part in parts {
            guard let number = decimal(part, upTo: 255) else { return nil }
            address.append(UInt8(truncatingIfNeeded: number))
        }
        return address
    }

    /// An IPv6 address (RFC 4291 §2.2): groups of one to four hexadecimal digits, at most one "::" that means
    /// one or more groups of zeros, and the last 32 bits also as an IPv4 address; nil: it is none. No zone.
    static func ipv6(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        var address: [UInt8] = []
        var gap: Int?
        var rest = text
        if rest.starts(with: "::".utf8) {
            gap = 0
            rest = rest.dropFirst(2)
        }
        while !rest.isEmpty {
            let end = rest.firstIndex(of: colon) ?? rest.endIndex
            let isLast = end == rest.endIndex
            guard let bytes = group(rest[..<end]) ?? (isLast ? ipv4(rest) : nil) else { return nil }
            address += bytes
            guard address.count <= 16 else { return nil }
            rest = rest[end...].dropFirst()
            guard !isLast else { break }
            guard let next = rest.first else { return nil }
            if next == colon {
                guard gap == nil else { return nil }
                gap = address.count
                rest = rest.dropFirst()
            }
        }
        guard let gap else { return address.count == 16 ? address : nil }
        guard address.count <= 14 else { return nil }
        address.insert(contentsOf: repeatElement(0, count: 16 - address.count), at: gap)
        return address
    }

    /// A decimal number without leading zeros; nil: it is none, or above `largest`, which has at most nine digits.
    static func decimal(_ text: ArraySlice<UInt8>, upTo largest: Int) -> Int? {
        guard (1...9).contains(text.count), text.allSatisfy(HTTPCharacter.isDigit) else { return nil }
        guard text.first != UInt8(ascii: "0") || text.count == 1 else { return nil }
        let number = text.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
        return number <= largest ? number : nil
    }

    /// The text of an address of 4 or 16 bytes, IPv6 as RFC 5952 asks, IPv4-mapped with its dots (§5); nil for
    /// any other number of bytes.
    static func text(_ address: [UInt8]) -> String? {
        switch address.count {
        case 4: return address.map { String($0) }.joined(separator: ".")
        case 16: break
        default: return nil
        }
        if address.starts(with: mappedPrefix) {
            return "::ffff:" + address.suffix(4).map { String($0) }.joined(separator: ".")
        }
        let groups = stride(from: 0, to: 16, by: 2).map { UInt16(address[$0]) << 8 | UInt16(address[$0 + 1]) }
        guard let zeros = longestZeros(groups) else { return hexadecimal(groups[...]) }
        return hexadecimal(groups[..<zeros.lowerBound]) + "::" + hexadecimal(groups[zeros.upperBound...])
    }

    /// What makes an IPv6 address of an IPv4 address (RFC 4291 §2.5.5.2).
    static let mappedPrefix: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]

    private static let colon = UInt8(ascii: ":")

    /// One to four hexadecimal digits, as two bytes.
    private static func group(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        guard (1...4).contains(text.count) else { return nil }
        var value: UInt16 = 0
        for byte in text {
            guard let digit = HTTPCharacter.hexadecimalValue(byte) else { return nil }
            value = value << 4 | UInt16(digit)
        }
        return [UInt8(value >> 8), UInt8(truncatingIfNeeded: value)]
    }

    /// The longest run of two or more zeros, the first of equals (RFC 5952 §4.2).
    private static func longestZeros(_ groups: [UInt16]) -> Range<Int>? {
        var longest: Range<Int>?
        var start = 0
        for (index, group) in groups.enumerated() {
            guard group == 0 else {
                start = index + 1
                continue
            }
            let run = start..<(index + 1)
            if run.count >= 2, run.count > (longest?.count ?? 0) { longest = run }
        }
        return longest
    }

    private static func hexadecimal(_ groups: ArraySlice<UInt16>) -> String {
        groups.map { String($0, radix: 16) }.joined(separator: ":")
    }
}
