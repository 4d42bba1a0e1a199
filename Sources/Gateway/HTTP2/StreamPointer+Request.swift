import HTTP2
import Reactor
import TLS
import Tunnel
import Wire

/// The request of a stream, and its response.
extension StreamPointer {
    /// Finds out what the request comes to, and answers it.
    func serve(_ block: HTTP2Head, isTooLong: Bool) {
        guard let exchange = pointee.exchange, let own = pointee.connection.pointee.exchange else { return }
        exchange.isExtendedConnect = !block.connectProtocol.isEmpty
        exchange.request.isHead = block.method.elementsEqual("HEAD".utf8)
        exchange.request.httpVersion = "2.0"
        guard !isTooLong else {
            return refuse(
                .requestHeaderFieldsTooLarge, detail: "The fields of the request are longer than is allowed.",
                cause: .requestRefused)
        }
        let head: RequestHead
        do throws(HTTPError) {
            head = try RequestHead.parse(
                RequestHead.FieldBlock(
                    method: block.method, authority: block.authority, path: block.path,
                    connectProtocol: block.connectProtocol, host: block.host, lines: block.lines),
                hasBody: !pointee.hasEndedInput)
        } catch {
            pointee.connection.pointee.log(.info, "request refused: \(error.status.code), \(error.detail)")
            return respond(HTTPResponse(error), .requestRefused)
        }
        let routing = RequestRouting(
            loop: pointee.loop, client: pointee.client, listener: own.listener, generation: own.generation)
        switch routing.answer(head, &exchange.request) {
        case .response(let response, let cause): respond(response, cause)
        case .file(let file): send(file, exchange)
        case .session(let accepted, let route): begin(accepted, route, head, exchange)
        case .admin(let route): serveAdmin(head, route)
        }
    }

    /// The stream becomes the channel of a session (RFC 8441 §5).
    private func begin(
        _ accepted: Handshake.Accepted, _ route: Route, _ head: RequestHead, _ exchange: StreamExchange
    ) {
        exchange.request.status = HTTPStatus.ok.code
        exchange.isUnderWay = false
        var block = FieldBlock(status: HTTPStatus.ok.code)
        if let subprotocol = accepted.subprotocol { block.write("sec-websocket-protocol", value: subprotocol) }
        if let extensions = accepted.extensions { block.write("sec-websocket-extensions", value: extensions) }
        if let value = accepted.acceptValue(sha1: Digest.sha1) {
            block.write("sec-websocket-accept", value: String(decoding: value, as: UTF8.self))
        }
        send(block, hasContent: true)
        let loop = pointee.loop
        loop.pointee.figures.responded(HTTPStatus.ok.code)
        pointee.machine.upgraded()
        pointee.client = ClientFacts(
            pointee.client, id: loop.pointee.makeConnectionID(), address: exchange.request.address,
            acceptedAt: exchange.request.startedAt)
        pointee.exchange = nil
        let session = SessionPointer.make(
            loop, .stream(self), pointee.client, exchange.request, route, head, accepted)
        pointee.session = session
        session.updateInterest()
    }

    // MARK: Responses

    /// Answers with a status that tells why the request is not served.
    func refuse(_ status: HTTPStatus, detail: String, cause: EndCause) {
        pointee.connection.pointee.log(.info, "request refused: \(status.code), \(detail)")
        respond(HTTPResponse(status: status, detail: detail), cause)
    }

    /// Sends a response, without its content to a HEAD.
    func respond(_ response: HTTPResponse, _ cause: EndCause) {
        guard let exchange = pointee.exchange else { return }
        exchange.request.status = response.status.code
        var block = head(response.status, response.fields, isPlain: exchange.isExtendedConnect)
        let body = exchange.isExtendedConnect ? [] : response.body
        if !response.status.forbidsContent { block.write("content-length", body.count) }
        let hasContent = !exchange.request.isHead && !response.status.forbidsContent && !body.isEmpty
        if hasContent {
            keep(body)
            pointee.output.isEnd = true
        }
        responseBegan(response.status)
        send(block, hasContent: hasContent)
        finish(exchange, cause)
    }

    /// The head of a response. `isPlain`: without the fields that describe a content.
    func head(_ status: HTTPStatus, _ fields: [HTTPField], isPlain: Bool = false) -> FieldBlock {
        var block = FieldBlock(status: status.code)
        block.write("date", value: pointee.loop.pointee.httpDate())
        block.write("server", "sluice")
        for field in fields where !field.isOfConnection {
            if isPlain, field.isNamed("content-type") || field.isNamed("x-content-type-options") { continue }
            block.write(field.name, field.value)
        }
        return block
    }

    /// A response is under way.
    func responseBegan(_ status: HTTPStatus) {
        pointee.loop.pointee.counters.add(.responses)
        pointee.loop.pointee.figures.responded(status.code)
        pointee.machine.sendingBegan()
        pointee.limit(ClientConnection.sendLimit)
    }

    private func send(_ file: FileAnswer, _ exchange: StreamExchange) {
        exchange.request.status = file.status.code
        exchange.file = file
        var block = head(file.status, [])
        file.writeFields(to: &block)
        let hasContent = !exchange.request.isHead && file.length > 0
        if hasContent { send(file: file) }
        responseBegan(file.status)
        send(block, hasContent: hasContent)
        if !hasContent { finish(exchange, file.cause) }
    }

    /// Counts what an exchange has come to, and writes its line in the access log.
    func finish(_ exchange: StreamExchange, _ cause: EndCause) {
        guard exchange.isUnderWay else { return }
        exchange.isUnderWay = false
        pointee.loop.pointee.logEnd(of: exchange.request, pointee.client, cause) { describe(nil, exchange.request) }
    }
}

extension HTTPField {
    /// Whether HTTP/2 has no such field, or it is written for every response (RFC 9113 §8.2.2).
    fileprivate var isOfConnection: Bool {
        ["date", "server", "content-length", "transfer-encoding", "connection", "upgrade", "keep-alive"]
            .contains { isNamed($0) }
    }
}

/// The fields of a response over HTTP/2.
extension FieldBlock: FieldSink {
    package mutating func write(_ name: StaticString, _ value: StaticString) {
        name.withUTF8Buffer { appendName($0) }
        value.withUTF8Buffer { appendValue($0) }
    }

    package mutating func write(_ name: StaticString, value: String) {
        name.withUTF8Buffer { appendName($0) }
        appendValue(value.utf8)
    }

    package mutating func write(_ name: StaticString, _ value: ShortText) {
        name.withUTF8Buffer { appendName($0) }
        value.withBytes { appendValue($0) }
    }

    package mutating func write(_ name: StaticString, _ number: Int) {
        name.withUTF8Buffer { appendName($0) }
        appendValue(String(number).utf8)
    }

    package mutating func write(_ name: String, _ value: String) {
        guard HTTPField.isName(name) else { return }
        appendName(name.utf8)
        appendValue(value.utf8)
    }
}
