import Reactor
import Tunnel
import Wire

/// The PROXY protocol of a front: whom it speaks for.
extension ClientConnection {
    /// Whether whoever has connected is allowed to speak for others.
    func isTrustedFront(_ site: Site) -> Bool {
        let address = client.address.bytes
        return site.settings.realIP.trusted.contains { $0.contains(address) }
    }

    /// Reads bytes of the front's header, and what comes after it.
    mutating func readProxyHeader() {
        let buffer = loop.pointee.buffers.plain
        switch leg.receive(into: buffer, capacity: HTTPExchange.readSize) {
        case .bytes(let count):
            exchange?.held.append(UnsafeRawBufferPointer(start: buffer, count: count))
            examineProxyHeader()
        case .nothing: break
        case .end, .failed:
            tls = nil
            clientLost()
        }
    }

    private mutating func examineProxyHeader() {
        guard let exchange else { return }
        let waiting = UnsafeBufferPointer(exchange.held.bytes.bindMemory(to: UInt8.self))
        do throws(ProxyHeaderError) {
            guard let header = try ProxyHeader.parse(waiting.span) else { return }
            guard record(header) else {
                tls = nil
                return end(.handshakeRate)
            }
            exchange.held.consume(header.length)
            machine.proxyHeaderRead(carriesMQTT: client.carriesMQTT)
            let site = exchange.request.site
            switch machine.phase {
            case .tunnelling: beginMQTT()
            case .handshaking: limit(site.handshakeTimeout)
            default: limit(site.headerTimeout)
            }
            readAfterProxyHeader()
        } catch {
            log(.warn, "the load balancer's PROXY header is invalid: \(error)")
            tls = nil
            end(.proxyHeaderInvalid)
        }
    }

    /// A header without addresses leaves those of the connection: LOCAL is a front's own health check. False: the client makes
    /// more connections than `limit_handshake_rate` allows.
    private mutating func record(_ header: ProxyHeader) -> Bool {
        guard header.command == .proxy, let source = header.source,
            let address = CompactAddress(bytes: source.address, port: source.port)
        else { return true }
        client.address = address
        client.destination = header.destination.flatMap { CompactAddress(bytes: $0.address, port: $0.port) }
        exchange?.request.address = address
        let limits = exchange?.request.site.limits
        guard limits?.takeHandshake([.ip], from: address, now: loop.pointee.now) != nil else { return true }
        log(.info, "connection refused: limit_handshake_rate per=ip")
        loop.pointee.figures.limitRefused(LimitRefusal(.handshakeRate, .ip))
        return false
    }

    /// What came with the header belongs to TLS, or to the first request.
    private mutating func readAfterProxyHeader() {
        guard let exchange, !exchange.held.isEmpty else { return }
        guard tls != nil else { return serve() }  // MQTT waits for the session
        let count = exchange.held.count
        let buffer = loop.pointee.buffers.cipher
        exchange.held.bytes.baseAddress.map { buffer.copyMemory(from: $0, byteCount: count) }
        exchange.held.clear()
        take(decrypt(buffer, count: count))
    }
}
