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
        let places = loop.pointee.generation.tokenPlaces
        record.uri = places.hiddenTarget(of: head)
        record.httpVersion = "1.\(head.minorVersion)"
        guard let listener = record.listener else { return }
        let server = head.host.map(listener.server) ?? listener.defaultServer
        let site = server.site
        (record.site, record.listener) = (site, nil)
        if let address = site.settings.realIP.clientAddress(head, behind: clientAddress) { clientAddress = address }
        if site.logsRequestFields { record.head = places.hidden(in: head) }
        if let other = record.tlsSite, other !== site, site.settings.tls?.clientVerification != nil {
            // Another server's handshake has not asked for what this one demands. RFC 9110 §15.5.20
            return refuse(
                .misdirectedRequest, detail: "TLS was set up for another server name (SNI).", cause: .requestRefused)
        }
        guard let route = server.route(for: head.path) else {
            return refuse(.notFound, detail: "Nothing is served at this path.", cause: .requestRefused)
        }
        record.route = route
        if route.readsRequest { record.request = head }
        switch route.location.action {
        case .mqtt: upgrade(head, route)
        case .files(let root, let file):
            guard route.policy?.allows(clientAddress) ?? true else {
                return refuse(.forbidden, detail: "This address may not in.", cause: .addressRefused)
            }
            serveFile(head, root: root, index: file)
        }
    }

    // MARK: WebSocket

    private mutating func upgrade(_ head: RequestHead, _ route: Route) {
        do throws(HandshakeRefusal) {
            let accepted = try Handshake.evaluate(head, rules: route.handshakeRules)
            let digest = Digest.sha1(Handshake.acceptInput(key: accepted.key))
            record.httpStatus = HTTPStatus.switchingProtocols.code
            record.upstreamName = route.upstreamName
            isWebSocket = true
            uplink.setStrict(route.location.webSocket.isStrict)
            guard writeClient(Handshake.response(digest: digest.span, subprotocol: accepted.subprotocol)), flushTLS()
            else { return clientLost() }
            machine.upgraded()
            limit(route.connectTimeout)
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
