/// What the callbacks of one session share: at a fixed address, touched inside calls of nghttp2 and between them.
struct HTTP2State: ~Copyable {
    let headLimit: Int
    let gathered: GatheredFramesPointer
    /// Milliseconds, as of the last read.
    var now: Int64
    var floodGuard: FloodGuard
    var isFlooded = false
    /// The head whose fields come now.
    var head: HTTP2Head?
    var isHeadTooLong = false
    private var heads: [(stream: Int32, head: HTTP2Head, isTooLong: Bool)] = []
    private var events: [HTTP2Event] = []
    private var next = 0
    /// A frame waits for room among the gathered ones.
    var isFull = false
    /// We have sent GOAWAY: streams above this one are not taken.
    var isGoing = false
    var lastStream: Int32 = 0
    /// The client has sent GOAWAY.
    var isClientGoing = false

    init(headLimit: Int, gathered: GatheredFramesPointer, now: Int64) {
        self.headLimit = headLimit
        self.gathered = gathered
        self.now = now
        floodGuard = FloodGuard(now: now)
    }

    mutating func add(_ event: HTTP2Event) { events.append(event) }

    @inline(__always)
    mutating func nextEvent() -> HTTP2Event? {
        guard next < events.count else {
            if next > 0 { reset() }
            return nil
        }
        defer { next &+= 1 }
        return events[next]
    }

    private mutating func reset() {
        events.removeAll(keepingCapacity: events.capacity <= 64)
        next = 0
    }

    mutating func finishHead(of stream: Int32) {
        guard var head else { return }
        head.finish()
        heads.append((stream, head, isHeadTooLong))
        self.head = nil
        isHeadTooLong = false
    }

    mutating func takeHead(of stream: Int32) -> (HTTP2Head, Bool)? {
        guard let index = heads.firstIndex(where: { $0.stream == stream }) else { return nil }
        let entry = heads.remove(at: index)
        return (entry.head, entry.isTooLong)
    }

    /// Takes note of a frame. False: it was one too many.
    mutating func allows(_ frame: FloodGuard.Frame) -> Bool {
        if !floodGuard.allows(frame, now: now) { isFlooded = true }
        return !isFlooded
    }
}
