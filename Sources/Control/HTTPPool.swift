import Synchronization

/// How many requests to one service may run, and wait, at the same time.
package final class HTTPPool: Sendable {
    let connections: Int
    private let places: Int
    private let taken = Atomic<Int>(0)

    /// `connections`: requests under way, each on a connection of its own; at least one. `queue`: requests that wait.
    package init(connections: Int, queue: Int) {
        let most = 1 << 20
        self.connections = min(max(1, connections), most)
        places = self.connections + min(max(0, queue), most)
    }

    /// Takes a place; false: all are taken.
    func enter() -> Bool {
        guard taken.add(1, ordering: .relaxed).newValue > places else { return true }
        leave()
        return false
    }

    func leave() { taken.subtract(1, ordering: .relaxed) }
}
