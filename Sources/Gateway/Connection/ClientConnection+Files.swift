import CShims
import Reactor
import Tunnel
import Wire

/// Files: the web application beside the broker (`root`, `index`).
extension ClientConnection {
    /// Answers GET and HEAD with a file below `root`. The path no longer has dot segments.
    mutating func serveFile(_ head: RequestHead, root: String, index: String) {
        guard head.isMethod("GET") || head.isMethod("HEAD") else {
            return respond(
                HTTPResponse(
                    status: .methodNotAllowed, detail: "Only GET and HEAD are served here.",
                    fields: [HTTPField("Allow", "GET, HEAD")]),
                .requestRefused)
        }
        switch StaticFile.open(root: root, path: head.path, index: index) {
        case .failure(let status):
            refuse(status, detail: "There is no such file.", cause: .requestRefused)
        case .redirect(let folder):
            let path = folder + (head.query.map { "?\($0)" } ?? "")
            respond(
                HTTPResponse(
                    status: .movedPermanently, detail: "The folder is at \(path).",
                    fields: [HTTPField("Location", path)]),
                .served)
        case .file(let descriptor, let size, let type):
            beginFile(descriptor, size: size, type: type)
        }
    }

    /// Bytes of a file that are read at a time.
    private static let chunk = 128 * 1024

    /// The head of the response and the first part of the file leave in one write.
    private mutating func beginFile(_ descriptor: Int32, size: Int, type: StaticString) {
        guard let exchange else { return Socket.close(descriptor) }
        exchange.file = HTTPExchange.FileTransfer(descriptor: descriptor, left: size)
        exchange.request.status = HTTPStatus.ok.code
        let buffer = loop.pointee.buffers.plain
        let head = StaticFile.writeHead(
            into: UnsafeMutableRawBufferPointer(start: buffer, count: StaticFile.headRoom), size: size, type: type,
            date: loop.pointee.httpDate(), persistence: exchange.persistence)
        guard let head else { return clientLost() }
        if exchange.request.isHead { exchange.file?.left = 0 }
        guard let count = readFile(exchange, into: buffer + head) else { return fileBroke(exchange) }
        guard write(buffer, count: head + count) else { return clientLost() }
        guard exchange.file?.left ?? 0 > 0 else { return responseSent(.served) }
        machine.sendingBegan()
        limit(Self.sendLimit)
    }

    /// Sends more of the file while the client takes it.
    mutating func sendFile() {
        guard let exchange else { return }
        limit(Self.sendLimit)  // it takes some of the file
        let buffer = loop.pointee.buffers.plain
        for _ in 0..<4 where leg.isOpen && leg.isFlushed {  // other connections have their turn
            guard let count = readFile(exchange, into: buffer) else { return fileBroke(exchange) }
            guard write(buffer, count: count), flushTLS() else { return clientLost() }
            if exchange.file?.left ?? 0 <= 0 {
                responseSent(.served)
                return serve()
            }
        }
    }

    /// Reads the next part of the file; returns its size. nil: the file has become shorter than was announced.
    private func readFile(_ exchange: HTTPExchange, into buffer: UnsafeMutableRawPointer) -> Int? {
        guard let file = exchange.file, file.left > 0 else { return 0 }
        let count = CShims_read(file.descriptor, buffer, min(file.left, Self.chunk))
        guard count > 0 else { return nil }
        exchange.file?.left -= count
        return count
    }

    /// The client sees by the end of the connection that the response is not whole (RFC 9112 §8).
    private mutating func fileBroke(_ exchange: HTTPExchange) {
        log(.warn, "a file has become shorter while it was sent")
        end(.served)
    }
}
