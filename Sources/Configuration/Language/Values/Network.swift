import Text

/// A set of client addresses, as `allow` and `deny` name it.
package enum Network: Sendable, Hashable {
    case all
    /// Clients of a unix socket, which have no address.
    case unix
    /// The first `prefix` bits of 4 or 16 bytes in network order.
    case inet([UInt8], prefix: Int)

    /// Whether an address is in it: 4 or 16 bytes, or none for a client of a unix socket. An IPv4 address that is mapped
    /// into IPv6 (RFC 4291 §2.5.5.2) counts as IPv4.
    package func contains(_ address: [UInt8]) -> Bool {
        switch self {
        case .all: return true
        case .unix: return address.isEmpty
        case .inet(let network, let prefix):
            let address = Self.unmapped(address)
            guard network.count == address.count, prefix <= network.count * 8 else { return false }
            let whole = prefix / 8
            guard network[..<whole] == address[..<whole] else { return false }
            let rest = prefix % 8
            guard rest > 0 else { return true }
            let mask = ~UInt8(0) << UInt8(8 - rest)
            return network[whole] & mask == address[whole] & mask
        }
    }

    /// Whether every address of a family is in it.
    var isEverything: Bool { if case .inet(_, 0) = self { true } else { false } }

    private static func unmapped(_ address: [UInt8]) -> [UInt8] {
        address.count == 16 && address.starts(with: AddressText.mappedPrefix) ? Array(address[12...]) : address
    }
}

extension Network: CustomStringConvertible {
    /// As `allow` writes it.
    package var description: String {
        switch self {
        case .all: return "all"
        case .unix: return "unix:"
        case .inet(let bytes, let prefix):
            let address = AddressText.text(bytes) ?? ""
            return prefix == bytes.count * 8 ? address : "\(address)/\(prefix)"
        }
    }
}

extension Network {
    /// An address, a network such as `10.0.0.0/8`, `unix:`, or `all` where that is allowed.
    static func parsed(_ text: String, allowsAll: Bool = true) throws(ValueFault) -> Network {
        switch text {
        case "all" where allowsAll: return .all
        case "unix:": return .unix
        default: break
        }
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = parts.first, let bytes = AddressText.bytes(address) else {
            throw malformed(text, allowsAll)
        }
        guard parts.count > 1 else { return .inet(bytes, prefix: bytes.count * 8) }
        guard let prefix = Value.integer(parts[1]), prefix <= bytes.count * 8 else {
            throw malformed(text, allowsAll, hint: "after \"/\" write a number of bits, up to \(bytes.count * 8)")
        }
        let network = masked(bytes, prefix)
        guard network == bytes else {
            let right = Network.inet(network, prefix: prefix)
            throw ValueFault("has bits set after its prefix: \(quoted(text))", hint: "did you mean \(right)?")
        }
        return .inet(bytes, prefix: prefix)
    }

    private static func masked(_ bytes: [UInt8], _ prefix: Int) -> [UInt8] {
        bytes.enumerated().map { index, byte in
            let kept = min(max(prefix - index * 8, 0), 8)
            return kept == 0 ? 0 : byte & ~UInt8(0) << UInt8(8 - kept)
        }
    }

    private static func malformed(_ text: String, _ allowsAll: Bool, hint: String? = nil) -> ValueFault {
        let words = allowsAll ? ", unix: or all" : ", or unix:"
        return ValueFault(
            "must be an address, a network such as 10.0.0.0/8 or 2001:db8::/32\(words), not \(quoted(text))", hint: hint
        )
    }
}
