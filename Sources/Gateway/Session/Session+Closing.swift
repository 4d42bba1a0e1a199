import Reactor
import TLS
import Tunnel
import Wire

/// Ends in good order: the last bytes, WebSocket Close, close_notify, FIN, then a bounded wait for the other side. A socket
/// that is closed with unread input sends a reset, which can swallow what was sent before, such as a CONNACK.
extension Session {
    /// Time for the other side to close, once all is sent.
    static let closeLimit: Int64 = 5000
    /// Time for a slow broker to take what its client has sent, such as the DISCONNECT that spares its Will.
    private static let flushLimit: Int64 = 60_000

    /// Begins the end. `code` is the WebSocket Close, `reason` that of the DISCONNECT which a 5.0 client gets; the cause's own
    /// when nil. A later cause changes nothing.
    mutating func close(_ cause: EndCause, code: CloseCode? = nil, reason: ReasonCode? = nil) {
        let wasOpen = phase == .open
        let isAttempt = phase == .connecting || phase == .awaitingConnack
        guard machine.end(cause) == .beginClosing else { return }
        pending?.ticket?.cancel()
        held.wipe(first: held.count)
        limit(upstream.isFlushed || isAttempt ? Self.closeLimit : Self.flushLimit)
        if isAttempt {
            // Nothing was promised to that broker.
            leavePeer()
            upstream.close()
        }
        if client.isOpen {
            if isWebSocket {
                // Not before the CONNACK, which may be to come behind AUTH packets [MQTT-3.14.0-1].
                if wasOpen, pending == nil, let reason = reason ?? cause.disconnectReason { sendDisconnect(reason) }
                _ = writeClient(FrameHeader.close(code ?? cause.closeCode))
            }
            if file < 0 { sayGoodbye() }
        }
    }

    /// Tells a 5.0 client why, where the broker has not.
    private mutating func sendDisconnect(_ reason: ReasonCode) {
        guard record.version == .v5_0, downlink.isBetweenMessages, !downlink.hasDisconnected else { return }
        _ = sendMessage(Disconnect.packet(reason))
    }

    /// close_notify, behind everything else.
    mutating func sayGoodbye() {
        tls?.shutdown()
        if !flushTLS() { client.close() }
    }

    /// Goes on with the close as far as it can. False: both sockets are closed, and the session is over.
    mutating func advanceClosing() -> Bool {
        guard phase == .closing else { return false }
        if client.isOpen, client.isFlushed, file < 0 {
            client.shutDown()
            if client.isAtEnd { client.close() }
        }
        if upstream.isOpen, upstream.isFlushed {
            if !upstream.isShutDown { limit(Self.closeLimit) }
            upstream.shutDown()
            if upstream.isAtEnd { upstream.close() }
        }
        if client.isOpen || upstream.isOpen { return true }
        _ = finish(machine.cause ?? .clientLost)
        return false
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
        close(uplink.hasDisconnected ? .clientDisconnect : .clientLost)
    }

    /// The broker's end of file or reset.
    mutating func upstreamLost(isReset: Bool = false) {
        switch phase {
        case .awaitingConnack where isClientGone && held.count <= pending?.size ?? 0: clientLost()
        case .awaitingConnack:
            if attemptFailed(connackLost(isReset: isReset)) { tryNextPeer() }
        case .open:
            upstream.close()
            if isClientGone {
                clientLost()
            } else if uplink.hasDisconnected {
                close(.clientDisconnect)
            } else {
                close(downlink.hasDisconnected ? .brokerDisconnect : .brokerLost)
            }
        default:
            upstream.close()
        }
    }

    /// Whether the client has ended, too, and its event is only waiting for its turn: then the broker is not to blame.
    private var isClientGone: Bool { client.isOpen && (client.isAtEnd || Socket.isOver(client.descriptor)) }

    /// Closes both sockets at once, and takes the session off the books.
    mutating func finish(_ cause: EndCause) -> Outcome {
        if let cause = machine.close(cause) {
            leavePeer()
            client.close()
            upstream.close()
            noteStall(false)
            pending?.ticket?.cancel()
            if file >= 0 { Socket.close(file) }
            file = -1
            logEnd(cause)
        }
        return .remove
    }
}
