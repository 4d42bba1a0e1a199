import CShims
import Reactor
import TLS
import Telemetry
import Tunnel
import Wire

/// The PROXY protocol towards the broker: who its client is.
extension Session {
    /// Sends the header and the CONNECT in one write: some brokers read the header in one go. False: the peer is gone.
    func sendAfterProxyHeader(
        _ version: ProxyHeader.Version, _ connect: UnsafeRawPointer, count: Int, _ opening: Opening
    ) -> Bool {
        var bytes = proxyHeader(version, opening)
        bytes.append(contentsOf: UnsafeRawBufferPointer(start: connect, count: count))
        return bytes.withUnsafeMutableBytes { bytes in
            guard let start = bytes.baseAddress else { return true }
            defer { CShims_wipe(start, bytes.count) }  // it may hold a password
            return opening.attempt.leg.send(start, count: bytes.count)
        }
    }

    private func proxyHeader(_ version: ProxyHeader.Version, _ opening: Opening) -> [UInt8] {
        let ends = proxyEnds(opening)
        let source = ProxyHeader.Endpoint(ends.source)
        let destination = ProxyHeader.Endpoint(ends.destination)
        guard version == .v2 else {
            return ProxyHeader.bytes(version, from: source, to: destination, ProxyHeader.Details())
        }
        var details = ProxyHeader.Details()
        details.uniqueID = LogText.connectionID(client.id)
        guard let handshake = channel.handshakeFacts else {
            return ProxyHeader.bytes(version, from: source, to: destination, details)
        }
        details.alpn = handshake.applicationProtocol
        details.authority = handshake.serverName
        let tellsName = route.pool.map { loop.pointee.upstreams[$0].settings.proxyProtocol.tellsCommonName } ?? false
        details.tls = ProxyHeader.TLS(
            version: client.tlsVersion, cipher: client.tlsCipher,
            // Certificates that do not verify end the handshake.
            certificate: client.certificate == nil
                ? .none : handshake.isResumed ? .resumed(isVerified: true) : .presented(isVerified: true),
            commonName: tellsName ? client.certificate?.commonName : nil)
        return ProxyHeader.bytes(version, from: source, to: destination, details)
    }

    /// Who speaks with whom, as the broker is told. A client of a unix socket has no address: the broker sees the gateway's,
    /// if that has one.
    private func proxyEnds(_ opening: Opening) -> (source: CompactAddress, destination: CompactAddress) {
        let own = Kernel.localAddress(opening.attempt.leg.descriptor).map { CompactAddress($0) } ?? CompactAddress()
        guard !record.request.address.bytes.isEmpty else {
            let peer = place.map { loop.pointee.upstreams[Int($0.pool)].peers[Int($0.peer)].address }
            return (own, peer.map { CompactAddress($0) } ?? own)
        }
        let local = client.destination ?? channel.localAddress
        return (record.request.address, local.flatMap { $0.bytes.isEmpty ? nil : $0 } ?? own)
    }
}
