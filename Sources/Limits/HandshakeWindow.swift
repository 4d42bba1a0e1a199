/// How many TLS handshakes a loop has under way, and whether another one should begin now.
///
/// Handshakes that begin all at once share what the loop, the network and the clients' machines can do. So all of them end late,
/// beyond what the clients wait for, and begin again. Those that wait in the kernel's queue instead share nothing, and no time limit
/// runs for them. How many may be under way follows from what gets done: `base`, and as many as were completed in the last
/// `pace` milliseconds, so that it doubles with each round trip as long as nothing but distance holds them up.
///
/// Room can be taken on purpose, by handshakes that nobody goes on with. So one counts for `patience` milliseconds only; and when many
/// more were forgotten that way than completed, there is room for everybody: it is not a storm of clients then, and waiting
/// would not help them.
package struct HandshakeWindow: Sendable {
    /// Those that may be under way when none was completed lately.
    package static let base = 256
    /// Milliseconds.
    package static let pace: Int64 = 2000
    /// Milliseconds.
    package static let patience: Int64 = 5000
    /// Milliseconds for which it remembers what was completed and forgotten.
    package static let memory: Int64 = 20_000
    /// Milliseconds of a slice of time: all the above is as exact as that.
    package static let slice: Int64 = 100

    private struct Slice {
        /// Handshakes that began in it, and are under way.
        var underWay = 0
        var completed = 0
        /// Those that no longer count since then.
        var forgotten = 0
    }

    /// Of the last `memory` milliseconds.
    private var ring = [Slice](repeating: Slice(), count: Int(memory / slice))
    /// The number of the newest slice since the clock began.
    private var newest: Int64
    /// Those that count.
    package private(set) var underWay = 0
    private var completedLately = 0
    private var completed = 0
    private var forgotten = 0

    /// `now`: milliseconds of a monotonic clock that does not go back, here and below.
    package init(now: Int64) { newest = now / Self.slice }

    /// A handshake begins.
    package mutating func begin(now: Int64) {
        advance(to: now)
        ring[place(newest)].underWay += 1
        underWay += 1
    }

    /// The handshake that began at `began` is over.
    package mutating func end(began: Int64, isComplete: Bool, now: Int64) {
        advance(to: now)
        if isComplete {
            ring[place(newest)].completed += 1
            completed += 1
            completedLately += 1
        }
        let place = place(began / Self.slice)
        guard began / Self.slice > newest - Self.patience / Self.slice, ring[place].underWay > 0 else { return }
        ring[place].underWay -= 1
        underWay -= 1
    }

    /// Whether the next one should wait.
    package mutating func isFull(now: Int64) -> Bool {
        guard underWay >= Self.base else { return false }
        advance(to: now)
        return underWay >= Self.base + completedLately && forgotten <= completed + 2 * Self.base
    }

    private func place(_ slice: Int64) -> Int { Int(slice % Int64(ring.count)) }

    private mutating func advance(to now: Int64) {
        let current = now / Self.slice
        guard current > newest else { return }
        guard current - newest < Int64(ring.count) else {
            self = Self(now: now)
            return
        }
        while newest < current {
            newest += 1
            let old = ring[place(newest)]
            completed -= old.completed
            forgotten -= old.forgotten
            completedLately -= ring[place(newest - Self.pace / Self.slice)].completed
            let late = place(newest - Self.patience / Self.slice)
            underWay -= ring[late].underWay
            forgotten += ring[late].underWay
            ring[place(newest)] = Slice(forgotten: ring[late].underWay)
            ring[late].underWay = 0
        }
    }
}
