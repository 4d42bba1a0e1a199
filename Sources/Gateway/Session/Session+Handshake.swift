import Reactor
import TLS
import Tunnel
import Wire

/// TLS: the handshake, and the two directions through the loop's buffers.
extension Session {
    /// Ciphertext of the client, `count` bytes at `bytes`.
    @inline(__always)
    mutating func decrypt(_ bytes: UnsafeMutableRawPointer, count: Int) {
        let engine = loop.pointee.engineBuffers
        engine.pointee.input = bytes
        engine.pointee.inputEnd = bytes + count
        if machine.phase == .handshaking, !shakeHands(bytes, count: count) { return }
        let plain = loop.pointee.buffers.plain
        var total = 0
        var end: TLSConnection.Read = .incomplete
        reading: while loop.pointee.buffers.plainCapacity - total >= Self.recordSize {
            guard let read = tls?.read(into: plain + total, capacity: loop.pointee.buffers.plainCapacity - total) else {
                break
            }
            switch read {
            case .bytes(let count):
                total &+= count
                if tls?.isDrained ?? true { break reading }
            case .incomplete: break reading
            case .closed, .failed:
                end = read
                break reading
            }
        }
        // The alert goes out before anything is written that fails for the same reason.
        if case .failed = end { _ = flushTLS() }
        if total > 0 { received(plain, count: total) }
        // Answers of TLS itself: a key update, a ticket, an alert. Always: the next session finds the buffer empty, or it
        // would send what is meant for this one.
        _ = flushTLS()
        switch end {
        case .bytes, .incomplete: break
        case .closed: clientEnded()
        case .failed(let failure):
            logTLSFailure(failure)
            clientEnded()
        }
    }

    /// The largest plaintext of a record, RFC 8446 §5.1.
    private static let recordSize = 16 * 1024

    /// Goes on with the handshake, for which these bytes have come; returns whether it is complete.
    private mutating func shakeHands(_ bytes: UnsafeRawPointer, count: Int) -> Bool {
        guard let step = tls?.handshake() else { return false }
        switch step {
        case .incomplete:
            _ = flushTLS()
            return false
        case .complete:
            guard flushTLS() else { return false }
            record.tlsVersion = tls?.version ?? ""
            record.tlsCipher = tls?.cipher ?? ""
            noteClientCertificate()
            machine.handshakeCompleted()
            limit(record.site.headerTimeout)
            return true
        case .failed(let failure):
            logTLSFailure(failure)
            if failure.isPlainHTTP {
                let request = UnsafeRawBufferPointer(start: bytes, count: count)
                answerPlainHTTP(isHead: request.starts(with: "HEAD ".utf8))
            } else {
                _ = flushTLS()  // the alert that says why
                close(failure.reason == TLSFailure.lost ? .clientLost : .tlsFailed)
            }
            return false
        }
    }

    /// Which server's rules the handshake has kept, and who the client has proved to be.
    private mutating func noteClientCertificate() {
        guard let index = tls?.contextIndex, let site = record.listener?.server(ofContext: index).site else { return }
        record.tlsSite = site
        guard site.settings.tls?.clientVerification != nil else { return }
        record.certificate = tls?.peerCertificate
    }

    /// A client that speaks HTTP in the clear can read why that does not work.
    private mutating func answerPlainHTTP(isHead: Bool) {
        let response = HTTPResponse(
            status: .badRequest, detail: "This port speaks TLS: use https or wss.")
        loop.pointee.engineBuffers.pointee.outputCount = 0
        response.bytes(date: loop.pointee.httpDate(), omittingBody: isHead).withUnsafeBytes { bytes in
            if let start = bytes.baseAddress, !client.send(start, count: bytes.count) { client.close() }
        }
        tls = nil
        close(.plainHTTPToTLS)
    }

    private func logTLSFailure(_ failure: TLSFailure) {
        log(.info, "TLS: \(failure.reason)")
    }

    // MARK: To the client

    /// Writes plain bytes to the client: through TLS, or as they are. What TLS makes of them waits in the loop's buffer
    /// until `flushTLS`. False: the client is gone.
    @inline(__always)
    mutating func writeClient(_ bytes: UnsafeRawPointer, count: Int) -> Bool {
        guard tls != nil else { return client.send(bytes, count: count) }
        var written = 0
        while true {
            guard let taken = tls?.write(bytes + written, count: count - written) else { return false }
            written &+= taken
            if written == count { return true }
            guard flushTLS() else { return false }
        }
    }

    mutating func writeClient(_ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress else { return true }
            return writeClient(start, count: bytes.count)
        }
    }

    /// Sends what TLS has made so far. False: the client is gone.
    @inline(__always)
    mutating func flushTLS() -> Bool {
        let engine = loop.pointee.engineBuffers
        let count = engine.pointee.outputCount
        guard count > 0 else { return true }
        engine.pointee.outputCount = 0
        guard client.isOpen else { return false }
        return client.send(engine.pointee.output, count: count)
    }
}
