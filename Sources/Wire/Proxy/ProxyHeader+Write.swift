extension ProxyHeader {
    /// The header that tells a broker of the client at `source` that connected to `destination`, command PROXY.
    ///
    /// It goes out in one write, in front of everything else (§2.2): Mosquitto closes a connection whose header comes
    /// in parts. When the families differ, the IPv4 side becomes an IPv4-mapped IPv6 address. When an address is
    /// neither 4 nor 16 bytes, the header says that there is none: LOCAL (§2.2), in version 1 UNKNOWN (§2.1).
    /// Version 1 leaves `details` out; `ProxyTLVs` says what version 2 leaves out.
    package static func bytes(
        _ version: Version, from source: Endpoint, to destination: Endpoint, _ details: Details
    ) -> [UInt8] {
        let pair = sameFamily(source, destination)
        return switch version {
        case .v1: text(pair)
        case .v2: binary(pair, details)
        }
    }

    private typealias Pair = (source: Endpoint, destination: Endpoint)

    /// Both sides in one family; nil: one of them has no address.
    private static func sameFamily(_ source: Endpoint, _ destination: Endpoint) -> Pair? {
        switch (source.address.count, destination.address.count) {
        case (4, 4), (16, 16): (source, destination)
        case (4, 16): (mapped(source), destination)
        case (16, 4): (source, mapped(destination))
        default: nil
        }
    }

    private static func mapped(_ endpoint: Endpoint) -> Endpoint {
        Endpoint(address: AddressText.mappedPrefix + endpoint.address, port: endpoint.port)
    }

    /// §2.1.
    private static func text(_ pair: Pair?) -> [UInt8] {
        guard let (source, destination) = pair, let from = AddressText.text(source.address),
            let to = AddressText.text(destination.address)
        else { return Array("PROXY UNKNOWN\r\n".utf8) }
        let family = source.address.count == 4 ? "TCP4" : "TCP6"
        return Array("PROXY \(family) \(from) \(to) \(source.port) \(destination.port)\r\n".utf8)
    }

    /// §2.2.
    private static func binary(_ pair: Pair?, _ details: Details) -> [UInt8] {
        guard let (source, destination) = pair else {
            return signature + [ProxyWire.local, ProxyWire.unspecified, 0, 0]
        }
        var body = source.address + destination.address
        for port in [source.port, destination.port] { body += [UInt8(port >> 8), UInt8(truncatingIfNeeded: port)] }
        body += ProxyTLVs.bytes(details, addresses: body.count)
        var header = signature
        header += [ProxyWire.proxy, source.address.count == 4 ? ProxyWire.tcp4 : ProxyWire.tcp6]
        header.append(field: body)
        return header
    }
}
