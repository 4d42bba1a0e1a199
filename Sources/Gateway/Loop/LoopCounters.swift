import Synchronization
import Tunnel
import Wire

/// What one loop has counted so far: words with one writer, the loop, which any thread may read at any time without asking.
///
/// Each word is read and written whole (relaxed atomics cost what plain words cost); two words read one after the other may be
/// a moment apart. The block begins on a cache line of its own, so that the counting of one loop never slows another.
final class LoopCounters: Sendable {
    /// The words that every loop has, in the order of the block: those of the data path first.
    enum Counter: Int, CaseIterable, Sendable {
        /// MQTT bytes from clients and to clients, CONNECT and CONNACK included.
        case bytesReceived, bytesSent
        /// How often clients, and brokers, were not read because the other side did not take what they sent; and for how many
        /// milliseconds, of the times that are over.
        case backpressureReceived, backpressureSent
        case backpressureMillisecondsReceived, backpressureMillisecondsSent
        /// Turns of the loop, and microseconds that it was busy in them.
        case turns, busyMicroseconds
        /// Connections that were accepted, and those that are there now.
        case accepted, connections
        /// Sessions that are there now, from the upgrade on.
        case sessions
        /// Requests that were answered without an upgrade.
        case responses
    }

    private static let cacheLine = 128  // two lines: the prefetcher takes them in pairs

    nonisolated(unsafe) private let words: Words  // shared on purpose: every access is atomic
    // Each direction's packets begin on a cache line, too.
    private static let totalsStride = (PacketTotals.wordCount + 15) / 16 * 16
    fileprivate static let totalsStart = (Counter.allCases.count + 15) / 16 * 16
    fileprivate static let failureStart = totalsStart + totalsStride * PacketDirection.allCases.count
    fileprivate static let causeStart = failureStart + AttemptFailure.allCases.count
    private static let count = causeStart + EndCause.allCases.count

    init() { words = Words(count: Self.count, alignment: Self.cacheLine) }

    deinit { words.deallocate() }

    /// For the loop itself: valid as long as the counters.
    var writer: Writer { Writer(words: words) }

    /// Any thread.
    subscript(counter: Counter) -> UInt64 { words[counter.rawValue] }

    /// The packets of all sessions, those that have ended included. Any thread.
    func packets(_ direction: PacketDirection) -> PacketCounts { words.totals(Self.start(of: direction)).counts }

    fileprivate static func start(of direction: PacketDirection) -> Int {
        switch direction {
        case .received: totalsStart
        case .sent: totalsStart + totalsStride
        }
    }

    /// How often something has ended so. Any thread.
    subscript(cause: EndCause) -> UInt64 { words[Self.causeStart + cause.ordinal] }

    /// How often an attempt to reach a broker has failed so. Any thread.
    subscript(failure: AttemptFailure) -> UInt64 { words[Self.failureStart + failure.ordinal] }

    /// The loop's side. It counts no references: the loop keeps the counters.
    struct Writer: BitwiseCopyable {
        fileprivate let words: Words

        @inline(__always)
        func add(_ counter: Counter, _ count: UInt64 = 1) { words.add(counter.rawValue, count) }

        /// Where packets are counted.
        var received: PacketTotals { @inline(__always) get { words.totals(LoopCounters.start(of: .received)) } }
        var sent: PacketTotals { @inline(__always) get { words.totals(LoopCounters.start(of: .sent)) } }

        func subtract(_ counter: Counter, _ count: UInt64 = 1) { words.add(counter.rawValue, 0 &- count) }

        func count(_ cause: EndCause) { words.add(LoopCounters.causeStart + cause.ordinal, 1) }

        func count(_ failure: AttemptFailure) { words.add(LoopCounters.failureStart + failure.ordinal, 1) }
    }

    /// A block of atomic words.
    fileprivate struct Words: BitwiseCopyable {
        private let start: UnsafeMutablePointer<Atomic<UInt64>>

        init(count: Int, alignment: Int) {
            let bytes = (count * MemoryLayout<Atomic<UInt64>>.stride + alignment - 1) / alignment * alignment
            start = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: alignment)
                .bindMemory(to: Atomic<UInt64>.self, capacity: count)
            for index in 0..<count { (start + index).initialize(to: Atomic(0)) }
        }

        func deallocate() { UnsafeMutableRawPointer(start).deallocate() }

        /// Those of one direction's packets, from `index` on.
        @inline(__always)
        func totals(_ index: Int) -> PacketTotals { PacketTotals(start + index) }

        subscript(index: Int) -> UInt64 {
            @inline(__always) get { start[index].load(ordering: .relaxed) }
        }

        /// The one writer's: no other thread's addition can be lost.
        @inline(__always)
        func add(_ index: Int, _ count: UInt64) {
            start[index].store(start[index].load(ordering: .relaxed) &+ count, ordering: .relaxed)
        }
    }
}

extension EndCause {
    fileprivate static let ordinals = Dictionary(uniqueKeysWithValues: allCases.enumerated().map { ($1, $0) })
    /// Its place among all cases.
    fileprivate var ordinal: Int { Self.ordinals[self] ?? 0 }
}

extension AttemptFailure {
    fileprivate static let ordinals = Dictionary(uniqueKeysWithValues: allCases.enumerated().map { ($1, $0) })
    fileprivate var ordinal: Int { Self.ordinals[self] ?? 0 }
}
