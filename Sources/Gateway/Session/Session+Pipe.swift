import Reactor
import Tunnel
import Wire

/// The data path: MQTT both ways. No reference counting, allocation, existential or lock in this file's everyday way.
extension Session {
    // MARK: Client to broker

    /// What an open session's client has sent, `count` bytes at `bytes`.
    @inline(__always)
    mutating func pipeUp(_ bytes: UnsafeMutableRawPointer, count: Int) {
        let control = loop.pointee.buffers.control
        var cursor = pipe.uplink.begin(bytes, end: bytes + count)
        while let block = pipe.uplink.next(&cursor, control: control) {
            if block.isCompressed {
                guard inflate(block) else { return }
            } else if block.count > 0, !forwardUp(block) {
                return
            }
            if block.hasControl {
                controlUp(block, control)
                guard isPiping else { return }
            }
        }
    }

    /// Sends MQTT to the broker. False: the session ends.
    @inline(__always)
    mutating func forwardUp(_ block: Uplink.Block) -> Bool {
        if trace != nil { traceReceived(block.payload, count: block.count) }
        let counters = loop.pointee.counters
        let scan = pipe.uplink.scan(block.payload, count: block.count, totals: counters.received)
        counters.add(.bytesReceived, UInt64(truncatingIfNeeded: block.count))
        pipe.bytes.received &+= UInt64(truncatingIfNeeded: block.count)
        // Of a client that breaks together with its broker, only what it says last still counts.
        if scan.forward > 0, pipe.upstream.isOpen {
            pipe.forwardedAt = loop.pointee.now
            guard pipe.upstream.send(block.payload, count: scan.forward) else {
                upstreamBroke()
                return false
            }
        }
        if let violation = scan.violation {
            violated(violation)
            return false
        }
        // Nothing after a DISCONNECT counts, however TCP has cut the bytes [MQTT-3.14.4-2].
        if pipe.uplink.isDone {
            end(.clientDisconnect)
            return false
        }
        return true
    }

    private mutating func controlUp(_ block: Uplink.Block, _ control: UnsafeMutableRawPointer) {
        if block.hasPong, pipe.pings.isWaiting {
            pipe.pings.answered(at: Kernel.microseconds())
            if let time = pipe.pings.roundTrip { loop.pointee.figures.pongCame(after: Int64(time)) }
        }
        if let ping = block.ping {
            loop.pointee.figures.pingCame()
            if pipe.downlink.isBetweenFrames {
                guard sendControl(.pong(UnsafeRawBufferPointer(start: control, count: ping))) else {
                    return clientLost()
                }
            } else {
                pipe.downlink.postpone(pong: control, count: ping)
            }
        }
        switch block.end {
        case nil: break
        case .close(let code):
            record.farewell.clientClosed(code)
            channel.clientHasClosed()
            end(.clientClosed, code: code.flatMap(CloseCode.init) ?? .normal)
        case .failure(let violation): webSocketBroke(violation)
        }
        if block.hasPong, pipe.offload.askedAt > 0, isPiping { offloadAnswered() }
    }

    /// The client has broken a rule of WebSocket.
    mutating func webSocketBroke(_ violation: WebSocketViolation) {
        log(
            .info, namingPeer: true,
            "the client violated the WebSocket protocol: \(violation.words); closing with \(violation.code.rawValue)")
        let cause: EndCause =
            switch violation {
            case .text: .textFrame
            case .deflateSize: .packetTooLarge
            default: .webSocketError
            }
        end(cause, code: violation.code, words: violation.words)
    }

    private mutating func violated(_ cause: EndCause) {
        log(.info, namingPeer: true, "the client violated the MQTT protocol: \(cause.goodbye.words)")
        end(cause)
    }

    // MARK: Broker to client

    /// Reads the upstream leg once.
    @inline(__always)
    mutating func readUpstream() {
        let buffer = loop.pointee.buffers.down
        let capacity = pace.map { min(loop.pointee.readSize, $0.readSize) } ?? loop.pointee.readSize
        switch pipe.upstream.receive(into: buffer, capacity: capacity) {
        case .bytes(let count):
            pipe.sentAt = loop.pointee.now
            switch machine {
            case .open: pipeDown(buffer, count: count)
            case .exchanging: readConnack(buffer, count: count)
            default: break  // closing: nobody is there to read it
            }
        case .nothing: break
        case .end, .failed: upstreamLost()
        }
    }

