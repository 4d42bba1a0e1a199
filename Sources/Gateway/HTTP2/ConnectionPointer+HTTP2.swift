import HTTP2
import Reactor
import TLS
import Tunnel

/// HTTP/2 on a connection: what its frames bring is passed to the streams, and what streams have leaves in frames.
extension ConnectionPointer {
    private var http2: HTTP2Pointer? { pointee.http2 }

    // MARK: From the client

    /// What a read has brought, in the loop's `plain` buffer.
    func framesCame(_ input: ClientConnection.Input) {
        if input.count > 0 { receiveFrames(pointee.loop.pointee.buffers.plain, count: input.count) }
        _ = pointee.flushTLS()  // answers of TLS itself
        if input.isAtEnd { loseStreams() }
    }

    func receiveFrames(_ bytes: UnsafeMutableRawPointer, count: Int) {
        guard let http2, !pointee.isEnding else { return }
        do throws(HTTP2Failure) {
            try http2.pointee.session.receive(bytes, count: count, now: pointee.loop.pointee.now)
        } catch {
            handleEvents()
            return fail(error)
        }
        handleEvents()
        pump()
        streamsChanged()
    }

    private func handleEvents() {
        guard let http2, !http2.pointee.isHandling else { return }
        http2.pointee.isHandling = true
        while !pointee.isEnding, let event = http2.pointee.session.nextEvent() { handle(event) }
        http2.pointee.isHandling = false
    }

    private func handle(_ event: HTTP2Event) {
        switch event {
        case .request(let id, let isEnd): beginStream(id, isEnd: isEnd)
        case .data(let id, let owner, let bytes, let count): stream(owner, id)?.received(bytes, count: count)
        case .end(let id, let owner): stream(owner, id)?.inputEnded()
        case .credit(let id, let owner): stream(owner, id)?.creditCame()
        case .closed(let owner): stream(owner, 0)?.closed()
        case .late(let id): http2?.pointee.session.reset(id, .refusedStream)
        case .broken: fail(.protocolError)
        case .sent(let owner): stream(owner, 0)?.outputTaken()
        case .ended(let owner):
            guard let stream = stream(owner, 0) else { return }
            stream.pointee.output.isEnded = true
            stream.outputTaken()
        }
    }

    /// `owner`: as the event has it; a stream whose request came in the same read had none yet.
    private func stream(_ owner: UnsafeMutableRawPointer?, _ id: Int32) -> StreamPointer? {
        (owner ?? (id > 0 ? http2?.pointee.session.owner(of: id) : nil))?.assumingMemoryBound(to: HTTP2Stream.self)
    }

    private func beginStream(_ id: Int32, isEnd: Bool) {
        guard let http2, let exchange = pointee.exchange, let entry = http2.pointee.session.takeHead(of: id) else {
            return
        }
        let loop = pointee.loop
        http2.pointee.requests += 1
        exchange.isUnderWay = false
        guard !isPastAnnouncement else {
            http2.pointee.session.reset(id, .refusedStream)
            return http2.pointee.session.goAway(.noError)
        }
        let site = exchange.listener.defaultServer.site
        let (token, stream) = loop.pointee.streams.reserve()
        let request = RequestFacts(pointee.client, site: site, startedAt: loop.pointee.now)
        stream.initialize(
            to: HTTP2Stream(
                loop, token: token, connection: self, id: id, client: pointee.client,
                exchange: StreamExchange(request)))
        http2.pointee.session.attach(UnsafeMutableRawPointer(stream), to: id)
        http2.pointee.add(stream)
        stream.pointee.hasEndedInput = isEnd
        stream.serve(entry.head, isTooLong: entry.isTooLong)
        // It may have begun HTTP/2 after the reload.
        if exchange.generation !== loop.pointee.generation || http2.pointee.requests >= site.settings.keepaliveRequests
        {
            announceEnd()
        }
    }

