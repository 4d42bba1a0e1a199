import Text

extension ProxyHeader {
    /// The header that tells a broker of the client at `source` that connected to `destination`, command PROXY.
    ///
    /// It goes out in one write, in front of everything else (§2.2): Mosquitto closes a connection whose header comes
    /// in parts. When the families differ, the IPv4 side becomes an IPv4-mapped IPv6 address. A side that has no address, as
    /// on a unix socket, is `nowhere`: brokers refuse a header without addresses (LOCAL, UNSPEC, UNKNOWN). Version 1
    /// leaves `details` out; `ProxyTLVs` says what version 2 leaves out.
    package static func bytes(
        _ version: Version, from source: Endpoint, to destination: Endpoint, _ details: Details
    ) -> [UInt8] {
        let pair = sameFamily(known(source), known(destination))
        return switch version {
        case .v1: text(pair)
        case .v2: binary(pair, details)
        }
    }

    private typealias Pair = (source: Endpoint, destination: Endpoint)

    /// Whoever connects over a socket without addresses is on this machine.
    private static let nowhere = Endpoint(address: [127, 0, 0, 1], port: unknownPort)

    /// Written for a port that is not known. Mosquitto 2.1 resets a connection with port 0 in version 1, though §2.1
    /// allows it; no client connects from port 1.
    private static let unknownPort: UInt16 = 1

    private static func known(_ endpoint: Endpoint) -> Endpoint {
        endpoint.address.count == 4 || endpoint.address.count == 16 ? endpoint : nowhere
    }

    /// Both sides in one family.
    private static func sameFamily(_ source: Endpoint, _ destination: Endpoint) -> Pair {
        switch (source.address.count, destination.address.count) {
        case (4, 16): (mapped(source), destination)
        case (16, 4): (source, mapped(destination))
        default: (source, destination)
        }
    }

    private static func mapped(_ endpoint: Endpoint) -> Endpoint {
        Endpoint(address: AddressText.mappedPrefix + endpoint.address, port: endpoint.port)
    }

    /// §2.1.
    private static func text(_ pair: Pair) -> [UInt8] {
        let family = pair.source.address.count == 4 ? "TCP4" : "TCP6"
        let ends = [pair.source, pair.destination]
        let addresses = ends.map { AddressText.text($0.address) ?? "" }
        let ports = ends.map { String($0.port == 0 ? unknownPort : $0.port) }
        return Array("PROXY \(family) \((addresses + ports).joined(separator: " "))\r\n".utf8)
    }

    /// §2.2.
    private static func binary(_ pair: Pair, _ details: Details) -> [UInt8] {
        let (source, destination) = pair
        var body = source.address + destination.address
        for port in [source.port, destination.port] { body += [UInt8(port >> 8), UInt8(truncatingIfNeeded: port)] }
        body += ProxyTLVs.bytes(details, addresses: body.count)
        var header = signature
        header += [ProxyWire.proxy, source.address.count == 4 ? ProxyWire.tcp4 : ProxyWire.tcp6]
        header.append(field: body)
        return header
    }
}
