import Reactor
import Testing

@testable import Access

@Suite("What is remembered for a short while")
struct SuccessCacheTests {
    @Test("a value is there for its life, and no longer")
    func life() {
        let cache = SuccessCache<Int>(life: 100)
        let key = cache.key(["alice", "secret"])
        #expect(cache.value(key, now: 1000) == nil)
        cache.insert(7, for: key, now: 1000)
        #expect(cache.value(key, now: 1000) == 7)
        #expect(cache.value(key, now: 1099) == 7)
        #expect(cache.value(key, now: 1100) == nil)
        cache.insert(8, for: key, now: 1100)
        #expect(cache.value(key, now: 1199) == 8)
    }

    @Test("without a life nothing is remembered", arguments: [0, -1, .min] as [Int64])
    func off(_ life: Int64) {
        let cache = SuccessCache<Int>(life: life)
        #expect(!cache.isOn)
        cache.insert(7, for: cache.key(["a"]), now: 0)
        #expect(cache.value(cache.key(["a"]), now: -1) == nil)
    }

    @Test("the longest life does not overflow")
    func longest() {
        let cache = SuccessCache<Int>(life: .max)
        cache.insert(7, for: cache.key(["a"]), now: 1000)
        #expect(cache.value(cache.key(["a"]), now: .max - 1) == 7)
    }

    @Test("the parts of a key are told from each other, and so are their places")
    func parts() {
        let cache = SuccessCache<Int>(life: 100)
        let keys = [
            [], [""], ["", ""], ["ab"], ["a", "b"], ["b", "a"], ["ab", ""], ["", "ab"], ["a"], ["a\0b"],
        ].map { (parts: [String]) in cache.key(parts) }
        #expect(Set(keys).count == keys.count)
        #expect(cache.key(["a", "b"]) == cache.key([[0x61], [0x62]]))
    }

    @Test("keys are of one cache alone: their secret is random")
    func secret() {
        #expect(SuccessCache<Int>(life: 100).key(["a"]) != SuccessCache<Int>(life: 100).key(["a"]))
    }

    @Test("it is bounded: the oldest go first", arguments: [1, 2, 8, 100])
    func capacity(_ capacity: Int) {
        let cache = SuccessCache<Int>(life: 1_000_000, capacity: capacity)
        for number in 0..<1000 {
            cache.insert(number, for: cache.key(["\(number)"]), now: 0)
            // The newest is always there.
            #expect(cache.value(cache.key(["\(number)"]), now: 0) == number)
        }
        let left = (0..<1000).filter { cache.value(cache.key(["\($0)"]), now: 0) != nil }
        #expect(left.count <= capacity)
        #expect(left.count >= capacity - max(1, capacity / 8))
        #expect(left == Array((1000 - left.count)..<1000))
    }

    @Test("the same again takes no second place")
    func again() {
        let cache = SuccessCache<Int>(life: 100, capacity: 2)
        cache.insert(1, for: cache.key(["a"]), now: 0)
        for _ in 0..<100 { cache.insert(2, for: cache.key(["b"]), now: 0) }
        #expect(cache.value(cache.key(["a"]), now: 0) == 1)
        #expect(cache.value(cache.key(["b"]), now: 0) == 2)
    }

    @Test("all can be forgotten")
    func removeAll() {
        let cache = SuccessCache<Int>(life: 100)
        cache.insert(1, for: cache.key(["a"]), now: 0)
        cache.removeAll()
        #expect(cache.value(cache.key(["a"]), now: 0) == nil)
    }
}