    /// Whether a request was not on its way yet when the client was told to open no further streams: it is not served, as
    /// what it would be served by may be of the time before a reload.
    private var isPastAnnouncement: Bool {
        guard let http2, http2.pointee.isAnnounced else { return false }
        return pointee.loop.pointee.now - http2.pointee.announcedAt > 1000
    }

    // MARK: To the client

    /// Makes frames of what streams have while the socket takes them. The last of them wait for `sendGathered`. False: the client
    /// is gone.
    func gather() -> Bool {
        guard let http2 else { return false }
        claimRoom()
        for _ in 0..<Self.blocksPerTurn where pointee.leg.isFlushed {
            guard pointee.leg.isOpen else { return false }
            guard http2.pointee.session.produce() else { return true }
            guard sendGathered() else { return false }
        }
        http2.pointee.mustGoOn = pointee.leg.isFlushed
        return true
    }

    /// Blocks of frames that are sent at once: other connections have their turn in between.
    private static var blocksPerTurn: Int { 4 }

    /// The room for frames is the loop's: nobody's frames are in it but this connection's from here on.
    private func claimRoom() {
        let loop = pointee.loop
        if let other = loop.pointee.gathering, other != self { other.sendLeft() }
        loop.pointee.gathering = self
    }

    /// Sends what was gathered and not sent yet.
    func sendLeft() {
        let loop = pointee.loop
        guard loop.pointee.gathering == self, loop.pointee.frames.pointee.count > 0 else { return }
        if !sendGathered() { loseStreams() }
    }

    /// Sends the frames that were gathered. False: the client is gone.
    func sendGathered() -> Bool {
        let frames = pointee.loop.pointee.frames
        let count = pointee.loop.pointee.gathering == self ? frames.pointee.count : 0
        guard count > 0 else { return pointee.flushTLS() }
        frames.pointee.count = 0
        return pointee.write(frames.pointee.start, count: count) && pointee.flushTLS()
    }

    /// Sends what streams have, as far as windows and the socket allow.
    func pump() {
        guard let http2, !http2.pointee.isHandling, !http2.pointee.mustGoOn else { return }
        repeat {
            guard gather(), sendGathered() else {
                pointee.loop.pointee.frames.pointee.count = 0
                return loseStreams()
            }
            handleEvents()
        } while !http2.pointee.mustGoOn && pointee.leg.isFlushed && pointee.leg.isOpen && !pointee.isEnding
            && http2.pointee.session.wantsToSend
        let waits = !pointee.leg.isFlushed || http2.pointee.mustGoOn
        if waits, !http2.pointee.isBlocked, !pointee.isEnding {
            http2.pointee.isBlocked = true
            pointee.limit(ClientConnection.sendLimit)
        }
    }

    /// The socket takes bytes again.
    func goOn() {
        guard let http2 else { return }
        http2.pointee.mustGoOn = false
        http2.pointee.isBlocked = false
        pump()
        streamsChanged()
    }

    /// The limit of the connection has passed while it has streams.
    func limitPassed() {
        guard let http2, http2.pointee.isBlocked else { return streamsChanged() }
        // Sessions have limits of their own, by what their clients say; what they leave behind has none.
        guard http2.pointee.streams.allSatisfy({ $0.pointee.session == nil }) else {
            return pointee.limit(ClientConnection.sendLimit)
        }
        abort(.sendTimeout)
    }

    /// What sessions of one connection write in one turn leaves together: a send, and a record of TLS, cost more than a message.
    func putOff(_ stream: StreamPointer) {
        guard let http2, !stream.pointee.isPutOff else { return }
        stream.pointee.isPutOff = true
        if http2.pointee.putOff.isEmpty { pointee.loop.pointee.putOff.append(self) }
        http2.pointee.putOff.append(stream)
    }

