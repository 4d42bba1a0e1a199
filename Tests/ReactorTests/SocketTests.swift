import CShims
import Glibc
import Testing

@testable import Reactor

@Suite("Sockets")
struct SocketTests {
    /// A folder of its own for unix sockets; gone with `remove`.
    private struct Folder {
        let path: String

        init() throws {
            var name = Array("/tmp/sluice-socket-XXXXXX".utf8CString)
            path = try name.withUnsafeMutableBufferPointer { buffer in
                let made = try #require(buffer.baseAddress.flatMap { mkdtemp($0) })
                return String(cString: made)
            }
        }

        func remove() {
            unlink(path + "/s")
            rmdir(path)
        }
    }

    /// A literal with a port that the system chooses.
    private func anyPort(_ host: String) throws -> SocketAddress {
        try #require(try SocketAddress.resolve(host: host, port: 0).first)
    }

    /// Where a socket is bound.
    private func local(_ descriptor: Int32) throws -> SocketAddress {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        try SystemError.check("getsockname", CShims_local_address(descriptor, &storage, &length))
        return SocketAddress(storage: storage, length: length)
    }

    /// Waits until something has happened to a descriptor.
    private func wait(_ descriptor: Int32, writing: Bool) throws -> Events {
        var poller = try Poller()
        try poller.add(descriptor, Events(reading: !writing, writing: writing), word: 1)
        try #require(try poller.wait(milliseconds: 30_000) == 1)
        return poller.event(0).events
    }

    private func isNone(_ accepted: Socket.Accepted) -> Bool {
        if case .none = accepted { true } else { false }
    }

    /// Sends a few bytes over a connection to `address`, which `listener` accepts; returns the client as it was seen.
    private func exchange(_ address: SocketAddress, _ listener: Int32) throws -> (CompactAddress, client: Int32) {
        #expect(isNone(Socket.accept(listener)))
        let (client, isConnected) = try Socket.connect(address)
        if !isConnected { _ = try wait(client, writing: true) }
        #expect(Socket.connectError(client) == nil)
        _ = try wait(listener, writing: false)
        guard case .connection(let server, let peer) = Socket.accept(listener) else {
            Issue.record("no connection")
            return (CompactAddress(), client)
        }
        defer { Socket.close(server) }
        #expect(isNone(Socket.accept(listener)))
        #expect(CShims_send(client, [1, 2, 3] as [UInt8], 3) == 3)
        _ = try wait(server, writing: false)
        var bytes = [UInt8](repeating: 0, count: 8)
        #expect(CShims_recv(server, &bytes, 8) == 3)
        #expect(bytes.prefix(3) == [1, 2, 3])
        // Not blocking: nothing more is there.
        #expect(CShims_recv(server, &bytes, 8) == -Int(EAGAIN))
        return (peer, client)
    }

    @Test("TCP on loopback: listen, connect, accept, bytes, and the client's address", arguments: ["127.0.0.1", "::1"])
    func tcp(host: String) throws {
        let listener = try Socket.listen(anyPort(host), shared: false)
        defer { Socket.close(listener) }
        let (peer, client) = try exchange(local(listener), listener)
        defer { Socket.close(client) }
        #expect(peer == CompactAddress(try local(client)))
        #expect(peer.host == host)
        #expect(peer.port > 0)
    }

    @Test("A unix socket: listen, connect, accept, bytes; its client has no address")
    func unix() throws {
        let folder = try Folder()
        defer { folder.remove() }
        let address = try #require(SocketAddress(unixPath: folder.path + "/s"))
        let listener = try Socket.listen(address, shared: false)
        defer { Socket.close(listener) }
        let (peer, client) = try exchange(address, listener)
        Socket.close(client)
        #expect(peer == CompactAddress())
    }

