import HTTP2
import Reactor
import Tunnel

/// Bytes to the client. In the everyday case they go from the caller's memory straight into frames; what windows do not allow
/// waits in the stream's backlog.
extension StreamPointer {
    /// What nghttp2 takes from: at a fixed address, as the stream is.
    private var output: UnsafeMutablePointer<StreamOutput> { withUnsafeMutablePointer(to: &pointee.output) { $0 } }
    private var http2: HTTP2Pointer? { pointee.connection.pointee.http2 }

    /// Whether anything can be sent.
    var isWritable: Bool { !pointee.isOver && !pointee.output.isEnd && pointee.connection.pointee.leg.isOpen }

    /// Writes bytes; they have left, or wait in the backlog, after `flush`. False: the client is gone.
    func write(_ bytes: UnsafeRawPointer, count: Int) -> Bool {
        guard isWritable, let http2 else { return false }
        guard count > 0 else { return true }
        let isShared = http2.pointee.streams.count > 1 && count < Self.large
        let isBusy = http2.pointee.isHandling || http2.pointee.mustGoOn || !pointee.connection.pointee.leg.isFlushed
        guard !isShared, !isBusy, pointee.backlog.isEmpty else {
            keep(bytes, count)
            http2.pointee.session.resume(pointee.id, output)
            if isShared, !http2.pointee.isHandling { pointee.connection.putOff(self) }
            return true
        }
        pointee.output.source = .memory(bytes)
        pointee.output.available = count
        http2.pointee.session.resume(pointee.id, output)
        let isSent = pointee.connection.gather()
        // What was taken has been taken from the caller's memory.
        let left = pointee.output.available
        pointee.output.taken = 0
        pointee.output.available = 0
        pointee.output.source = nil
        if left > 0 { keep(bytes + (count - left), left) }
        return isSent
    }

    /// From this size on, bytes are worth frames and a send of their own.
    private static var large: Int { 8 * 1024 }

    /// Puts bytes behind those that wait.
    private func keep(_ bytes: UnsafeRawPointer, _ count: Int) {
        settle()
        pointee.backlog.append(UnsafeRawBufferPointer(start: bytes, count: count))
        pointTo()
        pointee.countStall()
    }

    /// Drops what nghttp2 has taken of the backlog. Returns how much that was.
    @discardableResult
    private func settle() -> Int {
        let taken = pointee.output.taken
        guard taken > 0 else { return 0 }
        pointee.output.taken = 0
        if !pointee.backlog.isEmpty {
            pointee.backlog.consume(taken)
            pointTo()
            pointee.countStall()
        }
        return taken
    }

    /// Makes the backlog what nghttp2 takes from.
    private func pointTo() {
        let bytes = pointee.backlog.bytes
        pointee.output.source = bytes.baseAddress.map { .memory(UnsafeRawPointer($0)) }
        pointee.output.available = bytes.count
    }

    /// Nothing more comes: END_STREAM follows what waits.
    func endOutput() {
        guard !pointee.isOver, !pointee.output.isEnd, let http2 else { return }
        pointee.output.isEnd = true
        http2.pointee.session.resume(pointee.id, output)
    }

    /// The client gives more credit.
    func creditCame() {
        guard pointee.output.isBound, let http2 else { return }
        http2.pointee.session.resume(pointee.id, output)
    }

    /// nghttp2 has taken some of the output.
    func outputTaken() {
        let taken = settle()
        if pointee.output.isEnded { return outputEnded() }
        // It takes some of the response; an answer in parts has a limit of its own.
        if taken > 0, pointee.session == nil, pointee.exchange?.parts == nil {
            pointee.limit(ClientConnection.sendLimit)
        }
        guard taken > 0, let session = pointee.session else { return }
        // What left at the end of its own turn has not waited for the client, and says nothing of it.
        if !pointee.isPutOff { session.pointee.clientTookBytes() }
        session.updateInterest()
    }

    /// END_STREAM has left. A client that has not ended its side is told that nothing more of it is wanted (RFC 9113 §8.1):
    /// Firefox never ends that of a WebSocket, and would run into the limit of streams.
    private func outputEnded() {
        if !pointee.hasEndedInput, !pointee.isOver { http2?.pointee.session.reset(pointee.id, .noError) }
        if let exchange = pointee.exchange { finish(exchange, exchange.file?.cause ?? .served) }
        guard let session = pointee.session else { return }
        session.updateInterest()
    }

    /// Ends the stream at once.
    func reset(_ code: HTTP2Code) {
        guard !pointee.isOver else { return }
        pointee.isOver = true
        pointee.backlog.wipe(first: pointee.backlog.count)
        pointee.backlog.clear()
        pointee.output.source = nil
        pointee.output.available = 0
        pointee.exchange?.file = nil
        pointee.countStall()
        http2?.pointee.session.reset(pointee.id, code)
    }

    /// Sends the head of a response; its content is the output, or there is none.
    func send(_ block: borrowing FieldBlock, hasContent: Bool) {
        guard !pointee.isOver, let http2 else { return }
        if !hasContent { pointee.output.isEnd = true }
        if !http2.pointee.session.respond(block, on: pointee.id, output: hasContent ? output : nil) {
            reset(.internalError)
        }
    }

    /// Puts the content of a response behind what waits.
    func keep(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { bytes in
            if let start = bytes.baseAddress, !bytes.isEmpty { keep(start, bytes.count) }
        }
        if let http2 { http2.pointee.session.resume(pointee.id, output) }
    }

    /// Makes a file the content.
    func send(file: FileAnswer) {
        pointee.output.source = .file(descriptor: file.file.descriptor, offset: file.offset)
        pointee.output.available = file.length
        pointee.output.isEnd = true
    }
}