    /// The turn is over: what was put off leaves.
    func sendPutOff() {
        guard let http2 else { return }
        let streams = http2.pointee.putOff
        http2.pointee.putOff.removeAll(keepingCapacity: true)
        pump()
        for stream in streams { stream.pointee.isPutOff = false }
        // Their brokers are not read while windows or the socket do not take more.
        for stream in streams where !stream.pointee.backlog.isEmpty { stream.pointee.session?.updateInterest() }
        updateOwnInterest()
    }

    // MARK: The end

    /// Tells the client that no further stream is to be opened here (RFC 9113 §6.8); those that are open, or on their way, go on.
    func announceEnd() {
        guard let http2, !http2.pointee.isAnnounced else { return }
        http2.pointee.isAnnounced = true
        http2.pointee.announcedAt = pointee.loop.pointee.now
        http2.pointee.session.announceEnd()
    }

    /// After a reload the client is to come back to whoever serves now.
    func generationChanged() {
        guard pointee.http2 != nil, isStaying, let exchange = pointee.exchange,
            exchange.generation !== pointee.loop.pointee.generation
        else { return }
        announceEnd()
        pump()
        updateInterest()
    }

    /// Ends what the streams carry in good order, and then the connection.
    func endStreams(_ cause: EndCause) {
        guard let http2, http2.pointee.ending == nil else { return }
        http2.pointee.ending = cause
        announceEnd()
        http2.pointee.session.goAway(.noError)
        pointee.countClosing()
        eachStream { $0.endSession(cause) }
        pump()  // what they say leaves together
        streamsChanged()
    }

    /// What follows when streams have come or gone: the time that the connection may stay without one, or its end.
    func streamsChanged() {
        guard let http2, !pointee.isEnding else { return }
        guard http2.pointee.streams.isEmpty else {
            if !http2.pointee.isBlocked { pointee.limitNothing() }
            return
        }
        if let ending = http2.pointee.ending { return pointee.end(ending) }
        guard let exchange = pointee.exchange else { return }
        if http2.pointee.session.isClientGoing {
            exchange.isUnderWay = false
            return pointee.end(.served)
        }
        let site = exchange.listener.defaultServer.site
        guard http2.pointee.requests > 0 else { return }
        if http2.pointee.isAnnounced || site.keepaliveTimeout == 0 { return pointee.end(.served) }
        pointee.limit(site.keepaliveTimeout)
    }

    private func fail(_ failure: HTTP2Failure) {
        let cause: EndCause = failure == .flood ? .http2Flood : failure == .outOfMemory ? .outOfResources : .http2Error
        pointee.log(
            .info,
            cause == .http2Flood
                ? "the client has sent too many HTTP/2 frames that only cost work"
                : "the client violated the HTTP/2 protocol")
        pointee.exchange?.isUnderWay = true  // it has a line of its own in the access log
        http2?.pointee.session.goAway(failure == .flood ? .enhanceYourCalm : .protocolError)
        abandonStreams(cause)
        pointee.end(cause)
    }

    /// The client is gone, and its streams with it.
    private func loseStreams() {
        guard !pointee.isEnding else { return }
        let isQuiet = pointee.exchange?.isUnderWay == false
        abandonStreams(.clientLost)
        pointee.leg.close()
        pointee.end(isQuiet ? .served : .clientLost)
    }

    /// Ends the sessions of all streams without another word, and forgets the others.
    func abandonStreams(_ cause: EndCause) {
        eachStream { $0.abandon(cause) }
    }

    /// Calls `body` for each stream; what follows from the end of the last one is for the caller.
    private func eachStream(_ body: (StreamPointer) -> Void) {
        guard let http2 else { return }
        let wasHandling = http2.pointee.isHandling
        http2.pointee.isHandling = true
        for stream in http2.pointee.streams { body(stream) }
        http2.pointee.isHandling = wasHandling
    }

    /// The same, their brokers' legs included.
    func abortStreams(_ cause: EndCause) {
        eachStream { stream in
            stream.pointee.session?.pointee.abort(cause)
            stream.abandon(cause)
        }
    }
}