    @Test("Whether the other side has ended or reset a connection, whatever is left to read", arguments: [false, true])
    func peerHasEnded(isReset: Bool) throws {
        let listener = try Socket.listen(anyPort("127.0.0.1"), shared: false)
        defer { Socket.close(listener) }
        let client = try Socket.connect(local(listener), from: nil).descriptor
        defer { Socket.close(client) }
        _ = try wait(client, writing: true)
        guard case .connection(let server, _) = Socket.accept(listener) else {
            Issue.record("no connection")
            return
        }
        #expect(!Socket.peerHasEnded(client))
        #expect(CShims_send(server, [7] as [UInt8], 1) == 1)
        _ = try wait(client, writing: false)
        #expect(!Socket.peerHasEnded(client))
        var linger = Glibc.linger(l_onoff: isReset ? 1 : 0, l_linger: 0)
        setsockopt(server, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
        Socket.close(server)
        #expect(Socket.peerHasEnded(client))
    }

    private func option(_ descriptor: Int32, _ level: Int32, _ name: Int32) -> Int32 {
        var (value, size) = (Int32(-1), socklen_t(4))
        return getsockopt(descriptor, level, name, &value, &size) == 0 ? value : -1
    }

    @Test(
        "Accepted and connecting TCP sockets have TCP_NODELAY and keep-alive, and all are closed on exec",
        arguments: ["127.0.0.1", "::1"])
    func options(host: String) throws {
        let listener = try Socket.listen(anyPort(host), shared: false)
        defer { Socket.close(listener) }
        let (client, _) = try Socket.connect(local(listener))
        defer { Socket.close(client) }
        _ = try wait(listener, writing: false)
        guard case .connection(let server, _) = Socket.accept(listener) else {
            Issue.record("no connection")
            return
        }
        defer { Socket.close(server) }
        for descriptor in [client, server] {
            #expect(option(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY) == 1)
            // RFC 9293 §3.8.4: at first off, and then 2 hours.
            #expect(option(descriptor, SOL_SOCKET, SO_KEEPALIVE) == 1)
            #expect(option(descriptor, Int32(IPPROTO_TCP), TCP_KEEPIDLE) == 60)
            #expect(option(descriptor, Int32(IPPROTO_TCP), TCP_KEEPINTVL) == 15)
            #expect(option(descriptor, Int32(IPPROTO_TCP), TCP_KEEPCNT) == 4)
        }
        for descriptor in [listener, client, server] {
            #expect(fcntl(descriptor, F_GETFD) & FD_CLOEXEC != 0)
            #expect(fcntl(descriptor, F_GETFL) & O_NONBLOCK != 0)
        }
    }

    @Test("A duplicate is the same socket, closed on exec; of no descriptor there is none")
    func duplicate() throws {
        let listener = try Socket.listen(anyPort("127.0.0.1"), shared: false)
        defer { Socket.close(listener) }
        let other = try Socket.duplicate(listener)
        defer { Socket.close(other) }
        #expect(try CompactAddress(local(other)) == CompactAddress(local(listener)))
        #expect(fcntl(other, F_GETFD) & FD_CLOEXEC != 0)
        #expect(throws: SystemError("dup", code: EBADF)) { try Socket.duplicate(-1) }
    }

    @Test("A port that is taken: the call and the system's words")
    func taken() throws {
        let listener = try Socket.listen(anyPort("127.0.0.1"), shared: false)
        defer { Socket.close(listener) }
        let address = try local(listener)
        #expect(throws: SystemError("bind", code: EADDRINUSE)) { try Socket.listen(address, shared: false) }
        #expect(SystemError("bind", code: EADDRINUSE).description == "bind: Address already in use")
    }

    @Test("Shared, several sockets take one port")
    func shared() throws {
        let first = try Socket.listen(anyPort("127.0.0.1"), shared: true)
        defer { Socket.close(first) }
        let second = try Socket.listen(local(first), shared: true)
        defer { Socket.close(second) }
        #expect(try local(second).family == AF_INET)
        #expect(CompactAddress(try local(first)) == CompactAddress(try local(second)))
    }

    @Test("An address that is not of this machine cannot be bound (RFC 5737: 192.0.2.0/24 is nobody's)")
    func foreign() throws {
        let address = try anyPort("192.0.2.1")
        #expect(throws: SystemError("bind", code: EADDRNOTAVAIL)) { try Socket.listen(address, shared: false) }
    }

    @Test("A listener on this machine: connect is done when it returns", arguments: ["127.0.0.1", "::1"])
    func connectedAtOnce(host: String) throws {
        let listener = try Socket.listen(anyPort(host), shared: false)
        defer { Socket.close(listener) }
        let (client, isConnected) = try Socket.connect(local(listener))
        defer { Socket.close(client) }
        #expect(isConnected)
        #expect(CShims_send(client, [1] as [UInt8], 1) == 1)
    }

    @Test("A port nobody listens on: connect fails, at once or when the socket says so")
    func refused() throws {
        let listener = try Socket.listen(anyPort("127.0.0.1"), shared: false)
        let address = try local(listener)
        Socket.close(listener)
        var error: SystemError?
        do throws(SystemError) {
            let (client, _) = try Socket.connect(address)
            defer { Socket.close(client) }
            do { _ = try wait(client, writing: true) } catch { Issue.record("\(error)") }
            error = Socket.connectError(client)
        } catch let failure {
            error = failure
        }
        #expect(error?.description == "connect: Connection refused")
    }

    @Test("A unix path without a socket: connect fails")
    func noUnixSocket() throws {
        let folder = try Folder()
        defer { folder.remove() }
        let address = try #require(SocketAddress(unixPath: folder.path + "/s"))
        #expect(throws: SystemError("connect", code: ENOENT)) { try Socket.connect(address) }
    }

    @Test("Accepting on what is no listening socket fails, and is not taken for an empty queue")
    func acceptFails() {
        guard case .failed(let error) = Socket.accept(-1) else {
            Issue.record("accept on no descriptor")
            return
        }
        #expect(error == SystemError("accept", code: EBADF))
    }

    @Test("A spare descriptor is an open one")
    func spare() {
        let spare = Socket.openSpare()
        #expect(spare >= 0)
        #expect(fcntl(spare, F_GETFD) >= 0)
        Socket.close(spare)
    }

    @Test("Error texts", arguments: [(ECONNRESET, "Connection reset by peer"), (EMFILE, "Too many open files")])
    func texts(code: Int32, text: String) {
        #expect(SystemError.text(code) == text)
        #expect(SystemError("recv", code: code).description == "recv: \(text)")
    }

    @Test("An errno value that the system does not know has a text, too")
    func unknown() {
        #expect(SystemError.text(99_999).contains("99999"))
    }

    @Test("A result below zero is an error, any other is passed on")
    func check() throws {
        #expect(try SystemError.check("x", 0) == 0)
        #expect(try SystemError.check("x", 7) == 7)
        #expect(throws: SystemError("x", code: ENOENT)) { try SystemError.check("x", -ENOENT) }
    }
}
