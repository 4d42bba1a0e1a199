import Glibc
import Reactor

/// An HTTP server of the tests: a thread for each connection, and a script that says what becomes of each request.
package final class HTTPServer: Sendable {
    package struct Request: Sendable {
        package var head: String
        package var body: [UInt8] = []
        /// From 1, in the order of their coming.
        package var connection: Int
        /// From 1, on its connection.
        package var number: Int

        package var text: String { String(decoding: body, as: UTF8.self) }
    }

    package enum Action: Sendable {
        /// After so many milliseconds.
        case answer(_ body: String = "", status: Int = 200, fields: String = "", after: Int32 = 0)
        /// Exactly this, and the end of the connection.
        case raw(String)
        /// This, then the same thing again until the client has enough.
        case endless(String, then: String)
        /// The end of the connection instead of an answer.
        case close
        /// A reset as soon as the head is there, before the body is read.
        case reset
        /// Nothing, until the client leaves.
        case silence
    }

    /// What becomes of a request; it is seen without its body.
    package struct Script: Sendable {
        package let act: @Sendable (Request) -> Action

        package init(_ act: @escaping @Sendable (Request) -> Action) { self.act = act }
    }

    private struct State {
        var requests: [Request] = []
        var connections = 0
        var active = 0
        var mostActive = 0
        var threads: [Thread] = []
    }

    private let state = Lock(State())
    private let listener: Int32
    package let port: UInt16
    /// Readable when the server is to end.
    private let end: (read: Int32, write: Int32)
    private let script: Script

    package convenience init(_ script: @escaping @Sendable (Request) -> Action) throws { try self.init(Script(script)) }

    package init(_ script: Script) throws {
        self.script = script
        let listener = try Socket.listen(SocketAddress.resolve(host: "127.0.0.1", port: 0)[0], shared: false)
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = withUnsafeMutableBytes(of: &address) {
            getsockname(listener, $0.baseAddress?.assumingMemoryBound(to: sockaddr.self), &length)
        }
        self.listener = listener
        port = UInt16(bigEndian: address.sin_port)
        var pipes: [Int32] = [0, 0]
        guard pipe(&pipes) == 0 else { throw SystemError("pipe", code: errno) }
        end = (pipes[0], pipes[1])
        let accepting = try Thread.start(name: "server") { [self] in accept() }
        state.withLock { $0.threads.append(accepting) }
    }

    package var url: String { "http://127.0.0.1:\(port)/auth" }
    package var requests: [Request] { state.withLock(\.requests) }
    package var connections: Int { state.withLock(\.connections) }
    /// Requests at the same time, at most so far.
    package var mostActive: Int { state.withLock(\.mostActive) }

    /// Ends all connections, and waits for all threads.
    package func stop() {
        _ = write(end.write, "x", 1)
        while let thread = state.withLock({ $0.threads.popLast() }) { thread.join() }
        for descriptor in [listener, end.read, end.write] { close(descriptor) }
    }

    // MARK: Threads

    /// Whether there is something to read before the end.
    package func isReadable(_ descriptor: Int32) -> Bool {
        var wait = [pollfd(fd: descriptor, events: 1, revents: 0), pollfd(fd: end.read, events: 1, revents: 0)]
        return poll(&wait, 2, -1) > 0 && wait[1].revents == 0
    }

    private func accept() {
        while isReadable(listener) {
            let descriptor = Glibc.accept(listener, nil, nil)
            guard descriptor >= 0 else { continue }
            state.withLock { state in
                state.connections += 1
                let connection = state.connections
                let body: @Sendable () -> Void = { [self] in
                    serve(descriptor, connection)
                    close(descriptor)
                }
                if let thread = try? Thread.start(name: "connection", body) { state.threads.append(thread) }
            }
        }
    }

    private func serve(_ descriptor: Int32, _ connection: Int) {
        var input: [UInt8] = []
        var number = 0
        while let head = take(descriptor, &input, until: Array("\r\n\r\n".utf8)) {
            number += 1
            var request = Request(
                head: String(decoding: head, as: UTF8.self), connection: connection, number: number)
            let action = script.act(request)
            if case .reset = action {
                state.withLock { $0.requests.append(request) }
                var hard = linger(l_onoff: 1, l_linger: 0)
                setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &hard, socklen_t(MemoryLayout<linger>.size))
                return
            }
            guard let body = take(descriptor, &input, count: contentLength(request.head)) else { return }
            request.body = body
            state.withLock { state in
                state.requests.append(request)
                state.active += 1
                state.mostActive = max(state.mostActive, state.active)
            }
            let goesOn = act(action, descriptor)
            state.withLock { $0.active -= 1 }
            guard goesOn else { return }
        }
    }

    private func contentLength(_ head: String) -> Int {
        let line = head.lowercased().split(separator: "\r\n").first { $0.hasPrefix("content-length:") }
        return line.flatMap { Int($0.dropFirst(15).filter(\.isNumber)) } ?? 0
    }

    /// Does what the script says. False: the connection is to end.
    private func act(_ action: Action, _ descriptor: Int32) -> Bool {
        switch action {
        case .answer(let body, let status, let fields, let delay):
            if delay > 0 { poll(nil, 0, delay) }
            let head = "HTTP/1.1 \(status) X\r\nContent-Length: \(body.utf8.count)\r\n\(fields)\r\n"
            return give(descriptor, head + body)
        case .raw(let text): _ = give(descriptor, text)
        case .endless(let start, let more): if give(descriptor, start) { while give(descriptor, more) {} }
        case .silence: while isReadable(descriptor), !receive(descriptor).isEmpty {}
        case .close, .reset: break
        }
        return false
    }
}
