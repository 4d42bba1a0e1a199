import Testing

@testable import Gateway

@Suite("Pages of connections")
struct ConnectionPageTests {
    @Test("Pages together hold every connection once, with what is known of it; none is longer than its limit")
    func pages() throws {
        var loop = try LoopFixture.makeLoop()
        let context = loop.context
        var open: [SessionPointer] = []
        for number in 0..<300 {
            let session = try LoopFixture.openSession(context)
            session.pointee.record.record(clientID: "client \(number)")
            session.pointee.pipe.bytes.received = UInt64(number)
            open.append(session)
        }
        for number in open.indices where number % 3 == 0 { open[number].abort() }
        loop.freeEnded()
        context.pointee.now += 5000

        var (names, slot) = ([String](), Int?.some(0))
        while let first = slot {
            let page = context.pointee.describe(from: first)
            #expect(page.connections.count <= ConnectionPage.limit)
            for connection in page.connections {
                let session = try #require(connection.session)
                #expect(session.phase == .open && connection.age == 5000 && connection.listenerIdentity == 0)
                #expect(session.clientID == "client \(session.received.bytes)")
                names.append(session.clientID)
            }
            slot = page.nextSlot
        }
        #expect(names == (0..<300).filter { $0 % 3 != 0 }.map { "client \($0)" })
        #expect(context.pointee.describe(from: 100_000).connections.isEmpty)
        #expect(context.pointee.describe(from: -1).connections.count == ConnectionPage.limit)

        for number in open.indices where number % 3 != 0 { open[number].abort() }
        loop.freeEnded()
        #expect(context.pointee.sessions.count == 0 && context.pointee.connections.count == 0)
    }

    @Test("A look at an empty table is short, however many slots there are")
    func emptySlots() throws {
        var loop = try LoopFixture.makeLoop()
        let context = loop.context
        let open = try (0..<5000).map { _ in try LoopFixture.openSession(context) }
        for session in open { session.abort() }
        loop.freeEnded()
        #expect(context.pointee.describe(from: 0).nextSlot == ConnectionPage.reach)
        #expect(context.pointee.describe(from: ConnectionPage.reach).nextSlot == nil)
    }

    @Test("Of the connections that ended, the latest are kept, the latest first, with their cause")
    func recentEnds() throws {
        var loop = try LoopFixture.makeLoop()
        let context = loop.context
        var ends = RecentEnds()
        for number in 0..<RecentEnds.capacity + 10 {
            let session = try LoopFixture.openSession(context)
            session.pointee.record.record(clientID: "\(number)")
            guard case .connection(let connection) = session.pointee.channel else { return }
            ends.record(try #require(connection.describe().first), .clientLost)
            session.abort()
            loop.freeEnded()
        }
        let latest = ends.latest
        #expect(latest.count == RecentEnds.capacity)
        #expect(latest.first?.session?.clientID == "\(RecentEnds.capacity + 9)")
        #expect(latest.last?.session?.clientID == "10")
        #expect(latest.allSatisfy { $0.end?.cause == .clientLost })
    }
}
