import Reactor
import Tunnel
import Wire

/// HTTP responses, and what follows them: the next request, or the end.
extension ClientConnection {
    /// Answers a request with a status that tells why it is not served.
    mutating func refuse(_ status: HTTPStatus, detail: String, cause: EndCause) {
        log(.info, "request refused: \(status.code), \(detail)")
        respond(HTTPResponse(status: status, detail: detail), cause)
    }

    /// Sends a response, without its content to a HEAD.
    mutating func respond(_ response: HTTPResponse, _ cause: EndCause) {
        guard let exchange else { return }
        exchange.request.status = response.status.code
        let bytes = response.bytes(
            date: loop.pointee.httpDate(), omittingBody: exchange.request.isHead, persistence: exchange.persistence)
        guard write(bytes) else { return clientLost() }
        responseSent(cause)
    }

    /// The response has been written whole. `cause` is what its exchange has come to.
    mutating func responseSent(_ cause: EndCause) {
        guard let exchange else { return }
        loop.pointee.counters.add(.responses)
        if let status = exchange.request.status { loop.pointee.figures.responded(status) }
        guard exchange.persistence != .close else { return end(cause) }
        logEnd(of: exchange, cause)
        exchange.next(client, now: loop.pointee.now)
        machine.responseSent()
        limit(exchange.request.site.keepaliveTimeout)
    }

    /// Counts what an exchange has come to, and writes its line in the access log.
    mutating func logEnd(of exchange: HTTPExchange, _ cause: EndCause) {
        guard exchange.isUnderWay else { return }
        exchange.isUnderWay = false
        loop.pointee.logEnd(of: exchange.request, client, cause) { describe(nil, request: exchange.request) }
    }
}

extension LoopContext {
    /// Counts what a request has come to, and writes its line in the access log.
    mutating func logEnd(
        of request: RequestFacts, _ client: ClientFacts, _ cause: EndCause, describe: () -> ConnectionDescription
    ) {
        counters.count(cause)
        log.write(.debug, of: client, request.address, "ended: \(cause.rawValue)")
        // Requests that were served are no ends of connections, and would drive out those that tell something.
        if cause != .served, generation.hasAdmin { recentEnds.record(describe(), cause) }
        guard let accessLog = request.accessLog else { return }
        let line = AccessLogLine(client: client, request: request, cause: cause, duration: now - request.startedAt)
        accessLog.write(line)
    }
}