    /// MQTT of the broker, `count` bytes at `start`, which lies in the loop's `down` buffer.
    @inline(__always)
    mutating func pipeDown(_ start: UnsafeMutableRawPointer, count: Int) {
        if trace != nil { traceSent(start, count: count) }
        let counters = loop.pointee.counters
        pipe.bytes.sent &+= UInt64(truncatingIfNeeded: count)
        counters.add(.bytesSent, UInt64(truncatingIfNeeded: count))
        let first = pipe.downlink.restoreCarry(before: start)
        var cursor = Downlink.Cursor(start: first, end: start + count)
        let assembly = loop.pointee.buffers.assembly
        while let output = pipe.downlink.next(&cursor, assembly: assembly, totals: counters.sent) {
            guard output.isCompressible ? writeCompressed(output) : channel.write(output.start, count: output.count)
            else { return clientBroke() }
            if pipe.downlink.hasDuePong || pipe.postponedEnd != nil, !frameEnded() { return }
        }
        guard channel.flush() else { return clientBroke() }
        if pipe.downlink.isBroken { brokerBroke() }
    }

    /// What waited for the end of a frame has its turn. False: the session ends here.
    private mutating func frameEnded() -> Bool {
        guard pipe.isBetweenFrames else { return true }
        let control = loop.pointee.buffers.control
        if let count = pipe.downlink.takePong(into: control),
            !sendControl(.pong(UnsafeRawBufferPointer(start: control, count: count)))
        {
            clientBroke()
            return false
        }
        guard let end = pipe.postponedEnd else { return true }
        beginClosing(end.cause, reason: end.reason)
        return false
    }

    private mutating func brokerBroke() {
        log(.warn, "upstream server \(record.upstreamAddress) violated the MQTT protocol")
        end(.brokerProtocolError)
    }

    // MARK: One side takes nothing more

    /// Reads of a broken leg before it is given up: its kernel buffer is smaller.
    private static let lastReads = 16

    /// The client is gone, but what it sent before is still there to be read: a DISCONNECT among it means that the broker
    /// must not publish the Will.
    mutating func clientBroke() {
        let mayHaveMore = opening?.heldViolation == nil && opening?.endAfterHeld == nil
        for _ in 0..<Self.lastReads where mayHaveMore && isPiping && channel.isOpen && !channel.isAtEnd { readClient() }
        clientLost()
    }

    /// The broker is gone, but its last words are still there to be read: a DISCONNECT that says why, or a PUBLISH.
    private mutating func upstreamBroke() {
        for _ in 0..<Self.lastReads where isPiping && pipe.upstream.isOpen && !pipe.upstream.isAtEnd { readUpstream() }
        upstreamLost()
    }

    // MARK: Frames of the gateway's own

    /// Sends an MQTT packet of the gateway's own. False: the client is gone.
    mutating func sendMessage(_ message: [UInt8]) -> Bool {
        let counters = loop.pointee.counters
        pipe.bytes.sent &+= UInt64(message.count)
        counters.add(.bytesSent, UInt64(message.count))
        if let first = message.first { pipe.downlink.countOwn(first, size: message.count, totals: counters.sent) }
        if trace != nil { message.withUnsafeBytes { traceSent($0.baseAddress, count: $0.count) } }
        return message.withUnsafeBytes { send(.message($0)) }
    }

    /// Sends a control frame, which the caller knows to be between frames. False: the client is gone.
    mutating func sendControl(_ frame: Framing.OwnFrame) -> Bool { send(frame) && channel.flush() }

    /// Where the framing has no such frame nothing is sent.
    mutating func send(_ frame: Framing.OwnFrame) -> Bool {
        guard let bytes = pipe.framing.write(frame, to: loop.pointee.buffers.frame), let start = bytes.baseAddress
        else { return true }
        return channel.write(start, count: bytes.count)
    }
}
