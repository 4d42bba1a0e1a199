import Reactor
import TLS
import Tunnel
import Wire

/// Ends in good order: the last bytes, WebSocket Close, close_notify, FIN, then a bounded wait for the other side. A socket
/// that is closed with unread input sends a reset, which can swallow what was sent before, such as a CONNACK.
extension Session {
    /// Time for the other side to close, once all is sent.
    static let closeLimit: Int64 = 5000
    /// Time for a slow side to take what waits for it: the DISCONNECT that spares a Will, the messages and the reason that a
    /// client is to read.
    private static let flushLimit: Int64 = 60_000

    /// An end that the gateway wants and that can wait for the packet under way.
    struct PostponedEnd {
        let cause: EndCause
        let reason: ReasonCode?
    }

    /// Begins the end, or puts it off until the packet under way to the client is whole. `code` and `words` are those of the
    /// WebSocket Close, `reason` that of the DISCONNECT which a 5.0 client gets; the cause's own when nil. A later cause
    /// changes nothing.
    mutating func close(
        _ cause: EndCause, code: CloseCode? = nil, words: String? = nil, reason: ReasonCode? = nil
    ) {
        guard cause.waitsForPacket, phase == .open, upstream.isOpen, !downlink.isBetweenFrames else {
            return beginClosing(cause, code: code, words: words, reason: reason)
        }
        guard endAfterPacket == nil else { return }
        endAfterPacket = PostponedEnd(cause: cause, reason: reason)
        limit(Self.flushLimit)
    }

    /// Begins the end at once.
    mutating func beginClosing(
        _ cause: EndCause, code: CloseCode? = nil, words: String? = nil, reason: ReasonCode? = nil
    ) {
        let wasOpen = phase == .open
        let isAttempt = phase == .connecting || phase == .awaitingConnack
        guard machine.end(cause) == .beginClosing else { return }
        pending?.ticket?.cancel()
        held.wipe(first: held.count)
        if isAttempt {
            // Nothing was promised to that broker.
            leavePeer()
            upstream.close()
        }
        if client.isOpen {
            // Inside a frame nothing can be said any more: whatever came would be taken for its payload.
            if isWebSocket, downlink.isBetweenFrames {
                let goodbye = cause.goodbye
                // Not before the CONNACK, which may be to come after AUTH packets [MQTT-3.14.0-1].
                if wasOpen, pending == nil, let reason = reason ?? goodbye.reason {
                    sendDisconnect(reason, goodbye.words)
                }
                _ = writeClient(FrameHeader.close(code ?? goodbye.code, reason: words ?? goodbye.words))
            }
            if file < 0 { sayGoodbye() }
        }
        // A file has its own limit, which moves with it.
        limit(file >= 0 || client.isFlushed && upstream.isFlushed ? Self.closeLimit : Self.flushLimit)
    }

    /// Tells a 5.0 client why, where the broker has not.
    private mutating func sendDisconnect(_ reason: ReasonCode, _ words: String) {
        guard record.version == .v5_0, downlink.isBetweenPackets, !downlink.hasDisconnected else { return }
        let text = record.takesReasonStrings ? words : ""
        _ = sendMessage(Disconnect.packet(reason, reason: text, limit: record.maximumPacketSize))
    }

    /// close_notify, behind everything else.
    mutating func sayGoodbye() {
        tls?.shutdown()
        if !flushTLS() { client.close() }
    }

    /// Goes on with the close as far as it can. False: both sockets are closed, and the session is over.
    mutating func advanceClosing() -> Bool {
        guard phase == .closing else { return false }
        let wereAllShutDown = areShutDown
        if client.isOpen, client.isFlushed, file < 0 {
            client.shutDown()
            if client.isAtEnd { client.close() }
        }
        if upstream.isOpen, upstream.isFlushed {
            upstream.shutDown()
            if upstream.isAtEnd { upstream.close() }
        }
        if !wereAllShutDown, areShutDown { limit(Self.closeLimit) }
        if client.isOpen || upstream.isOpen { return true }
        _ = finish(machine.cause ?? .clientLost)
        return false
    }

    /// Whether everything has gone out on both legs, so that only the other sides are waited for.
    private var areShutDown: Bool {
        (!client.isOpen || client.isShutDown) && (!upstream.isOpen || upstream.isShutDown)
    }

    /// Takes what a client still sends while its session ends.
    mutating func discardClientInput() {
        switch client.receive(into: loop.pointee.buffers.cipher, capacity: loop.pointee.readSize) {
        case .bytes, .nothing, .end: break
        case .failed: client.close()
        }
    }

    /// The client's end of file, reset or TLS close, as a read shows it.
    mutating func clientEnded() {
        client.isAtEnd = true
        switch phase {
        case .authenticating, .connecting, .awaitingConnack:
            // What it has sent behind its CONNECT still goes to the broker.
            guard let pending, held.count > pending.size else { return clientLost() }
            endBehindHeld = .clientLost
        case .closing, .closed: break  // what waits for it is still sent
        default: clientLost()
        }
    }

    /// Nothing can be sent to the client any more.
    mutating func clientLost() {
        client.close()
        close(uplink.isDone ? .clientDisconnect : .clientLost)
    }

    /// The broker's end of file or reset.
    mutating func upstreamLost(isReset: Bool = false) {
        switch phase {
        case .awaitingConnack where isClientGone && held.count <= pending?.size ?? 0: clientLost()
        case .awaitingConnack:
            if attemptFailed(connackLost(isReset: isReset)) { tryNextPeer() }
        case .open:
            guard upstream.isOpen else { return }  // what a lost client still had to say cannot be sent any more
            upstream.close()
            // Where both sides break at once, the client's end is the one that tells something.
            if !downlink.hasDisconnected, isClientGone { return clientBroke() }
            close(uplink.isDone ? .clientDisconnect : downlink.hasDisconnected ? .brokerDisconnect : .brokerLost)
        default:
            upstream.close()
        }
    }

    /// Whether the client has ended, too, and its event is only waiting for its turn: then the broker is not to blame.
    private var isClientGone: Bool { client.isOpen && (client.isAtEnd || Kernel.peerHasEnded(client.descriptor)) }

    /// Closes both sockets at once, and takes the session off the books.
    mutating func finish(_ cause: EndCause) -> Outcome {
        if let cause = machine.close(cause) {
            leavePeer()
            client.close()
            upstream.close()
            noteStall(false)
            pending?.ticket?.cancel()
            if file >= 0 { Kernel.close(file) }
            file = -1
            logEnd(cause)
        }
        return .remove
    }
}
