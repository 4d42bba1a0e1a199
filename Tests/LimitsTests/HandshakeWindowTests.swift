import Limits
import Testing

@Suite("Handshakes under way")
struct HandshakeWindowTests {
    private var window = HandshakeWindow(now: 1_000_000)
    private var now: Int64 = 1_000_000

    /// Begins as many as may begin, at most `most`; returns how many.
    private mutating func fill(_ most: Int = 100_000) -> Int {
        var count = 0
        while count < most, !window.isFull(now: now) {
            window.begin(now: now)
            count += 1
        }
        return count
    }

    @Test("So many begin at once; who completes his makes room, for two at first")
    mutating func base() {
        #expect(fill() == HandshakeWindow.base)
        for _ in 0..<10 { window.end(began: now, isComplete: true, now: now) }
        #expect(window.underWay == HandshakeWindow.base - 10)
        #expect(fill() == 20)
    }

    @Test("A handshake that fails makes room for one")
    mutating func failure() {
        _ = fill()
        window.end(began: now, isComplete: false, now: now)
        #expect(fill() == 1)
    }

    @Test("Where distance alone holds them up, room doubles with each round trip")
    mutating func distance() {
        var begun = fill()
        for round in 1...3 {
            let before = now
            now += 600
            for _ in 0..<begun { window.end(began: before, isComplete: true, now: now) }
            begun = fill()
            #expect(begun == HandshakeWindow.base << round)
        }
    }

    @Test("Where little gets done, the room follows that, and clients wait for a few seconds once they are taken")
    mutating func slow() {
        var waiting: [Int64] = Array(repeating: now, count: fill())
        var longest: Int64 = 0
        for step in 0..<600 {  // 100 in a second
            now += 100
            for began in waiting.prefix(10) {
                longest = max(longest, now - began)
                window.end(began: began, isComplete: true, now: now)
            }
            waiting.removeFirst(10)
            waiting += Array(repeating: now, count: fill())
            #expect(waiting.count <= HandshakeWindow.base + 250, "step \(step)")
        }
        #expect(longest < 5000)
    }

    @Test("One that nobody goes on with counts for five seconds, and its end changes nothing after that")
    mutating func patience() {
        let began = now
        #expect(fill() == HandshakeWindow.base)
        now += HandshakeWindow.patience - HandshakeWindow.slice
        #expect(fill() == 0)
        now += 2 * HandshakeWindow.slice
        #expect(window.underWay == HandshakeWindow.base)
        #expect(fill() == HandshakeWindow.base)
        window.end(began: began, isComplete: false, now: now)
        #expect(window.underWay == HandshakeWindow.base)
    }

    @Test("A flood of such handshakes shuts nobody out: after three times their patience everybody comes in")
    mutating func flood() {
        for _ in 0..<160 {
            _ = fill(100)
            now += 100
        }
        for _ in 0..<100 {
            #expect(fill(100) == 100, "at \(now)")
            now += 100
        }
        // Once it is over, that is forgotten, too.
        now += HandshakeWindow.memory + HandshakeWindow.slice
        #expect(fill() == HandshakeWindow.base)
    }

    @Test("Whatever happens, the number is that of the young ones", arguments: 1...20)
    mutating func random(seed: UInt64) {
        var state = seed
        func next(_ below: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % below
        }
        var open: [Int64] = []
        for _ in 0..<5000 {
            switch next(4) {
            case 0, 1:
                window.begin(now: now)
                open.append(now)
            case 2 where !open.isEmpty:
                window.end(began: open.remove(at: next(open.count)), isComplete: next(2) == 0, now: now)
            default: now += Int64(next(next(50) == 0 ? 30_000 : 300))
            }
            _ = window.isFull(now: now)
            let first = now / HandshakeWindow.slice - HandshakeWindow.patience / HandshakeWindow.slice
            let young = open.count { $0 / HandshakeWindow.slice > first }
            #expect(window.underWay == young || window.underWay < HandshakeWindow.base)
        }
    }
}
