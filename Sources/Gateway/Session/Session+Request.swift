import Configuration
import Reactor
import TLS
import Tunnel
import Wire

/// HTTP/1.1: the request head, where it leads, and the upgrade to WebSocket (RFC 9112, RFC 6455 §4.2).
extension Session {
    /// Bytes of the request head.
    mutating func readRequest(_ bytes: UnsafeMutableRawPointer, count: Int) {
        held.append(UnsafeRawBufferPointer(start: bytes, count: count))
        let waiting = UnsafeBufferPointer(held.bytes.bindMemory(to: UInt8.self))
        // Known before the head is whole, and when it never is. Empty lines may come first (RFC 9112 §2.2).
        record.isHead = waiting.drop { $0 == 0x0D || $0 == 0x0A }.starts(with: "HEAD ".utf8)
        do throws(HTTPError) {
            guard let end = try scanner.end(in: waiting.span) else { return }
            let head = try RequestHead.parse(waiting.extracting(0..<end).span)
            held.consume(end)
            route(head)
        } catch {
            record.httpStatus = error.status.code
            log(.info, "request refused: \(error.status.code), \(error.detail)")
            respond(HTTPResponse(error), .requestRefused)
        }
    }

    private mutating func route(_ head: RequestHead) {
        record.isHead = head.method == "HEAD"
        record.uri = loop.pointee.tokenPlaces.hiddenTarget(of: head)
        record.httpVersion = "1.\(head.minorVersion)"
        let listener = loop.pointee.listeners[self.listener]
        if let host = head.host { record.server = listener.server(named: host) }
        let site = loop.pointee.site(record.server)
        if let address = site.settings.realIP.clientAddress(head, behind: clientAddress) { clientAddress = address }
        if site.logsRequestFields { record.head = loop.pointee.tokenPlaces.hidden(in: head) }
        if let server = record.tlsServer, server != record.server, site.settings.tls?.clientVerification != nil {
            // Another server's handshake has not asked for what this one demands. RFC 9110 §15.5.20
            return refuse(
                .misdirectedRequest, detail: "TLS was set up for another server name (SNI).", cause: .requestRefused)
        }
        guard let index = site.location(for: head.path) else {
            return refuse(.notFound, detail: "Nothing is served at this path.", cause: .requestRefused)
        }
        record.location = index
        if site.policies[index]?.readsRequest ?? false || readsRequest(site.locations[index]) { record.request = head }
        switch site.locations[index].action {
        case .mqtt(let upstream): upgrade(head, site.locations[index], upstream)
        case .files(let root, let file):
            guard site.policies[index]?.allows(clientAddress) ?? true else {
                return refuse(.forbidden, detail: "This address may not in.", cause: .addressRefused)
            }
            serveFile(head, root: root, index: file)
        }
    }

    /// Whether the balancer's key asks for parts of the request.
    private func readsRequest(_ location: LocationSettings) -> Bool {
        guard case .mqtt(let pool) = location.action else { return false }
        return loop.pointee.upstreams[pool].hashKey?.usesRequest ?? false
    }

    // MARK: WebSocket

    private mutating func upgrade(_ head: RequestHead, _ location: LocationSettings, _ upstream: Int) {
        let rules = HandshakeRules(
            subprotocols: location.webSocket.subprotocols, requireSubprotocol: location.webSocket.requireSubprotocol,
            origins: location.webSocket.origins)
        do throws(HandshakeRefusal) {
            let accepted = try Handshake.evaluate(head, rules: rules)
            record.httpStatus = HTTPStatus.switchingProtocols.code
            record.upstreamName = loop.pointee.upstreams[upstream].name
            isWebSocket = true
            uplink.setStrict(location.webSocket.isStrict)
            let room = UnsafeMutableRawBufferPointer(
                start: loop.pointee.buffers.plain, count: loop.pointee.buffers.plainCapacity)
            guard let count = accepted.writeResponse(into: room, sha1: Digest.sha1),
                writeClient(loop.pointee.buffers.plain, count: count), flushTLS()
            else { return clientLost() }
            machine.upgraded()
            limit(location.mqtt.connectTimeout.milliseconds)
            readBehindRequest()
        } catch {
            log(.info, "upgrade refused: \(error.status.code), \(error.detail)")
            record.httpStatus = error.status.code
            respond(HTTPResponse(error), error.status == .forbidden ? .originRefused : .requestRefused)
        }
    }

    /// Some clients send frames without waiting for the 101: they lie in `held` behind the head.
    private mutating func readBehindRequest() {
        let count = held.count
        guard count > 0, count <= loop.pointee.buffers.plainCapacity else { return }
        let buffer = loop.pointee.buffers.plain
        held.bytes.baseAddress.map { buffer.copyMemory(from: $0, byteCount: count) }
        held.clear()
        received(buffer, count: count)
    }

    // MARK: Answers

    mutating func refuse(_ status: HTTPStatus, detail: String, cause: EndCause) {
        record.httpStatus = status.code
        log(.info, "request refused: \(status.code), \(detail)")
        respond(HTTPResponse(status: status, detail: detail), cause)
    }

    /// Sends a response, without its content to a HEAD, and ends the session.
    mutating func respond(_ response: HTTPResponse, _ cause: EndCause) {
        held.clear()
        let bytes = response.bytes(date: loop.pointee.httpDate(), omittingBody: record.isHead)
        guard writeClient(bytes) else { return clientLost() }
        close(cause)
    }
}
