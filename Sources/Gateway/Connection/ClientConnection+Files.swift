import Reactor
import Tunnel
import Wire

/// Files as HTTP/1.1 sends them.
extension ClientConnection {
    /// Bytes of a file that are read at a time.
    private static let chunk = 128 * 1024
    /// Bytes of a file that the kernel sends at a time, without TLS.
    private static let sendfileSize = 512 * 1024
    /// Room that is enough for the head of any file.
    private static let headRoom = 16 * 1024

    /// The head of the response and the first part of the file leave in one write.
    mutating func beginFile(_ file: FileAnswer) {
        guard let exchange else { return }
        exchange.file = file
        exchange.request.status = file.status.code
        let buffer = loop.pointee.buffers.plain
        var writer = HeadWriter(
            file.status, into: UnsafeMutableRawBufferPointer(start: buffer, count: Self.headRoom))
        writer.write("Date", value: loop.pointee.httpDate())
        writer.write("Server", "sluice")
        file.writeFields(to: &writer)
        writer.write(exchange.persistence)
        guard let head = writer.finish() else { return clientLost() }
        if exchange.request.isHead { exchange.file?.length = 0 }
        guard let count = exchange.file?.read(into: buffer + head, capacity: Self.chunk) else { return fileBroke() }
        guard write(buffer, count: head + count) else { return clientLost() }
        guard exchange.file?.length ?? 0 > 0 else { return responseSent(file.cause) }
        machine.sendingBegan()
        limit(Self.sendLimit)
    }

    /// Sends more of the file while the client takes it.
    mutating func sendFile() {
        guard let exchange else { return }
        limit(Self.sendLimit)  // it takes some of the file
        let buffer = loop.pointee.buffers.plain
        for _ in 0..<4 where leg.isOpen && leg.isFlushed {  // other connections have their turn
            if tls == nil, let file = exchange.file {
                let wanted = min(file.length, Self.sendfileSize)
                switch leg.send(file: file.file.descriptor, offset: file.offset, count: wanted) {
                case .bytes(let count): exchange.file?.skip(count)
                case .full: return
                case .endOfFile: return fileBroke()
                case .failed: return clientLost()
                }
            } else {
                guard let count = exchange.file?.read(into: buffer, capacity: Self.chunk) else { return fileBroke() }
                guard write(buffer, count: count), flushTLS() else { return clientLost() }
            }
            if exchange.file?.length ?? 0 <= 0 {
                responseSent(exchange.file?.cause ?? .served)
                return serve()
            }
        }
    }

    /// The client sees by the end of the connection that the response is not whole (RFC 9112 §8).
    private mutating func fileBroke() {
        log(.warn, "a file has become shorter while it was sent")
        end(.fileChanged)
    }
}
