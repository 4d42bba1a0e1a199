import Testing

@testable import TLS

@Suite("Keys of session tickets")
struct TicketKeyTests {
    private func name(_ key: TicketKey) -> [UInt8] {
        var name = [UInt8](repeating: 0, count: TicketKey.nameSize)
        key.copyName(to: &name)
        return name
    }

    @Test("A key seals for a period, opens for another, and is forgotten")
    func rotation() throws {
        let keys = TicketKeys(period: 100)
        let first = name(try #require(keys.sealing(now: 1000)))
        #expect(name(try #require(keys.sealing(now: 1099))) == first)
        let second = name(try #require(keys.sealing(now: 1100)))
        #expect(second != first)
        let old = try #require(keys.opening(first, now: 1199))
        #expect(!old.isCurrent && name(old.key) == first)
        #expect(try #require(keys.opening(second, now: 1199)).isCurrent)
        #expect(keys.opening(first, now: 1200) == nil)
        #expect(try #require(keys.opening(second, now: 1200)).isCurrent == false)
    }

    @Test("After a long silence no old key is left")
    func silence() throws {
        let keys = TicketKeys(period: 100)
        let first = name(try #require(keys.sealing(now: 1000)))
        #expect(keys.opening(first, now: 1200) == nil)
    }

    @Test("A clock that is set back makes no key live longer")
    func clock() throws {
        let keys = TicketKeys(period: 100)
        let first = name(try #require(keys.sealing(now: 1000)))
        #expect(name(try #require(keys.sealing(now: 900))) != first)
    }

    @Test("Another period counts from now on; keys from files never change")
    func change() throws {
        let keys = TicketKeys(period: 100)
        let first = name(try #require(keys.sealing(now: 1000)))
        keys.change(period: 10)
        #expect(name(try #require(keys.sealing(now: 1010))) != first)
        let files = try Certificates.shared.get()
        try files.run(["rand", "-out", files.path("fixed.key"), "80"])
        let fixed = try TicketKeys(files: [files.path("fixed.key")])
        fixed.change(period: 1)
        #expect(name(try #require(fixed.sealing(now: 1))) == name(try #require(fixed.sealing(now: 1 << 40))))
    }
}

@Suite("Kept sessions")
struct SessionCacheTests {
    private func id(_ number: Int) -> [UInt8] { withUnsafeBytes(of: number, Array.init) }

    @Test("The oldest makes room")
    func room() {
        let cache = SessionCache(limit: 100_000)
        for number in 0..<5000 {
            cache.keep([UInt8](repeating: 1, count: 100), id: id(number), until: 100)
            #expect(cache.find(id(number), now: 0) != nil)
        }
        #expect((200...400).contains(cache.count))
        #expect(cache.find(id(0), now: 0) == nil)
        cache.change(limit: 0)
        #expect(cache.count == 0)
    }

    @Test("Each has its time; the same identifier replaces; what is too large is not kept")
    func time() {
        let cache = SessionCache(limit: 100_000)
        cache.keep([1], id: id(1), until: 100)
        cache.keep([2], id: id(1), until: 200)
        cache.keep([UInt8](repeating: 1, count: 50_000), id: id(2), until: 200)
        #expect(cache.count == 1)
        #expect(cache.find(id(1), now: 199) == [2])
        #expect(cache.find(id(1), now: 200) == nil)
    }
}
