#if DEBUG
    /// What is to happen, by time; what was put in first comes first among equals. A binary heap.
    struct Agenda {
        private struct Item {
            let time: Int64
            let serial: Int
            let action: () -> Void

            func isBefore(_ other: Item) -> Bool { (time, serial) < (other.time, other.serial) }
        }

        private var heap: [Item] = []
        private var serial = 0

        var nextTime: Int64? { heap.first?.time }

        mutating func add(at time: Int64, _ action: @escaping () -> Void) {
            serial += 1
            heap.append(Item(time: time, serial: serial, action: action))
            var child = heap.count - 1
            while child > 0, heap[child].isBefore(heap[(child - 1) / 2]) {
                heap.swapAt(child, (child - 1) / 2)
                child = (child - 1) / 2
            }
        }

        /// The first action that is due.
        mutating func take(until time: Int64) -> (() -> Void)? {
            guard let first = heap.first, first.time <= time else { return nil }
            let last = heap.removeLast()
            if !heap.isEmpty {
                heap[0] = last
                sift()
            }
            return first.action
        }

        private mutating func sift() {
            var parent = 0
            while true {
                var least = parent
                for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                    if heap[child].isBefore(heap[least]) { least = child }
                }
                guard least != parent else { return }
                heap.swapAt(parent, least)
                parent = least
            }
        }
    }
#endif
