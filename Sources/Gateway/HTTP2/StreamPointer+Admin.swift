import Reactor
import Tunnel
import Wire

/// The operator's side over HTTP/2.
extension StreamPointer {
    /// Takes a request to the operator's side whose head has come.
    func serveAdmin(_ head: RequestHead, _ route: Route) {
        guard let exchange = pointee.exchange else { return }
        exchange.incomplete = HTTPExchange.IncompleteRequest(head: head, route: route, length: head.contentLength ?? 0)
        pointee.limit(route.site.headerTimeout)
        contentCame()
    }

    /// More of a request's content has come, or its end.
    func contentCame() {
        guard let exchange = pointee.exchange, let request = exchange.incomplete,
            let own = pointee.connection.pointee.exchange
        else { return }
        guard pointee.held.count <= AdminLimits.content, request.length <= AdminLimits.content else {
            exchange.incomplete = nil
            pointee.held.clear()
            return refuse(
                .contentTooLarge, detail: "The content may have \(AdminLimits.content) bytes.", cause: .requestRefused)
        }
        guard pointee.hasEndedInput else { return }
        exchange.incomplete = nil
        let body = Array(pointee.held.bytes)
        pointee.held.clear()
        pointee.machine.answerAwaited()
        pointee.limit(AdminLimits.answer)
        let loop = pointee.loop
        let job = AdminJob(
            request: AdminRequest(
                request.head, body: body, prefix: request.route.location.match.path, address: exchange.request.address,
                client: pointee.client),
            route: request.route, listener: own.listener, mailbox: loop.pointee.mailbox,
            connection: .stream(pointee.token))
        if !loop.pointee.admin.submit(job) { answerIsMissing() }
    }

    /// Nobody has made the answer in time.
    func answerIsMissing() {
        pointee.machine.answerCame()
        refuse(.serviceUnavailable, detail: "The gateway is busy with other requests.", cause: .requestRefused)
    }

    /// What another thread has for the client. One that comes late finds another state, and is dropped.
    func answer(_ answer: AdminAnswer) {
        take(answer)
        pointee.connection.pump()
        pointee.connection.updateOwnInterest()
    }

    private func take(_ answer: AdminAnswer) {
        switch answer {
        case .whole(let response):
            guard pointee.machine.phase == .answering else { return }
            pointee.machine.answerCame()
            respond(
                HTTPResponse(status: response.status, fields: response.fields, body: response.body),
                response.status.code < 400 ? .served : .requestRefused)
        case .begin(let response, let parts):
            guard pointee.machine.phase == .answering, let exchange = pointee.exchange else {
                parts.finish()
                return
            }
            pointee.machine.answerCame()
            exchange.parts = parts
            exchange.request.status = response.status.code
            responseBegan(response.status)
            pointee.limit(parts.limit)
            keep(response.body)
            send(head(response.status, response.fields), hasContent: true)
        case .part(let bytes):
            guard pointee.exchange?.parts != nil, !pointee.isOver else { return }
            keep(bytes)
            if pointee.backlog.count > AdminLimits.streamRoom { endParts(.slow) }
        case .end: endParts(nil)
        }
    }

    /// Ends the answer in parts that is under way; `reason`: its writer does not know yet, and has a last word.
    func endParts(_ reason: AdminStream.End?) {
        guard let exchange = pointee.exchange, let parts = exchange.parts else { return }
        if let reason, let words = parts.end(reason) { keep(words) }
        parts.finish()
        exchange.parts = nil
        pointee.limit(ClientConnection.sendLimit)
        endOutput()
    }
}
