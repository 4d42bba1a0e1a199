import Reactor
import TLS
import Tunnel
import Wire

/// Bytes in and out: TLS, or none, through the loop's buffers.
extension ClientConnection {
    /// What one read has brought: plain bytes in the loop's `plain` buffer.
    struct Input: BitwiseCopyable {
        var count = 0
        /// Something came, if only a part of a TLS record.
        var isSignOfLife = false
        /// The client's end of file, reset or TLS close.
        var isAtEnd = false
    }

    // MARK: From the client

    /// Reads once, at most `capacity` bytes, and goes on with the TLS handshake where that is not complete.
    @inline(__always)
    mutating func receive(capacity: Int) -> Input {
        let buffers = loop.pointee.buffers
        let isPlain = tls == nil
        switch leg.receive(into: isPlain ? buffers.plain : buffers.cipher, capacity: capacity) {
        case .bytes(let count):
            return isPlain ? Input(count: count, isSignOfLife: true) : decrypt(buffers.cipher, count: count)
        case .nothing: return Input()
        case .end, .failed: return Input(isAtEnd: true)
        }
    }

    /// Decrypts `count` bytes of the client's.
    @inline(__always)
    mutating func decrypt(_ bytes: UnsafeMutableRawPointer, count: Int) -> Input {
        let engine = loop.pointee.engineBuffers
        engine.pointee.input = bytes
        engine.pointee.inputEnd = bytes + count
        var input = Input(isSignOfLife: true)
        if case .handshaking = machine, !shakeHands(bytes, count: count) { return input }
        let (plain, capacity) = (loop.pointee.buffers.plain, loop.pointee.buffers.plainCapacity)
        while capacity &- input.count >= Self.recordSize {
            guard let read = tls?.read(into: plain + input.count, capacity: capacity &- input.count) else { break }
            switch read {
            case .bytes(let count):
                input.count &+= count
                if !(tls?.isDrained ?? true) { continue }
            case .incomplete: break
            case .closed:
                leg.isAtEnd = true
                input.isAtEnd = true
            case .failed(let failure):
                log(.info, "TLS: \(failure.reason)")
                // The alert goes out before anything is written that fails for the same reason.
                _ = flushTLS()
                leg.isAtEnd = true
                input.isAtEnd = true
            }
            break
        }
        return input
    }

    /// The largest plaintext of a record, RFC 8446 §5.1.
    private static let recordSize = 16 * 1024
    /// The type of a record that is part of a handshake, RFC 8446 §5.1.
    private static let handshakeRecord: UInt8 = 22

    /// Goes on with the handshake, for which these bytes have come; returns whether it is complete.
    private mutating func shakeHands(_ bytes: UnsafeRawPointer, count: Int) -> Bool {
        if !hasBegunHandshake {
            // The answer is what a handshake costs most, and whoever has stopped waiting in the queue does not want it.
            // What is no handshake costs nothing, and is told apart.
            let isHandshake = count > 0 && bytes.load(as: UInt8.self) == Self.handshakeRecord
            guard !isHandshake || !peerHasEnded else {
                loop.pointee.figures.handshakeFailed(.lost)
                clientLost()
                return false
            }
            hasBegunHandshake = true
        }
        guard let step = tls?.handshake() else { return false }
        switch step {
        case .incomplete:
            _ = flushTLS()
            return false
        case .complete:  // the ticket leaves with what answers the request
            client.tlsVersion = tls?.version ?? ""
            client.tlsCipher = tls?.cipher ?? ""
            client.tlsGroup = tls?.group ?? ""
            client.tlsServerName = tls?.serverName ?? ""
            client.isResumed = tls?.isResumed ?? false
            loop.pointee.figures.handshakeCompleted(
                client.tlsVersion, group: client.tlsGroup, isResumed: client.isResumed)
            countHandshake(isComplete: true)
            recordCertificate()
            machine.handshakeCompleted(carriesMQTT: client.carriesMQTT)
            if client.carriesMQTT { beginMQTT() } else { limit(exchange?.request.site.headerTimeout ?? 0) }
            if !client.carriesMQTT, tls?.applicationProtocol == "h2" { beginHTTP2() }
            return true
        case .failed(let failure):
            log(.info, "TLS: \(failure.reason)")
            loop.pointee.figures.handshakeFailed(HandshakeFailure(failure))
            if failure.isPlainHTTP, !client.carriesMQTT {
                let request = UnsafeRawBufferPointer(start: bytes, count: count)
                answerPlainHTTP(isHead: request.starts(with: "HEAD ".utf8))
            } else {
                _ = flushTLS()  // the alert that says why
                let isLost = failure.reason == TLSFailure.lost
                end(failure.isPlainHTTP ? .plainHTTPToTLS : isLost ? .clientLost : .tlsFailed)
            }
            return false
        }
    }

    /// Which server's rules the handshake has kept, and who the client has proved to be.
    private mutating func recordCertificate() {
        guard let index = tls?.contextIndex, let listener = exchange?.listener else { return }
        let site = listener.server(ofContext: index).site
        client.tlsSite = site
        guard site.settings.tls?.clientVerification != nil else { return }
        client.certificate = tls?.peerCertificate
    }

    /// What TLS has agreed on, for a PROXY header.
    struct HandshakeFacts {
        let applicationProtocol: String?
        let serverName: String?
        let isResumed: Bool
    }

    /// nil: there is no TLS.
    mutating func handshakeFacts() -> HandshakeFacts? {
        guard client.isTLS else { return nil }
        let applicationProtocol = tls?.applicationProtocol
        let serverName = tls?.serverName
        let isResumed = tls?.isResumed ?? false
        return HandshakeFacts(
            applicationProtocol: applicationProtocol, serverName: serverName, isResumed: isResumed)
    }

    /// A client that speaks HTTP in the clear can read why that does not work.
    private mutating func answerPlainHTTP(isHead: Bool) {
        loop.pointee.engineBuffers.pointee.outputCount = 0
        tls = nil
        let response = HTTPResponse(status: .badRequest, detail: "This port speaks TLS: use https or wss.")
        _ = write(response.bytes(date: loop.pointee.httpDate(), omittingBody: isHead))
        loop.pointee.figures.responded(HTTPStatus.badRequest.code)
        end(.plainHTTPToTLS)
    }

    // MARK: To the client

    /// Writes plain bytes: through TLS, or as they are. What TLS makes of them waits in the loop's buffer until `flushTLS`.
    /// False: the client is gone.
    @inline(__always)
    mutating func write(_ bytes: UnsafeRawPointer, count: Int) -> Bool {
        guard tls != nil else { return leg.send(bytes, count: count) }
        var written = 0
        while true {
            guard let taken = tls?.write(bytes + written, count: count - written) else { return false }
            written &+= taken
            if written == count { return true }
            guard flushTLS() else { return false }
        }
    }

    mutating func write(_ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress else { return true }
            return write(start, count: bytes.count)
        }
    }

    /// Sends what TLS has made so far. False: the client is gone.
    @inline(__always)
    mutating func flushTLS() -> Bool {
        let engine = loop.pointee.engineBuffers
        let count = engine.pointee.outputCount
        guard count > 0 else { return true }
        engine.pointee.outputCount = 0
        guard leg.isOpen else { return false }
        return leg.send(engine.pointee.output, count: count)
    }
}
