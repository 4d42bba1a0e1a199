import HTTP2
import Reactor
import Tunnel

/// What the client sends on a stream, and how the stream comes to its end.
extension StreamPointer {
    private var http2: HTTP2Pointer? { pointee.connection.pointee.http2 }

    // MARK: Input

    /// Bytes of the client, which may be changed in place.
    func received(_ bytes: UnsafeMutableRawPointer, count: Int) {
        if let session = pointee.session {
            guard pointee.held.isEmpty, session.pointee.wantsInput, !isPutOffByCompression else {
                // Its window is not opened again before they are taken.
                pointee.held.append(UnsafeRawBufferPointer(start: bytes, count: count))
                return
            }
            http2?.pointee.session.consume(count, of: pointee.id)
            session.pointee.streamBrought(bytes, count: count)
            return session.updateInterest()
        }
        http2?.pointee.session.consume(count, of: pointee.id)
        guard pointee.exchange?.incomplete != nil else { return }  // content that nobody asked for
        pointee.held.append(UnsafeRawBufferPointer(start: bytes, count: count))
        contentCame()
    }

    /// Whether what comes waits for the next turn, as messages that are compressed have had their share of this one.
    private var isPutOffByCompression: Bool {
        guard let session = pointee.session, session.pointee.pipe.compression != nil,
            pointee.loop.pointee.hasInflatedEnough
        else { return false }
        if pointee.isGone { return pointee.loop.pointee.hasInflatedTooMuch }
        if !pointee.isDeferred {
            pointee.isDeferred = true
            pointee.loop.pointee.deferred.append(pointee.token)
        }
        return true
    }

    /// Passes on what has waited, as far as the session takes it.
    private func deliver() {
        let (room, capacity) = (pointee.loop.pointee.buffers.inflow, LoopBuffers.inflowCapacity)
        while let session = pointee.session, !pointee.held.isEmpty, session.pointee.wantsInput {
            guard !isPutOffByCompression else { break }
            let count = Swift.min(pointee.held.count, capacity)
            pointee.held.bytes.baseAddress.map { room.copyMemory(from: $0, byteCount: count) }
            pointee.held.consume(count)
            if !pointee.isOver { http2?.pointee.session.consume(count, of: pointee.id) }
            session.pointee.streamBrought(room, count: count)
            if !session.pointee.updateInterest() { return abort(.outOfResources) }
        }
        if pointee.hasEndedInput, !pointee.isEndPassed, pointee.held.isEmpty { passEnd() }
    }

    /// The client has ended its side.
    func inputEnded() {
        pointee.hasEndedInput = true
        if pointee.exchange?.incomplete != nil { return contentCame() }
        guard let session = pointee.session else { return }
        session.updateInterest()
    }

    /// END_STREAM is to WebSocket what the end of TCP is (RFC 8441 §5).
    private func passEnd() {
        pointee.isEndPassed = true
        clientHasClosed()
        pointee.session?.pointee.clientEnded()
        if let session = pointee.session, !session.pointee.updateInterest() { abort(.outOfResources) }
    }

    /// The client has nothing more to say: the stream ends when we have not either.
    func clientHasClosed() {
        pointee.hasClientClosed = true
        if case .closing = pointee.machine { endOutput() }
    }

    // MARK: Sessions

    /// The session has asked for what it waits for: the stream and its connection do the same.
    func updateOwnInterest() {
        deliver()
        guard let http2, !http2.pointee.isHandling else { return }
        let connection = pointee.connection
        // What was put off waits for the end of the turn; what was written past it does not.
        guard !pointee.isPutOff else { return connection.sendLeft() }
        connection.pump()
        connection.updateOwnInterest()
    }

    /// Ends the session that it carries, in good order.
    func endSession(_ cause: EndCause) {
        guard let session = pointee.session else { return }
        session.pointee.end(cause)
        session.updateInterest()
    }

    /// The session has said all that it had to say.
    func end(_ cause: EndCause) {
        guard pointee.machine.end(cause) == .beginClosing else { return }
        if pointee.hasClientClosed || pointee.hasEndedInput { endOutput() }
    }

    /// The session has ended, and uses the stream no more.
    func sessionEnded() {
        pointee.session = nil
        if pointee.isGone { return release() }
        // It has waited long enough for the client's Close. `closed` gives it back.
        if !pointee.output.isEnded { reset(pointee.output.isEnd ? .noError : .cancel) }
        if pointee.connection.pointee.isClosed { release() }
    }

    // MARK: The end

    /// nghttp2 has closed the stream, as both sides have ended it or one has reset it.
    func closed() {
        pointee.isOver = true
        pointee.isGone = true
        if let exchange = pointee.exchange {
            if pointee.output.isCutShort {
                pointee.connection.pointee.log(.warn, "a file has become shorter while it was sent")
            }
            finish(exchange, pointee.output.isCutShort ? .fileChanged : .clientLost)
        }
        pointee.backlog.clear()
        pointee.output.source = nil
        pointee.output.available = 0
        pointee.countStall()
        guard let session = pointee.session else { return release() }
        // What came before still counts: a DISCONNECT among it means that the broker must not publish the Will.
        session.pointee.pipe.isReceivedHeld = false
        deliver()
        if !session.pointee.isClosing { session.pointee.clientLost() }
        session.updateInterest()
    }

    /// The connection is over: nothing can be sent on the stream any more.
    func abandon(_ cause: EndCause) {
        pointee.isOver = true
        pointee.isGone = true
        pointee.output.source = nil
        pointee.output.available = 0
        pointee.countStall()
        if let exchange = pointee.exchange { finish(exchange, cause) }
        guard let session = pointee.session else { return release() }
        if cause == .clientLost {
            session.pointee.pipe.isReceivedHeld = false
            deliver()  // as when the stream alone is lost
            session.pointee.clientLost()
        } else {
            session.pointee.end(cause)
        }
        if !session.pointee.updateInterest() { session.pointee.abort(cause) }
    }

    /// Closes at once what the session uses, and the stream.
    func abort(_ cause: EndCause) {
        pointee.session?.pointee.abort(cause)
        reset(.internalError)
    }

    /// The memory is given back at the end of the turn.
    private func release() {
        guard pointee.machine.close(.served) != nil else { return }
        pointee.limit(nil)
        let (connection, loop, token) = (pointee.connection, pointee.loop, pointee.token)
        pointee.exchange = nil
        connection.pointee.http2?.pointee.remove(self)
        loop.pointee.endedStreams.append(token)
        connection.pointee.streamEnded()
        if connection.pointee.http2?.pointee.isHandling == false { connection.streamsChanged() }
    }

    /// The wheel has handed the stream out, for `tick`.
    func timerFired(tick: Int64) {
        guard pointee.hasTimedOut(tick: tick), let exchange = pointee.exchange, pointee.session == nil else { return }
        if exchange.parts != nil { endParts(.time) } else { timeIsUp(exchange) }
        pointee.connection.pump()
        pointee.connection.updateOwnInterest()
    }

    private func timeIsUp(_ exchange: StreamExchange) {
        switch pointee.machine.phase {
        case .readingRequest:
            exchange.incomplete = nil
            refuse(.requestTimeout, detail: "The request did not arrive in time.", cause: .requestTimeout)
        case .answering: answerIsMissing()
        default:
            finish(exchange, .sendTimeout)
            reset(.cancel)
        }
    }
}
