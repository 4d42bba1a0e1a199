import Reactor
import TLS
import Tunnel

/// Ends in good order: the last bytes, close_notify, FIN, then a bounded wait for the other side. A socket that is closed
/// with unread input sends a reset, which can swallow what was sent before, such as a CONNACK.
extension ClientConnection {
    /// Milliseconds for the other side to close, once all is sent.
    static let closeLimit: Int64 = 5000
    /// Milliseconds for a slow client to take what waits for it: the messages and the reason that it is to read.
    static let flushLimit: Int64 = 60_000
    /// Milliseconds in which a client has to take some of a file, or of the answers that wait for it.
    static let sendLimit: Int64 = 60_000

    /// Begins the end; an end that can wait comes after the response under way. A later cause changes nothing.
    mutating func end(_ cause: EndCause) {
        if cause.waitsForPacket, machine.phase == .sending {
            exchange?.persistence = .close
            return
        }
        guard machine.end(cause) == .beginClosing else { return }
        if let exchange { logEnd(of: exchange, cause) }
        // Of a connection that was kept open the last request has its line already.
        if cause == .keepaliveTimeout { loop.pointee.counters.count(cause) }
        exchange = nil
        countClosing()
        sayGoAway()
        tls?.shutdown()
        if !flushTLS() { leg.close() }
        limit(leg.isFlushed ? Self.closeLimit : Self.flushLimit)
    }

    /// Ends a connection that was kept open and has no request under way, and makes the answer under way the last one.
    mutating func endExchanges() {
        guard let exchange else { return }
        exchange.persistence = .close
        if machine.phase == .readingRequest, exchange.answered > 0, exchange.held.isEmpty { end(.drained) }
    }

    /// Nothing can be sent to the client any more, or nothing will come from it.
    mutating func clientLost() {
        leg.close()
        end(.clientLost)
    }

    /// Goes on with the end as far as it can.
    mutating func advanceClosing() {
        guard machine.phase == .closing else { return }
        if leg.isOpen, leg.isFlushed {
            if leg.isAtEnd {
                leg.close()  // which sends the FIN, too
            } else if !leg.isShutDown {
                leg.shutDown()
                limit(Self.closeLimit)
            }
        }
        if !leg.isOpen { abort(machine.cause ?? .clientLost) }
    }

    /// Takes what a client still sends while its connection ends.
    mutating func discardInput() {
        switch leg.receive(into: loop.pointee.buffers.cipher, capacity: loop.pointee.readSize) {
        case .bytes, .nothing, .end: break
        case .failed: leg.close()
        }
    }

    /// Closes the socket at once. The memory is given back when the session has ended, too.
    mutating func abort(_ cause: EndCause) {
        guard let cause = machine.close(cause) else { return }
        if let exchange { logEnd(of: exchange, cause) }
        exchange = nil
        leg.close()
        uncount()
        releaseIfUnused()
    }

    /// The session has ended, and uses its channel no more.
    mutating func sessionEnded() {
        session = nil
        releaseIfUnused()
    }

    /// A stream has ended, and uses the connection no more.
    mutating func streamEnded() { releaseIfUnused() }

    /// The memory is given back when all is over, and nobody's channel is the connection or a part of it.
    private func releaseIfUnused() {
        guard machine.phase == .closed, session == nil, http2?.pointee.streams.isEmpty ?? true else { return }
        loop.pointee.endedConnections.append(token)
    }

    /// Tells a client of HTTP/2 that the connection ends, and which of its streams were taken.
    private mutating func sayGoAway() {
        guard let http2, leg.isOpen else { return }
        http2.pointee.session.goAway(.noError)
        _ = http2.pointee.session.produce()
        let frames = loop.pointee.frames
        let count = frames.pointee.count
        frames.pointee.count = 0
        if !write(frames.pointee.start, count: count) { leg.close() }
    }
}
