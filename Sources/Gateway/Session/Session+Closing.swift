import Reactor
import Tunnel
import Wire

/// Ends in good order: the client is told why, the broker gets the client's last bytes and a FIN, then a bounded wait for its
/// own. The channel closes by itself.
extension Session {
    /// Milliseconds for the broker to close, once all is sent.
    private static let closeLimit: Int64 = 5000
    /// Milliseconds for a slow broker to take what waits for it: the DISCONNECT that spares a Will; and for a packet under way
    /// to the client, which has to take it.
    private static let flushLimit: Int64 = 60_000

    /// Begins the end, or puts it off until the packet under way to the client is whole. `code` and `words` are those of the
    /// WebSocket Close, `reason` that of the DISCONNECT which a 5.0 client gets; the cause's own when nil. A later cause
    /// changes nothing.
    mutating func end(_ cause: EndCause, code: CloseCode? = nil, words: String? = nil, reason: ReasonCode? = nil) {
        guard cause.waitsForPacket, isPiping, pipe.upstream.isOpen,
            !pipe.isBetweenFrames
        else { return beginClosing(cause, code: code, words: words, reason: reason) }
        guard pipe.postponedEnd == nil else { return }
        pipe.postponedEnd = Pipe.PostponedEnd(cause: cause, reason: reason)
        limit(Self.flushLimit)
    }

    /// Begins the end at once.
    mutating func beginClosing(
        _ cause: EndCause, code: CloseCode? = nil, words: String? = nil, reason: ReasonCode? = nil
    ) {
        // Not before the CONNACK, which may be to come after AUTH packets [MQTT-3.14.0-1].
        let mayDisconnect = phase == .open
        guard machine.end(cause) == .beginClosing else { return }
        opening?.end()
        if opening?.attempt.leg.isOpen ?? false {
            // Nothing was promised to that broker.
            leavePeer()
            opening?.attempt.closeLeg()
        }
        // Inside a frame nothing more can be said: whatever came would be taken for its payload.
        if channel.isOpen, pipe.isBetweenFrames {
            let goodbye = cause.goodbye
            let reference = cause == .drained ? loop.pointee.generation.snapshot.process.drainReference : nil
            if mayDisconnect, let reason = reason ?? (reference == nil ? goodbye.reason : .useAnotherServer) {
                sendDisconnect(reason, goodbye.words, reference)
            }
            if send(.close(code ?? goodbye.code, words: words ?? goodbye.words)), pipe.framing.hasControlFrames {
                record.farewell.gatewayClosed(code ?? goodbye.code)
            }
        }
        channel.end(cause)
        limit(pipe.upstream.isFlushed && (channel.isOver || channel.isFlushed) ? Self.closeLimit : Self.flushLimit)
    }

    /// Tells a 5.0 client why, where the broker has not. `reference`: where it is to go.
    private mutating func sendDisconnect(_ reason: ReasonCode, _ words: String, _ reference: String?) {
        guard record.version == .v5_0, pipe.downlink.isBetweenPackets, !pipe.downlink.hasDisconnected else { return }
        let text = record.takesReasonStrings ? words : ""
        let packet = Disconnect.packet(reason, reason: text, reference: reference, limit: record.maximumPacketSize)
        guard sendMessage(packet) else { return }
        record.farewell.disconnected(reason)
    }

    /// Goes on with the end as far as it can.
    mutating func advanceClosing() {
        if pipe.upstream.isOpen, pipe.upstream.isFlushed {
            if pipe.upstream.isAtEnd {
                pipe.upstream.close()  // which sends the FIN, too
            } else if !pipe.upstream.isShutDown {
                pipe.upstream.shutDown()
                limit(Self.closeLimit)
            }
        }
        countStall(!pipe.upstream.isFlushed)
        if !pipe.upstream.isOpen, channel.isOver { abort(machine.cause ?? .clientLost) }
    }

    /// The client's answer to our Close, on a stream: only then is the stream ended, or browsers take the end for a loss.
    mutating func lookForClose(_ bytes: UnsafeMutableRawPointer, count: Int) {
        let control = loop.pointee.buffers.control
        var cursor = pipe.uplink.begin(bytes, end: bytes + count)
        while let block = pipe.uplink.next(&cursor, control: control) {
            if block.end != nil { return channel.clientHasClosed() }
        }
    }

    // MARK: One side has ended

    /// The client's end of file, reset or TLS close, as a read shows it.
    mutating func clientEnded() {
        switch phase {
        case .authenticating, .connecting, .waitingForQueue, .awaitingConnack:
            // What it has sent after its CONNECT still goes to the broker.
            guard let opening, opening.holdsMoreThanConnect else { return clientLost() }
            opening.endAfterHeld = .clientLost
        case .closing, .closed: break  // what waits for it is still sent
        case .awaitingConnect, .exchanging, .open: clientLost()
        }
    }

    /// Nothing can be sent to the client any more.
    mutating func clientLost() {
        channel.close()
        end(pipe.uplink.isDone ? .clientDisconnect : .clientLost)
    }

    /// The broker's end of file or reset.
    mutating func upstreamLost() {
        guard pipe.upstream.isOpen else { return }  // what a lost client still had to say cannot be sent any more
        pipe.upstream.close()
        guard isPiping else { return }
        // Where both sides break at once, the client's end is the one that tells something.
        if !pipe.downlink.hasDisconnected, channel.peerHasEnded { return clientBroke() }
        end(
            pipe.uplink.isDone
                ? .clientDisconnect : pipe.downlink.hasDisconnected ? .brokerDisconnect : .brokerLost)
    }

    /// Closes the upstream leg at once, and takes the session off the books. Its channel has ended, or is aborted with it.
    mutating func abort(_ cause: EndCause) {
        guard let cause = machine.close(cause) else { return }
        leavePeer()
        pipe.upstream.close()
        opening?.attempt.closeLeg()
        opening?.end()
        opening = nil
        record.places?.release()
        countStall(false)
        countBackpressure(takesInput: true, takesOutput: true)
        loop.pointee.counters.subtract(.sessions)
        logEnd(cause)
        channel.release()
        loop.pointee.endedSessions.append(token)
    }

    /// Counts the end, and writes the access log's line.
    private func logEnd(_ cause: EndCause) {
        loop.pointee.counters.count(cause)
        record.farewell.complete(
            cause, client: pipe.uplink.disconnectReason, broker: pipe.downlink.disconnectReason)
        log(.debug, namingPeer: true, "ended: \(cause.rawValue)")
        trace?.ended(cause)
        if loop.pointee.generation.hasAdmin {
            loop.pointee.recentEnds.record(
                channel.describe(describe(), record.request), cause, record.farewell)
        }
        guard let accessLog = record.request.accessLog else { return }
        let line = AccessLogLine(
            client: client, request: record.request, cause: cause, duration: loop.pointee.now - client.acceptedAt,
            session: record, bytes: pipe.bytes, packetsIn: pipe.uplink.counts.total.packets,
            packetsOut: pipe.downlink.counts.total.packets)
        accessLog.write(line)
    }
}
