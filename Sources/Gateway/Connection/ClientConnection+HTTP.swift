import Configuration
import Reactor
import Tunnel
import Wire

/// HTTP/1.1 requests (RFC 9112): one after the other on a connection that is kept open, also those that a client has sent
/// without waiting for the answer before.
extension ClientConnection {
    /// Requests that one turn answers: other connections have their turn in between.
    private static let requestsPerTurn = 16

    /// Takes what a read has brought.
    mutating func take(_ input: Input) {
        if input.count > 0, let exchange {
            exchange.held.append(
                UnsafeRawBufferPointer(start: UnsafeRawPointer(loop.pointee.buffers.plain), count: input.count))
            if machine.phase == .readingRequest { serve() }
        }
        // Answers of TLS itself, too: a key update, a ticket, an alert. Always: the next connection finds the buffer empty,
        // or it would send what is meant for this one.
        _ = flushTLS()
        if !isAnswered { limitAnswers() }
        if input.isAtEnd { inputEnded() }
    }

    /// The client sends no more; what it has asked for is still sent to it.
    private mutating func inputEnded() {
        switch machine.phase {
        case .handshaking:
            loop.pointee.figures.handshakeFailed(.lost)
            clientLost()
        case .readingProxyHeader: clientLost()
        case .readingRequest: endIfAllIsAnswered()
        case .sending where exchange?.stream != nil: clientLost()  // nobody reads on
        case .answering, .sending, .tunnelling, .multiplexing, .closing, .closed: break
        }
    }

    /// Ends a connection whose client has said that it sends no more, once it has the answers to all that it has asked for.
    mutating func endIfAllIsAnswered() {
        guard machine.phase == .readingRequest, leg.isAtEnd, isAnswered else { return }
        end(.clientLost)
    }

    /// Whether nothing waits for the client to take more: neither bytes, nor requests that have come whole.
    private var isAnswered: Bool { leg.isFlushed && !(exchange?.mustGoOn ?? false) }

    /// The socket takes bytes again, or it is this connection's turn again.
    mutating func goOn() {
        switch machine.phase {
        case .sending where exchange?.stream == nil: sendFile()
        case .readingRequest: serve()
        default: return
        }
        _ = flushTLS()
        limitAnswers()
        endIfAllIsAnswered()
    }

    /// A client that is slow to take its answers is not idle, and has asked in time.
    mutating func limitAnswers() {
        guard machine.phase == .readingRequest, let exchange, !exchange.isUnderWay else { return }
        limit(isAnswered ? exchange.request.site.keepaliveTimeout : Self.sendLimit)
    }

    /// Answers requests that have come whole, while the client takes the answers.
    mutating func serve() {
        guard let exchange else { return }
        exchange.mustGoOn = false
        for _ in 0..<Self.requestsPerTurn {
            guard machine.phase == .readingRequest, leg.isFlushed else { return }
            if let request = exchange.incomplete {
                guard exchange.held.count >= request.length else { return }
                ask(request, exchange)
            } else {
                guard let head = nextHead(exchange) else { return }
                route(head, exchange)
            }
        }
        exchange.mustGoOn = machine.phase == .readingRequest && !exchange.held.isEmpty
    }

    /// The next request's head, if it is there whole.
    private mutating func nextHead(_ exchange: HTTPExchange) -> RequestHead? {
        guard !exchange.held.isEmpty else { return nil }
        if exchange.beginIfNew(now: loop.pointee.now) { limit(exchange.request.site.headerTimeout) }
        let waiting = UnsafeBufferPointer(exchange.held.bytes.bindMemory(to: UInt8.self))
        do throws(HTTPError) {
            guard let end = try exchange.scanner.end(in: waiting.span) else { return nil }
            let head = try RequestHead.parse(waiting.extracting(0..<end).span)
            exchange.held.consume(end)
            return head
        } catch {
            if error.cause == .otherProtocol(.http2), beginsHTTP2(exchange) {
                beginHTTP2()
                return nil
            }
            exchange.recordMethod(waiting)
            exchange.request.status = error.status.code
            log(.info, "request refused: \(error.status.code), \(error.detail)")
            respond(HTTPResponse(error), .requestRefused)
            return nil
        }
    }

    /// Finds out what a request comes to, and answers it.
    private mutating func route(_ head: RequestHead, _ exchange: HTTPExchange) {
        let routing = RequestRouting(
            loop: loop, client: client, listener: exchange.listener, generation: exchange.generation)
        let answer = routing.answer(head, &exchange.request)
        exchange.persistence = !head.hasBody && mayKeep(head, exchange) ? head.persistence : .close
        switch answer {
        case .response(let response, let cause): respond(response, cause)
        case .file(let file): beginFile(file)
        case .session(let accepted, let route): upgrade(accepted, route, head)
        case .admin(let route): serveAdmin(head, route)
        }
    }

    /// Whether another request may follow this one, if it is not granted an upgrade.
    func mayKeep(_ head: RequestHead, _ exchange: HTTPExchange) -> Bool {
        // A client may send frames without waiting for the answer to its upgrade: they must not be taken for a request. Nor
        // may content that is not read.
        guard !head.has(token: "websocket", in: "upgrade") else { return false }
        // After a reload or during a drain the client is to come back to whoever serves now.
        guard !loop.pointee.isStopping, exchange.generation === loop.pointee.generation else { return false }
        let site = exchange.listener.defaultServer.site
        return site.keepaliveTimeout > 0 && exchange.answered + 1 < site.settings.keepaliveRequests
    }

    /// The request, or the next one, did not come in time.
    mutating func requestTimedOut() {
        guard let exchange else { return }
        guard isAnswered else { return abort(.sendTimeout) }
        guard !exchange.held.isEmpty else {
            // A client that has sent nothing gets no answer: browsers open connections ahead of need.
            return end(exchange.isUnderWay ? .requestTimeout : .keepaliveTimeout)
        }
        exchange.recordMethod(UnsafeBufferPointer(exchange.held.bytes.bindMemory(to: UInt8.self)))
        refuse(.requestTimeout, detail: "The request did not arrive in time.", cause: .requestTimeout)
    }
}

extension HTTPExchange {
    /// A request that cannot be parsed may still be a HEAD, whose answer has no content. Empty lines may come first
    /// (RFC 9112 §2.2).
    fileprivate func recordMethod(_ waiting: UnsafeBufferPointer<UInt8>) {
        persistence = .close
        request.isHead = waiting.drop { $0 == 0x0D || $0 == 0x0A }.starts(with: "HEAD ".utf8)
    }
}
