import Reactor
import Tunnel
import Wire

/// The data path: MQTT both ways. No reference counting, allocation, existential or lock in this file's everyday way.
extension Session {
    // MARK: Client to broker

    /// WebSocket frames of an open session, `count` bytes at `bytes`.
    @inline(__always)
    mutating func pipeUp(_ bytes: UnsafeMutableRawPointer, count: Int) {
        let control = loop.pointee.buffers.control
        let block = uplink.decode(bytes, end: bytes + count, control: control)
        if block.count > 0 {
            self.bytes.received &+= UInt64(truncatingIfNeeded: block.count)
            let scan = uplink.scan(block.payload, count: block.count)
            if scan.forward > 0 {
                guard upstream.send(block.payload, count: scan.forward) else { return upstreamBroke() }
            }
            if let violation = scan.violation { return violated(violation) }
            // Nothing after a DISCONNECT counts, however TCP has cut the bytes [MQTT-3.14.4-2].
            if uplink.isDone { return close(.clientDisconnect) }
        }
        if block.ping != nil || block.end != nil { controlUp(block, control) }
    }

    private mutating func controlUp(_ block: Uplink.Block, _ control: UnsafeMutableRawPointer) {
        if let ping = block.ping {
            if downlink.isBetweenFrames {
                guard sendControl(.pong, control, count: ping) else { return clientLost() }
            } else {
                downlink.postpone(pong: control, count: ping)
            }
        }
        switch block.end {
        case nil: break
        case .close(let code): close(.clientClosed, code: code.flatMap(CloseCode.init) ?? .normal)
        case .failure(let violation): webSocketBroke(violation)
        }
    }

    /// The client has broken a rule of WebSocket.
    mutating func webSocketBroke(_ violation: WebSocketViolation) {
        log(.info, "the client broke a rule of WebSocket: \(violation.words); closing with \(violation.code.rawValue)")
        close(violation == .text ? .textFrame : .webSocketError, code: violation.code, words: violation.words)
    }

    private mutating func violated(_ cause: EndCause) {
        log(.info, "the client broke a rule of MQTT: \(cause.goodbye.words)")
        close(cause)
    }

    // MARK: Broker to client

    /// Reads the upstream leg once.
    @inline(__always)
    mutating func readUpstream() {
        let buffer = loop.pointee.buffers.down
        switch upstream.receive(into: buffer, capacity: loop.pointee.readSize) {
        case .bytes(let count):
            switch machine.phase {
            case .open:
                activeAt = loop.pointee.now
                guard pending == nil else { return readConnack(buffer, count: count) }  // behind AUTH packets
                pipeDown(buffer, count: count)
            case .awaitingConnack: readConnack(buffer, count: count)
            default: break  // closing: nobody is there to read it
            }
        case .nothing: break
        case .end: upstreamLost()
        case .failed: upstreamLost(isReset: true)
        }
    }

    /// MQTT of the broker, `count` bytes at `start`, which lies in the loop's `down` buffer.
    @inline(__always)
    mutating func pipeDown(_ start: UnsafeMutableRawPointer, count: Int) {
        bytes.sent &+= UInt64(truncatingIfNeeded: count)
        let first = downlink.restoreCarry(before: start)
        var cursor = Downlink.Cursor(start: first, end: start + count)
        let assembly = loop.pointee.buffers.assembly
        while let output = downlink.next(&cursor, assembly: assembly) {
            guard writeClient(output.start, count: output.count) else { return clientBroke() }
            if downlink.hasDuePong || endAfterPacket != nil, !frameEnded() { return }
        }
        guard flushTLS() else { return clientBroke() }
        if downlink.isBroken { brokerBroke() }
    }

    /// What waited for the end of a frame has its turn. False: the session ends here.
    private mutating func frameEnded() -> Bool {
        guard downlink.isBetweenFrames else { return true }
        let control = loop.pointee.buffers.control
        if let count = downlink.takePong(into: control), !sendControl(.pong, control, count: count) {
            clientBroke()
            return false
        }
        guard let end = endAfterPacket else { return true }
        beginClosing(end.cause, reason: end.reason)
        return false
    }

    private mutating func brokerBroke() {
        log(.warn, "upstream server \(record.upstreamAddress) broke a rule of MQTT")
        close(.brokerProtocolError)
    }

    // MARK: One side takes nothing more

    /// Reads of a broken leg before it is given up: its kernel buffer is smaller.
    private static let lastReads = 16

    /// The client is gone, but what it sent before is still there to be read: a DISCONNECT among it means that the broker
    /// must not publish the Will.
    mutating func clientBroke() {
        let mayHaveMore = heldViolation == nil && endBehindHeld == nil
        for _ in 0..<Self.lastReads where mayHaveMore && phase == .open && client.isOpen && !client.isAtEnd {
            readClient()
        }
        clientLost()
    }

    /// The broker is gone, but its last words are still there to be read: a DISCONNECT that says why, or a PUBLISH.
    private mutating func upstreamBroke() {
        for _ in 0..<Self.lastReads where phase == .open && upstream.isOpen && !upstream.isAtEnd { readUpstream() }
        upstreamLost()
    }
}
