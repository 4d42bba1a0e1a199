import Testing

@testable import Gateway

@Suite("Pages of sessions")
struct SessionPageTests {
    @Test("Pages together hold every session once, with what is known of it; none is longer than its limit")
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
            #expect(page.sessions.count <= SessionPage.limit)
            for session in page.sessions {
                #expect(session.phase == .open && session.age == 5000 && session.serverPort == 1)
                #expect(session.clientID == "client \(session.bytes.received)")
            }
            names += page.sessions.map(\.clientID)
            slot = page.nextSlot
        }
        #expect(names == (0..<300).filter { $0 % 3 != 0 }.map { "client \($0)" })
        #expect(context.pointee.describe(from: 100_000).sessions.isEmpty)
        #expect(context.pointee.describe(from: -1).sessions.count == SessionPage.limit)

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
        #expect(context.pointee.describe(from: 0).nextSlot == SessionPage.reach)
        #expect(context.pointee.describe(from: SessionPage.reach).nextSlot == nil)
    }
}
