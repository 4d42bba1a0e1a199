import CShims
import Testing

@testable import Reactor

@Suite("Poller")
struct PollerTests {
    /// Two connected sockets.
    private struct Pair {
        let left: Int32
        let right: Int32

        init() throws {
            var descriptors: [Int32] = [-1, -1]
            try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &descriptors) == 0)
            (left, right) = (descriptors[0], descriptors[1])
        }

        func close() {
            Socket.close(left)
            Socket.close(right)
        }
    }

    /// What has happened since: events by their word.
    private func poll(_ poller: inout Poller, milliseconds: Int32 = 0) throws -> [UInt64: Events] {
        var found: [UInt64: Events] = [:]
        for index in 0..<(try poller.wait(milliseconds: milliseconds)) {
            let event = poller.event(index)
            found[event.word] = event.events
        }
        return found
    }

    @Test("Words come back whole, with what happened to their descriptor alone")
    func words() throws {
        let (first, second) = (try Pair(), try Pair())
        defer { for pair in [first, second] { pair.close() } }
        var poller = try Poller()
        try poller.add(first.left, Events(reading: true, writing: false), word: 0xFEDC_BA98_7654_3210)
        try poller.add(second.left, Events(reading: true, writing: true), word: 2)
        var found = try poll(&poller)
        #expect(found.keys.sorted() == [2])
        #expect(found[2]?.isWritable == true)
        #expect(found[2]?.isReadable == false)
        #expect(CShims_send(first.right, [1] as [UInt8], 1) == 1)
        found = try poll(&poller)
        #expect(found.keys.sorted() == [2, 0xFEDC_BA98_7654_3210])
        #expect(found[0xFEDC_BA98_7654_3210]?.isReadable == true)
        #expect(found[0xFEDC_BA98_7654_3210]?.isWritable == false)
    }

    @Test("Level-triggered: what is not read is told again")
    func level() throws {
        let pair = try Pair()
        defer { pair.close() }
        var poller = try Poller()
        try poller.add(pair.left, Events(reading: true, writing: false), word: 1)
        #expect(CShims_send(pair.right, [1, 2] as [UInt8], 2) == 2)
        for _ in 0..<3 { #expect(try poll(&poller)[1]?.isReadable == true) }
        var bytes = [UInt8](repeating: 0, count: 8)
        #expect(CShims_recv(pair.left, &bytes, 8) == 2)
        #expect(try poll(&poller).isEmpty)
    }

    @Test("The other side's end is readable, whether it was asked for or not")
    func hangUp() throws {
        let pair = try Pair()
        defer { Socket.close(pair.left) }
        var poller = try Poller()
        try poller.add(pair.left, Events(reading: false, writing: false), word: 1)
        #expect(try poll(&poller).isEmpty)
        Socket.close(pair.right)
        let events = try poll(&poller)[1]
        #expect(events?.isReadable == true)
        #expect(events?.isWritable == false)
    }

    @Test("A descriptor that was removed is silent, and can be added again")
    func remove() throws {
        let pair = try Pair()
        defer { pair.close() }
        var poller = try Poller()
        try poller.add(pair.left, Events(reading: true, writing: false), word: 1)
        #expect(CShims_send(pair.right, [1] as [UInt8], 1) == 1)
        poller.remove(pair.left)
        #expect(try poll(&poller).isEmpty)
        try poller.add(pair.left, Events(reading: true, writing: false), word: 2)
        #expect(try poll(&poller).keys.sorted() == [2])
    }

    @Test("A descriptor twice, and none at all, are errors of epoll_ctl")
    func errors() throws {
        let pair = try Pair()
        defer { pair.close() }
        let poller = try Poller()
        let reading = Events(reading: true, writing: false)
        try poller.add(pair.left, reading, word: 1)
        do throws(SystemError) {
            try poller.add(pair.left, reading, word: 1)
            Issue.record("added twice")
        } catch {
            #expect(error == SystemError("epoll_ctl", code: EEXIST))
        }
        do throws(SystemError) {
            try poller.add(-1, reading, word: 1)
            Issue.record("added no descriptor")
        } catch {
            #expect(error == SystemError("epoll_ctl", code: EBADF))
        }
    }

    @Test("A wait ends at its time without events")
    func timeout() throws {
        var poller = try Poller()
        let start = monotonicMilliseconds()
        #expect(try poll(&poller, milliseconds: 20).isEmpty)
        #expect(monotonicMilliseconds() - start >= 19)
    }

    @Test("More events than one batch come in the next")
    func batches() throws {
        var poller = try Poller()
        var descriptors: [Int32] = []
        defer { for descriptor in descriptors { Socket.close(descriptor) } }
        for index in 0..<600 {
            let descriptor = CShims_eventfd()
            try #require(descriptor >= 0)
            descriptors.append(descriptor)
            CShims_eventfd_signal(descriptor)
            try poller.add(descriptor, Events(reading: true, writing: false), word: UInt64(index))
        }
        var seen: Set<UInt64> = []
        for _ in 0..<2 {
            for word in try poll(&poller).keys {
                seen.insert(word)
                CShims_eventfd_clear(descriptors[Int(word)])
            }
        }
        #expect(seen.count == 600)
        #expect(try poll(&poller).isEmpty)
    }

    @Test("A listener that several pollers share can be accepted from by each")
    func accepting() throws {
        let address = try #require(try SocketAddress.resolve(host: "127.0.0.1", port: 0).first)
        let listener = try Socket.listen(address, shared: false)
        defer { Socket.close(listener) }
        var first = try Poller()
        var second = try Poller()
        try first.add(listener, .accepting, word: 1)
        try second.add(listener, .accepting, word: 2)
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        #expect(CShims_local_address(listener, &storage, &length) == 0)
        let (client, _) = try Socket.connect(SocketAddress(storage: storage, length: length))
        defer { Socket.close(client) }
        #expect(try poll(&first, milliseconds: 30_000)[1]?.isReadable == true)
        guard case .connection(let server, _) = Socket.accept(listener) else {
            Issue.record("no connection")
            return
        }
        Socket.close(server)
        #expect(try poll(&second).isEmpty)
    }
}
