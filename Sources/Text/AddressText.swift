/// IP addresses, and the numbers that stand beside them, as text.
///
/// An address is its 4 or 16 bytes in network order. Reading is strict: one form for IPv4 (RFC 6943 §3.1.1), the forms of
/// RFC 4291 §2.2 for IPv6, no zone, no brackets.
package enum AddressText {
    /// What makes an IPv6 address of an IPv4 address (RFC 4291 §2.5.5.2).
    package static let mappedPrefix: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]

    /// The bytes of an address of either family; nil: it is none.
    package static func bytes(_ text: some StringProtocol) -> [UInt8]? {
        let text = Array(text.utf8)[...]
        return ipv4(text) ?? ipv6(text)
    }

    /// An IPv4 address: four numbers of 0...255 without leading zeros, one dot between; nil: it is none.
    package static func ipv4(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var address: [UInt8] = []
        for part in parts {
            guard let number = decimal(part, upTo: 255) else { return nil }
            address.append(UInt8(truncatingIfNeeded: number))
        }
        return address
    }

    /// An IPv6 address (RFC 4291 §2.2): groups of one to four hexadecimal digits, at most one "::" that stands for
    /// one or more groups of zeros, and the last 32 bits also as an IPv4 address; nil: it is none.
    package static func ipv6(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        guard text.count <= longest else { return nil }
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
    package static func decimal(_ text: ArraySlice<UInt8>, upTo largest: Int) -> Int? {
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        guard (1...9).contains(text.count), text.allSatisfy(digits.contains) else { return nil }
        guard text.first != UInt8(ascii: "0") || text.count == 1 else { return nil }
        let number = text.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
        return number <= largest ? number : nil
    }

    /// In characters: six groups of four digits and an IPv4 address.
    private static let longest = 45

    private static let colon = UInt8(ascii: ":")

    /// One to four hexadecimal digits, as two bytes.
    private static func group(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        guard (1...4).contains(text.count) else { return nil }
        var value: UInt16 = 0
        for byte in text {
            guard let digit = Hexadecimal.value(byte) else { return nil }
            value = value << 4 | UInt16(digit)
        }
        return [UInt8(value >> 8), UInt8(truncatingIfNeeded: value)]
    }
}

extension AddressText {
    /// The text of 4 or 16 bytes: IPv6 as RFC 5952 asks, an IPv4-mapped address with its dots (§5); nil for any other
    /// number of bytes.
    package static func text(_ address: UnsafeRawBufferPointer) -> String? {
        guard address.count == 4 || address.count == 16 else { return nil }
        return String(unsafeUninitializedCapacity: longest) { buffer in
            var text = Writer(buffer: buffer)
            if address.count == 4 {
                text.dotted(address[...])
            } else if address.starts(with: mappedPrefix) {
                text.write("::ffff:")
                text.dotted(address[12...])
            } else {
                text.groups((0..<8).map { UInt16(address[2 * $0]) << 8 | UInt16(address[2 * $0 + 1]) })
            }
            return text.count
        }
    }

    /// The same for bytes in an array.
    package static func text(_ address: [UInt8]) -> String? { address.withUnsafeBytes { text($0) } }

    /// Writes to memory that is long enough for every address.
    private struct Writer {
        let buffer: UnsafeMutableBufferPointer<UInt8>
        var count = 0

        mutating func write(_ byte: UInt8) {
            buffer[count] = byte
            count += 1
        }

        mutating func write(_ text: StaticString) { text.withUTF8Buffer { for byte in $0 { write(byte) } } }

        mutating func dotted(_ bytes: Slice<UnsafeRawBufferPointer>) {
            for (index, byte) in bytes.enumerated() {
                if index > 0 { write(".") }
                if byte > 99 { write(UInt8(ascii: "0") + byte / 100) }
                if byte > 9 { write(UInt8(ascii: "0") + byte / 10 % 10) }
                write(UInt8(ascii: "0") + byte % 10)
            }
        }

        mutating func groups(_ groups: [UInt16]) {
            let zeros = longestZeros(groups)
            for (index, group) in groups.enumerated() {
                guard !zeros.contains(index) else {
                    if index == zeros.lowerBound { write("::") }
                    continue
                }
                if index > 0, index != zeros.upperBound { write(":") }
                var shift: UInt16 = 12
                while shift > 0, group >> shift == 0 { shift -= 4 }
                while true {
                    write(Hexadecimal.digit(UInt8(truncatingIfNeeded: group >> shift)))
                    guard shift > 0 else { break }
                    shift -= 4
                }
            }
        }

        /// The longest run of two or more zeros, the first of equals (RFC 5952 §4.2); empty, and before all, without one.
        private func longestZeros(_ groups: [UInt16]) -> Range<Int> {
            var longest = -1 ..< -1
            var start = 0
            for (index, group) in groups.enumerated() {
                guard group == 0 else {
                    start = index + 1
                    continue
                }
                let run = start..<(index + 1)
                if run.count >= 2, run.count > longest.count { longest = run }
            }
            return longest
        }
    }
}
