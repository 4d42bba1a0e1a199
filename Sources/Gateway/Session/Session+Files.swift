import CShims
import Reactor
import Tunnel
import Wire

/// Files: the web application beside the broker (`root`, `index`).
extension Session {
    /// Answers GET and HEAD with a file below `root`. The path has no dot segments any more.
    mutating func serveFile(_ head: RequestHead, root: String, index: String) {
        guard head.method == "GET" || head.method == "HEAD" else {
            let response = HTTPResponse(
                status: .methodNotAllowed, detail: "Only GET and HEAD are served here.",
                fields: [HTTPField("Allow", "GET, HEAD")])
            record.httpStatus = response.status.code
            return respond(response, .requestRefused)
        }
        switch StaticFile.open(root: root, path: head.path, index: index) {
        case .failure(let status):
            refuse(status, detail: "There is no such file.", cause: .requestRefused)
        case .redirect(let folder):
            let path = folder + (head.query.map { "?\($0)" } ?? "")
            record.httpStatus = HTTPStatus.movedPermanently.code
            respond(
                HTTPResponse(
                    status: .movedPermanently, detail: "The folder is at \(path).",
                    fields: [HTTPField("Location", path)]),
                .served)
        case .file(let descriptor, let size, let type):
            send(descriptor, size: size, type: type)
        }
    }

    private mutating func send(_ descriptor: Int32, size: Int, type: StaticString) {
        record.httpStatus = HTTPStatus.ok.code
        let room = UnsafeMutableRawBufferPointer(start: loop.pointee.buffers.plain, count: StaticFile.headRoom)
        let count = StaticFile.writeHead(
            into: room, size: size, type: type, date: loop.pointee.httpDate(), persistence: .close)
        guard let count, writeClient(loop.pointee.buffers.plain, count: count) else {
            Socket.close(descriptor)
            return clientLost()
        }
        if record.isHead {
            Socket.close(descriptor)
        } else {
            file = descriptor
            fileLeft = size
        }
        close(.served)
    }

    /// Sends more of the file while the client takes it; at its end goes on with the close.
    mutating func sendFile() {
        let buffer = loop.pointee.buffers.plain
        for _ in 0..<4 where file >= 0 && client.isOpen && client.isFlushed {  // other sessions have their turn
            let count = CShims_read(file, buffer, min(fileLeft, 128 * 1024))
            guard count > 0 else { return endFile() }
            fileLeft -= count
            guard writeClient(buffer, count: count), flushTLS() else { return clientLost() }
        }
    }

    /// The file is sent, or cannot be.
    mutating func endFile() {
        guard file >= 0 else { return }
        Socket.close(file)
        file = -1
        sayGoodbye()
    }
}
