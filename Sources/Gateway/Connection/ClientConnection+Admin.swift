import Reactor
import Tunnel
import Wire

/// The operator's side: a request is gathered whole and handed to the admin thread, whose answer comes as an order.
extension ClientConnection {
    /// Takes a request to the operator's side whose head has come.
    mutating func serveAdmin(_ head: RequestHead, _ route: Route) {
        guard let exchange else { return }
        guard head.hasBody else {
            return ask(HTTPExchange.IncompleteRequest(head: head, route: route, length: 0), exchange)
        }
        guard let length = head.contentLength else {
            return refuse(.lengthRequired, detail: "Send the content with Content-Length.", cause: .requestRefused)
        }
        guard length <= AdminLimits.content else {
            return refuse(
                .contentTooLarge, detail: "The content may have \(AdminLimits.content) bytes.", cause: .requestRefused)
        }
        // `serve` goes on when it is there.
        exchange.incomplete = HTTPExchange.IncompleteRequest(head: head, route: route, length: length)
    }

    /// Hands a whole request to the admin thread.
    mutating func ask(_ request: HTTPExchange.IncompleteRequest, _ exchange: HTTPExchange) {
        let body = Array(exchange.held.bytes.prefix(request.length))
        exchange.held.consume(request.length)
        exchange.incomplete = nil
        if mayKeep(request.head, exchange) { exchange.persistence = request.head.persistence }
        machine.answerAwaited()
        limit(AdminLimits.answer)
        let (mailbox, token) = (loop.pointee.mailbox, token)
        let job = AdminJob(
            request: AdminRequest(
                request.head, body: body, prefix: request.route.location.match.path, address: exchange.request.address,
                client: client),
            route: request.route, listener: exchange.listener, mailbox: mailbox, connection: .connection(token))
        if !loop.pointee.admin.submit(job) { answerIsMissing() }
    }

    /// Nobody has made the answer in time.
    mutating func answerIsMissing() {
        machine.answerCame()
        exchange?.persistence = .close  // an answer that comes late must not be taken for that to the next request
        refuse(.serviceUnavailable, detail: "The gateway is busy with other requests.", cause: .requestRefused)
    }

    /// What the admin thread has for the client. One that comes late finds another state, and is dropped.
    mutating func take(_ answer: AdminAnswer) {
        switch answer {
        case .whole(let response):
            guard machine.phase == .answering else { return }
            machine.answerCame()
            respond(
                HTTPResponse(status: response.status, fields: response.fields, body: response.body),
                response.status.code < 400 ? .served : .requestRefused)
            goOn()
        case .begin(let response, let stream):
            guard machine.phase == .answering else {
                stream.finish()
                return
            }
            machine.answerCame()
            begin(response, stream)
        case .part(let bytes):
            guard exchange?.stream != nil else { return }
            guard writePart(bytes), flushTLS() else { return clientLost() }
            if leg.backlog.count > AdminLimits.streamRoom { endStream(.slow) }
        case .end: endStream(nil)
        }
    }

    // MARK: Answers in parts

    private mutating func begin(_ response: AdminResponse, _ stream: AdminStream) {
        guard let exchange else { return }
        exchange.stream = stream
        exchange.request.status = response.status.code
        exchange.isChunked = exchange.request.httpVersion != "1.0"
        if !exchange.isChunked { exchange.persistence = .close }
        let head = HTTPResponse(status: response.status, fields: response.fields).streamHead(
            date: loop.pointee.httpDate(), isChunked: exchange.isChunked, persistence: exchange.persistence)
        machine.sendingBegan()
        limit(stream.limit)
        guard write(head), writePart(response.body), flushTLS() else { return clientLost() }
    }

    /// False: the client is gone.
    private mutating func writePart(_ bytes: [UInt8]) -> Bool {
        guard !bytes.isEmpty else { return true }
        return write(exchange?.isChunked ?? false ? HTTPResponse.chunk(bytes) : bytes)
    }

    /// Ends the answer in parts that is under way; `reason`: its writer does not know yet, and has a last word.
    mutating func endStream(_ reason: AdminStream.End?) {
        guard let exchange, let stream = exchange.stream else { return }
        if let reason, let words = stream.end(reason) { _ = writePart(words) }
        stream.finish()
        if exchange.isChunked { _ = write(HTTPResponse.chunk([])) }
        exchange.stream = nil
        guard flushTLS() else { return clientLost() }
        responseSent(.served)
        goOn()
    }
}

/// What requests to the operator's side, and their answers, may cost.
enum AdminLimits {
    /// Largest content of a request, in bytes.
    static let content = 64 * 1024
    /// Milliseconds in which the admin thread has to answer.
    static let answer: Int64 = 60_000
    /// Bytes of an answer in parts that may wait for a slow client.
    static let streamRoom = 1 << 20
}

extension AdminRequest {
    /// `prefix`: the location's path.
    init(
        _ head: RequestHead, body: [UInt8], prefix: String, address: CompactAddress, client: ClientFacts
    ) {
        method = head.method
        let rest = head.path.utf8.dropFirst(prefix.utf8.count)
        path = String(decoding: rest.drop { $0 == UInt8(ascii: "/") }, as: UTF8.self)
        query = head.query
        self.head = head
        self.body = body
        self.address = address
        isTLS = client.isTLS
    }
}
