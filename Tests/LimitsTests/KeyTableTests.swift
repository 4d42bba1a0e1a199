import TestSupport
import Testing

@testable import Limits

@Suite("Tables of keys")
struct KeyTableTests {
    @Test("As a dictionary without bounds, as long as there is room", arguments: 1...10 as ClosedRange<UInt64>)
    func model(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var table = KeyTable(capacity: 400, whenFull: .refuse)
        func set(_ key: LimitKey, _ body: (inout Int64) -> Void) -> Void? { table.update(key, floor: 0, body) }
        var model: [UInt64: Int64] = [:]
        for _ in 0..<20_000 {
            // Few homes: long runs, which wrap around the end of the array.
            let hash = UInt64.random(in: 0..<300, using: &random) | UInt64.random(in: 0..<2, using: &random) << 40 | 1
            let key = LimitKey(hash: hash)
            switch Int.random(in: 0..<4, using: &random) {
            case 0:
                table.remove(key)
                model[hash] = nil
            case 1: #expect(table.number(of: key) == model[hash])
            default:
                let number = Int64.random(in: 1...9, using: &random)
                #expect(set(key, { $0 = number }) != nil)
                model[hash] = number
            }
            #expect(table.count == model.count)
        }
        for (hash, number) in model { #expect(table.number(of: LimitKey(hash: hash)) == number) }
    }

    @Test("Entries that mean nothing make room, the others stay", arguments: 1...5 as ClosedRange<UInt64>)
    func sweep(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var table = KeyTable(capacity: 1000, whenFull: .refuse)
        func set(_ key: LimitKey, _ body: (inout Int64) -> Void) -> Void? { table.update(key, floor: 0, body) }
        let lasting = (0..<400).map { _ in LimitKey(hash: random.next()) }
        for key in lasting { #expect(set(key, { $0 = 5 }) != nil) }
        for _ in 0..<20_000 { #expect(set(LimitKey(hash: random.next()), { $0 = 0 }) != nil) }
        #expect(table.count <= 1000)
        for key in lasting { #expect(table.number(of: key) == 5) }
    }

    @Test("Full of entries that count: refuses new keys, and keeps the known ones")
    func full() {
        var table = KeyTable(capacity: 100, whenFull: .refuse)
        func set(_ key: LimitKey, _ body: (inout Int64) -> Void) -> Void? { table.update(key, floor: 0, body) }
        let keys = (1...100).map { LimitKey("client \($0)") }
        for key in keys { #expect(set(key, { $0 += 1 }) != nil) }
        #expect(set(LimitKey("another"), { $0 += 1 }) == nil)
        for key in keys { #expect(set(key, { $0 += 1 }) != nil) }
        table.remove(keys[7])
        #expect(set(LimitKey("another"), { $0 += 1 }) != nil)
    }
}

@Suite("Counts and rates of many keys")
struct LimitTableTests {
    @Test("As many as are allowed, and one more for each that is given back")
    func counts() {
        var table = CountTable(capacity: 10)
        func take(_ key: LimitKey, _ limit: Int) -> CountTable.Outcome { table.take(key, limit: limit) }
        let key = LimitKey("a")
        #expect((0..<3).map { _ in take(key, 2) } == [.taken, .taken, .refused])
        table.release(key)
        #expect(take(key, 2) == .taken)
        // A lowered limit takes nothing away.
        #expect(take(key, 1) == .refused)
        table.release(key)
        table.release(key)
        #expect(table.keys == 0)
        table.release(key)
        #expect(take(key, 1) == .taken)
        #expect(take(key, 0) == .refused)
    }

    @Test("A full table of counts refuses nobody for others")
    func uncounted() {
        var table = CountTable(capacity: 10)
        func take(_ key: LimitKey, _ limit: Int) -> CountTable.Outcome { table.take(key, limit: limit) }
        for number in 0..<10 { #expect(take(LimitKey("\(number)"), 1) == .taken) }
        #expect(take(LimitKey("another"), 1) == .uncounted)
        #expect(take(LimitKey("3"), 1) == .refused)
    }

    @Test("50,000 addresses leave no more than the table holds, and an address that is busy stays limited")
    func manyAddresses() {
        var table = RateTable(capacity: 4096)
        let limit = RateLimit(1, perMilliseconds: 1000, burst: 9)
        func take(_ key: LimitKey, _ now: Int64) -> Bool { table.take(key, limit, now: now) }
        let busy = LimitKey(address: [192, 0, 2, 1])
        var allowed = 0
        for number in 0..<50_000 {
            let now = Int64(number / 50)
            let address = [10, UInt8(number >> 16), UInt8(number >> 8 & 255), UInt8(number & 255)]
            #expect(take(LimitKey(address: address), now))
            if take(busy, now) { allowed += 1 }
            #expect(table.keys <= 4096)
        }
        #expect(allowed <= 11)  // 10 at once, and one for the second that this takes
    }

    @Test("Buckets that are full again make room")
    func idle() {
        var table = RateTable(capacity: 100_000)
        let limit = RateLimit(10, perMilliseconds: 1000, burst: 0)
        func take(_ key: LimitKey, _ now: Int64) -> Bool { table.take(key, limit, now: now) }
        for number in 0..<50_000 { #expect(take(LimitKey("\(number)"), Int64(number))) }
        #expect(table.keys < 2000)  // a hundred mean something at a time
    }

    @Test("An IPv6 client is its /64")
    func addresses() {
        let base: [UInt8] = [0x20, 1, 0xD, 0xB8, 0, 0, 0, 1]
        #expect(
            LimitKey(address: base + [0, 0, 0, 0, 0, 0, 0, 1]) == LimitKey(address: base + [9, 9, 9, 9, 9, 9, 9, 9]))
        #expect(
            LimitKey(address: base + [0, 0, 0, 0, 0, 0, 0, 1])
                != LimitKey(address: [0x20, 1, 0xD, 0xB8, 0, 0, 0, 2] + base))
        #expect(LimitKey(address: [10, 0, 0, 1]) != LimitKey(address: [10, 0, 0, 2]))
        let translated: [UInt8] = [0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0]
        #expect(LimitKey(address: translated + [10, 0, 0, 1]) == LimitKey(address: [10, 0, 0, 1]))
        #expect((0..<16).contains(LimitKey("x").shard(of: 16)))
    }
}
