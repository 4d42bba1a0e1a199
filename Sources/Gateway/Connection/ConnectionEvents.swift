import Reactor
import Tunnel

/// A connection and the session that it carries, reached by address: what one passes to the other goes through here. Each
/// call into either is over before the other is entered, so that no two of them hold the same memory.
extension UnsafeMutablePointer<ClientConnection> {
    /// The session, while the connection is its channel.
    private var tunnelled: SessionPointer? {
        @inline(__always) get { if case .tunnelling = pointee.machine { pointee.session } else { nil } }
    }

    /// Something happened on the client's leg.
    @inline(__always)
    func handle(_ events: Events) {
        if events.isWritable { flush() }
        if pointee.leg.isOpen, events.isReadable {
            if wantsInput { read() } else { pointee.leg.detach(pointee.loop.pointee.poller) }
        }
        updateInterest()
    }

    @inline(__always)
    private var wantsInput: Bool { tunnelled.map { $0.pointee.wantsInput } ?? pointee.wantsInput }

    /// Reads once, and passes on what has come.
    @inline(__always)
    private func read() {
        if let session = tunnelled {
            // The poller says so again in the next turn.
            if session.pointee.pipe.compression != nil, pointee.loop.pointee.hasInflatedEnough { return }
            return session.pointee.readClient()
        }
        switch pointee.machine {
        case .closing: return pointee.discardInput()
        case .readingProxyHeader: pointee.readProxyHeader()
        default:
            let isMultiplexing = pointee.http2 != nil
            let input = pointee.receive(
                capacity: isMultiplexing ? pointee.loop.pointee.readSize : HTTPExchange.readSize)
            guard pointee.http2 == nil else { return framesCame(input) }
            pointee.take(input)
        }
        passEarlyInput()
    }

    /// Frames that came with the upgrade's request, or in the same record, are the session's; and so is the end of the
    /// input, if it came in the same read.
    private func passEarlyInput() {
        if pointee.http2 != nil { return passEarlyFrames() }
        guard let session = tunnelled, pointee.exchange != nil else { return }
        while let count = pointee.takeEarlyInput() {
            session.pointee.received(pointee.loop.pointee.buffers.plain, count: count)
        }
        pointee.exchange = nil
        _ = pointee.flushTLS()
        if pointee.leg.isAtEnd { session.pointee.clientEnded() }
    }

    /// The preface of HTTP/2 on a plain connection, and what came with it.
    private func passEarlyFrames() {
        guard case .multiplexing = pointee.machine, pointee.exchange?.held.isEmpty == false else { return }
        while let count = pointee.takeEarlyInput() {
            receiveFrames(pointee.loop.pointee.buffers.plain, count: count)
        }
        if pointee.leg.isAtEnd { framesCame(ClientConnection.Input(isAtEnd: true)) }
    }

    private func flush() {
        guard !pointee.leg.isFlushed || pointee.exchange != nil else { return }
        let waiting = pointee.leg.backlog.count
        guard pointee.leg.flush() else {
            if let session = tunnelled { session.pointee.clientLost() } else { abandonStreams(.clientLost) }
            if tunnelled == nil { pointee.clientLost() }
            return
        }
        if case .multiplexing = pointee.machine {
            goOn()
        } else if let session = tunnelled {
            if pointee.leg.backlog.count < waiting { session.pointee.clientTookBytes() }
        } else {
            pointee.goOn()
            passEarlyInput()
        }
    }

    /// What another thread has for the client.
    func answer(_ answer: AdminAnswer) {
        pointee.take(answer)
        passEarlyInput()
        updateInterest()
    }

    /// The wheel has handed the connection out, for `tick`.
    func timerFired(tick: Int64) {
        if case .multiplexing = pointee.machine, pointee.http2?.pointee.streams.isEmpty == false {
            if pointee.hasTimedOut(tick: tick) { limitPassed() }
        } else {
            pointee.timerFired(tick: tick)
        }
        updateInterest()
    }

    /// Asks the poller for what the connection and its session wait for now, and ends what has nothing left to wait for.
    @inline(__always)
    func updateInterest() {
        if let session = pointee.session {
            guard session.pointee.updateInterest() else { return abort(.outOfResources) }
        }
        updateOwnInterest()
    }

    /// The same, after the session has asked for what it waits for.
    @inline(__always)
    func updateOwnInterest() {
        switch pointee.machine {
        case .closing, .closed: pointee.advanceClosing()
        default: break
        }
        if !pointee.updateInterest(reading: wantsInput) { abort(.outOfResources) }
    }

    /// The loop ends its connections evenly from here on: those that wait for nothing but a next request go at once.
    func drainBegan() {
        guard pointee.exchange != nil else { return }
        if pointee.http2 != nil {
            announceEnd()
            pump()
            streamsChanged()
        } else {
            pointee.endExchanges()
        }
        updateInterest()
    }

    /// Whether it is not ending yet.
    var isStaying: Bool {
        pointee.machine.phase.rawValue < ConnectionMachine.Phase.closing.rawValue
            && pointee.http2?.pointee.ending == nil
    }

    /// Whether bytes of a session have passed since a time on the loop's clock.
    func carriesActivity(since time: Int64) -> Bool {
        if let session = tunnelled { return session.pointee.pipe.activeAt > time }
        guard let streams = pointee.http2?.pointee.streams else { return false }
        return streams.contains { ($0.pointee.session?.pointee.pipe.activeAt ?? .min) > time }
    }

    /// Ends what it carries, or else the connection itself, in good order.
    func end(_ cause: EndCause) {
        if let session = tunnelled {
            session.pointee.end(cause)
        } else if case .multiplexing = pointee.machine {
            endStreams(cause)
        } else {
            pointee.end(cause)
        }
        updateInterest()
    }

    /// Closes all sockets at once.
    func abort(_ cause: EndCause) {
        if let session = pointee.session { session.pointee.abort(cause) }
        abortStreams(cause)
        pointee.abort(cause)
    }
}

extension UnsafeMutablePointer<Session> {
    /// Something happened on the upstream leg.
    @inline(__always)
    func handle(_ events: Events) {
        pointee.upstreamEvent(events)
        updateInterest()
    }

    /// The wheel has handed the session out, for `tick`.
    func timerFired(tick: Int64) {
        pointee.timerFired(tick: tick)
        updateInterest()
    }

    /// The same for a session that is held by its rate.
    func paceTimerFired(tick: Int64) {
        pointee.paceTimerFired(tick: tick)
        updateInterest()
    }

    /// Asks the poller for what the session and its channel wait for now.
    @inline(__always)
    func updateInterest() {
        let channel = pointee.channel
        let isWatched = pointee.updateInterest()
        switch channel {
        case .connection(let connection):
            if isWatched { connection.updateOwnInterest() } else { connection.abort(.outOfResources) }
        case .stream(let stream):
            if isWatched { stream.updateOwnInterest() } else { stream.abort(.outOfResources) }
        }
    }
}
