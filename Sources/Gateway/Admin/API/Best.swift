/// The first so many of any number of elements, in an order: it never keeps more than those. A heap whose root is the last of
/// those that are kept.
struct Best<Element> {
    private let limit: Int
    private let isBefore: (Element, Element) -> Bool
    private var heap: [Element] = []

    init(_ limit: Int, by isBefore: @escaping (Element, Element) -> Bool) {
        self.limit = limit
        self.isBefore = isBefore
    }

    mutating func insert(_ element: Element) {
        if heap.count < limit {
            heap.append(element)
            rise(heap.count - 1)
        } else if let last = heap.first, isBefore(element, last) {
            heap[0] = element
            sink()
        }
    }

    /// Those that are kept, the first first.
    var sorted: [Element] { heap.sorted(by: isBefore) }

    private mutating func rise(_ index: Int) {
        var index = index
        while index > 0, isBefore(heap[(index - 1) / 2], heap[index]) {
            heap.swapAt(index, (index - 1) / 2)
            index = (index - 1) / 2
        }
    }

    private mutating func sink() {
        var index = 0
        while true {
            var last = index
            for child in [2 * index + 1, 2 * index + 2] where child < heap.count {
                if isBefore(heap[last], heap[child]) { last = child }
            }
            guard last != index else { return }
            heap.swapAt(index, last)
            index = last
        }
    }
}
