import CShims
import Reactor
import TLS
import Telemetry
import Tunnel
import Wire

/// The PROXY protocol on both legs: from a front, who the client is; to a broker, the same.
extension Session {
    // MARK: From the front

    /// Whether whoever has connected may speak for others.
    var isTrustedFront: Bool {
        let address = clientAddress.bytes
        return record.site.settings.realIP.trusted.contains { $0.contains(address) }
    }

    /// Bytes of the front's header, and what comes behind it.
    mutating func readProxyHeader() {
        let buffer = loop.pointee.buffers.plain
        switch client.receive(into: buffer, capacity: 16 * 1024) {
        case .bytes(let count):
            held.append(UnsafeRawBufferPointer(start: buffer, count: count))
            examineProxyHeader()
        case .nothing: break
        case .end, .failed:
            tls = nil
            client.isAtEnd = true
            clientLost()
        }
    }

    private mutating func examineProxyHeader() {
        let waiting = UnsafeBufferPointer(held.bytes.bindMemory(to: UInt8.self))
        do throws(ProxyHeaderError) {
            guard let header = try ProxyHeader.parse(waiting.span) else { return }
            note(header)
            held.consume(header.length)
            machine.proxyHeaderRead()
            let site = record.site
            limit(phase == .handshaking ? site.handshakeTimeout : site.headerTimeout)
            readBehindProxyHeader()
        } catch {
            log(.warn, "the front's PROXY header: \(error)")
            tls = nil
            close(.proxyHeaderInvalid)
        }
    }

    /// A header without addresses leaves those of the connection: LOCAL is a front's own health check.
    private mutating func note(_ header: ProxyHeader) {
        guard header.command == .proxy, let source = header.source,
            let address = CompactAddress(bytes: source.address, port: source.port)
        else { return }
        clientAddress = address
        record.destination = header.destination.flatMap { CompactAddress(bytes: $0.address, port: $0.port) }
    }

    private mutating func readBehindProxyHeader() {
        let count = held.count
        guard count > 0 else { return }
        let buffer = tls == nil ? loop.pointee.buffers.plain : loop.pointee.buffers.cipher
        held.bytes.baseAddress.map { buffer.copyMemory(from: $0, byteCount: count) }
        held.clear()
        if tls == nil { received(buffer, count: count) } else { decrypt(buffer, count: count) }
    }

    // MARK: To the broker

    /// Sends the header and the CONNECT in one write: some brokers read the header at one go. False: the peer is gone.
    mutating func sendBehindProxyHeader(
        _ version: ProxyHeader.Version, _ connect: UnsafeRawPointer, count: Int
    ) -> Bool {
        var bytes = proxyHeader(version)
        bytes.append(contentsOf: UnsafeRawBufferPointer(start: connect, count: count))
        return bytes.withUnsafeMutableBytes { bytes in
            guard let start = bytes.baseAddress else { return true }
            defer { CShims_wipe(start, bytes.count) }  // it may hold a password
            return upstream.send(start, count: bytes.count)
        }
    }

    private mutating func proxyHeader(_ version: ProxyHeader.Version) -> [UInt8] {
        let ends = proxyEnds
        let source = ProxyHeader.Endpoint(ends.source)
        let destination = ProxyHeader.Endpoint(ends.destination)
        guard version == .v2 else {
            return ProxyHeader.bytes(version, from: source, to: destination, ProxyHeader.Details())
        }
        var details = ProxyHeader.Details()
        details.uniqueID = LogText.connectionID(id)
        guard record.isTLS else { return ProxyHeader.bytes(version, from: source, to: destination, details) }
        details.alpn = tls?.applicationProtocol
        details.authority = tls?.serverName
        let isResumed = tls?.isResumed ?? false
        let tellsName = loop.pointee.upstreams[pending?.pool ?? 0].settings.proxyProtocol.tellsCommonName
        details.tls = ProxyHeader.TLS(
            version: record.tlsVersion, cipher: record.tlsCipher,
            // Certificates that do not verify end the handshake.
            certificate: record.certificate == nil
                ? .none : isResumed ? .resumed(isVerified: true) : .presented(isVerified: true),
            commonName: tellsName ? record.certificate?.commonName : nil)
        return ProxyHeader.bytes(version, from: source, to: destination, details)
    }

    /// Who speaks with whom, as the broker is told. A client of a unix socket has no address: the broker sees the gateway's,
    /// if that has one.
    private var proxyEnds: (source: CompactAddress, destination: CompactAddress) {
        let own = Socket.localAddress(upstream.descriptor).map { CompactAddress($0) } ?? CompactAddress()
        guard !clientAddress.bytes.isEmpty else {
            let peer = place.map { loop.pointee.upstreams[Int($0.pool)].peers[Int($0.peer)].address }
            return (own, peer.map { CompactAddress($0) } ?? own)
        }
        let local = record.destination ?? Socket.localAddress(client.descriptor).map { CompactAddress($0) }
        return (clientAddress, local.flatMap { $0.bytes.isEmpty ? nil : $0 } ?? own)
    }
}
