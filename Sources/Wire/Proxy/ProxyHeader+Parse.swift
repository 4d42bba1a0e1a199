extension ProxyHeader {
    /// The longest version 2 header that is read, in bytes: 16, and 4,096 for addresses and TLVs.
    package static let largest = 16 + 4096

    /// Reads the header at the start of `bytes`, of either version; nil: it is not whole yet. More bytes may follow.
    ///
    /// The caller asks only where a header is expected, and only peers that are trusted with it: nothing is guessed
    /// (§2). It fails on the first byte that shows a fault in what both versions begin with, in the length, and in
    /// the characters of a line; addresses and TLVs are read when the header is whole, as the specification asks.
    package static func parse(_ bytes: Span<UInt8>) throws(ProxyHeaderError) -> ProxyHeader? {
        guard bytes.count > 0 else { return nil }
        if bytes[0] == signature[0] { return try binary(bytes) }
        return try text(bytes)
    }

    /// §2.2.
    private static func binary(_ bytes: Span<UInt8>) throws(ProxyHeaderError) -> ProxyHeader? {
        for index in 0..<min(bytes.count, signature.count) where bytes[index] != signature[index] {
            throw .notProxyHeader
        }
        guard bytes.count > 12 else { return nil }
        let command = try command(bytes[12])
        guard bytes.count > 13 else { return nil }
        // The family of LOCAL is ignored (§2.2).
        let family = command == .local ? .unspecified : try Family(bytes[13])
        guard bytes.count >= 16 else { return nil }
        let body = 16 + (Int(bytes[14]) << 8 | Int(bytes[15]))
        guard body <= largest else { throw .binaryTooLong }
        guard body - 16 >= family.addressesLength else { throw .binaryLength }
        guard bytes.count >= body else { return nil }
        var header = ProxyHeader(length: body, command: command)
        // Without a family it is unknown where addresses end and TLVs begin: all is skipped.
        guard family != .unspecified else { return header }
        try checkTLVs(bytes.extracting(0..<body), from: 16 + family.addressesLength)
        let size = family.addressLength
        guard size > 0 else { return header }
        let ports = 16 + 2 * size
        header.source = endpoint(bytes, address: 16, size, port: ports)
        header.destination = endpoint(bytes, address: 16 + size, size, port: ports + 2)
        return header
    }

    private static func command(_ byte: UInt8) throws(ProxyHeaderError) -> Command {
        guard byte >> 4 == 2 else { throw .binaryVersion }
        switch byte {
        case ProxyWire.local: return .local
        case ProxyWire.proxy: return .proxy
        default: throw .binaryCommand
        }
    }

    /// The endpoint in `bytes`, which hold all of it.
    private static func endpoint(_ bytes: Span<UInt8>, address: Int, _ size: Int, port: Int) -> Endpoint {
        var contents: [UInt8] = []
        contents.append(bytes, address..<(address + size))
        return Endpoint(address: contents, port: UInt16(bytes[port]) << 8 | UInt16(bytes[port + 1]))
    }

    /// Walks the TLVs from `start` to the end of `header` (§2.2) and verifies the checksum, when there is one
    /// (§2.2.3).
    private static func checkTLVs(_ header: Span<UInt8>, from start: Int) throws(ProxyHeaderError) {
        var reader = FieldReader(header, start..<header.count)
        var checksum: Range<Int>?
        while !reader.isAtEnd {
            guard let type = reader.byte(header), let contents = reader.field(header) else { throw .binaryTLV }
            guard type == ProxyWire.checksum else { continue }
            guard checksum == nil, contents.count == 4 else { throw .binaryTLV }
            checksum = contents
        }
        guard let checksum else { return }
        var stored = FieldReader(header, checksum)
        guard stored.fourByteInteger(header) == CRC32C.checksum(header, zeroed: checksum) else {
            throw .binaryChecksum
        }
    }
}

extension ProxyHeader {
    /// What the 14th byte of a version 2 header says of the addresses (§2.2).
    private enum Family {
        case unspecified, ipv4, ipv6, unix

        /// Fails for what the specification does not have, and for datagrams: the header came over a stream.
        init(_ byte: UInt8) throws(ProxyHeaderError) {
            let (family, transport) = (byte >> 4, byte & 0x0F)
            guard family <= 3, transport <= 1 else { throw .binaryFamily }
            guard transport == 1 else {
                self = .unspecified
                return
            }
            switch family {
            case 1: self = .ipv4
            case 2: self = .ipv6
            case 3: self = .unix
            default: self = .unspecified
            }
        }

        /// Bytes of one IP address.
        var addressLength: Int {
            switch self {
            case .unspecified, .unix: 0
            case .ipv4: 4
            case .ipv6: 16
            }
        }

        /// Bytes of both addresses and the ports.
        var addressesLength: Int {
            switch self {
            case .unspecified: 0
            case .ipv4, .ipv6: 2 * addressLength + 4
            case .unix: 216
            }
        }
    }
}
