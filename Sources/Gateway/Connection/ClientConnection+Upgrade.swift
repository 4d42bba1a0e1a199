import Reactor
import TLS
import Tunnel
import Wire

/// The upgrade to WebSocket (RFC 6455 §4.2): the connection becomes the channel of a session.
extension ClientConnection {
    mutating func upgrade(_ accepted: Handshake.Accepted, _ route: Route, _ head: RequestHead) {
        guard let exchange else { return }
        exchange.request.status = HTTPStatus.switchingProtocols.code
        let buffers = loop.pointee.buffers
        let room = UnsafeMutableRawBufferPointer(start: buffers.plain, count: buffers.plainCapacity)
        guard let count = accepted.writeResponse(into: room, sha1: Digest.sha1), write(buffers.plain, count: count)
        else { return clientLost() }
        loop.pointee.figures.responded(HTTPStatus.switchingProtocols.code)
        machine.upgraded()
        limitNothing()
        exchange.isUnderWay = false
        client.address = exchange.request.address  // no other request comes that could name another
        beginSession(exchange.request, route, head, accepted)
    }

    /// `head` and `accepted`: the request, and what was agreed on; nil: there was none.
    mutating func beginSession(
        _ request: RequestFacts, _ route: Route, _ head: RequestHead?, _ accepted: Handshake.Accepted?
    ) {
        session = .make(loop, .connection(address), client, request, route, head, accepted)
    }

    /// The next part of what the client has sent after its request without waiting for the 101, in the loop's `plain` buffer;
    /// nil: there is no more.
    mutating func takeEarlyInput() -> Int? {
        guard let exchange, !exchange.held.isEmpty else { return nil }
        let count = min(exchange.held.count, loop.pointee.buffers.plainCapacity)
        exchange.held.bytes.baseAddress.map { loop.pointee.buffers.plain.copyMemory(from: $0, byteCount: count) }
        exchange.held.consume(count)
        return count
    }
}

extension SessionPointer {
    /// Begins a session over a channel, in a place of its loop's slab. `head` and `accepted`: the request, and what was agreed
    /// on; nil: there was none.
    static func make(
        _ loop: LoopPointer, _ channel: ClientChannel, _ client: ClientFacts, _ request: RequestFacts, _ route: Route,
        _ head: RequestHead?, _ accepted: Handshake.Accepted?
    ) -> SessionPointer {
        let (token, session) = loop.pointee.sessions.reserve()
        let record = SessionRecord(request, upstreamName: route.upstreamName)
        record.subprotocol = accepted?.subprotocol
        record.deflate = accepted?.deflate
        session.initialize(
            to: Session(
                loop, token: token, address: session, channel: channel, client: client, route: route, record: record,
                head: route.readsRequest ? head : nil))
        return session
    }
}
