import Access
import Configuration
import DequeModule
import HTTP2
import Limits
import Reactor
import TLS
import Telemetry
import Tunnel

/// One event loop and its thread: accepts connections, and carries them and their sessions from the first byte to the last.
struct Loop: ~Copyable {
    /// What other threads tell a loop.
    enum Order: Sendable {
        /// Begin to accept: everything that needs root is done.
        case serve
        /// End everything now, then the loop.
        case stop
        /// A drain is to come: say so to whoever asks whether this gateway is ready.
        case announceDrain
        /// Accept nothing more, end the sessions evenly over this many milliseconds, then the loop.
        case drain(milliseconds: Int64)
        /// New connections come through these sockets, and get this generation.
        case adopt(Adoption)
        /// What another thread has found out about the client of a session.
        case verdict(SlabToken, Verdict)
        /// Probes have found out something about a peer.
        case health(pool: Int, peer: Int, PeerHealth)
        /// An upstream has other peers.
        case upstream(Int, ResolvedUpstream)
        /// Somebody wants to know of the connections from a slot on. `reply` is called on the loop's thread, and must not block.
        /// `only`: of the one with this identifier.
        case describe(from: Int, only: UInt64? = nil, reply: @Sendable (ConnectionPage) -> Void)
        /// The same for those that ended last.
        case recentEnds(reply: @Sendable ([ConnectionDescription]) -> Void)
        /// Somebody wants to know what the loop has counted. As above.
        case figures(reply: @Sendable (LoopFigures) -> Void)
        /// Somebody wants the connections counted: the loop goes on with this census, a part of its connections in each turn.
        /// `reply` gets the whole one. As above.
        case census(ConnectionCensus, reply: @Sendable (ConnectionCensus) -> Void)
        /// The admin thread has something for a client.
        case answer(ConnectionHandle, AdminAnswer)
        /// Begin a packet trace, with the sessions from a slot on.
        case trace(Trace, from: Int)
        /// End the sessions, from a slot on, whose clients would not be allowed in any longer.
        case recheck(from: Int)
        /// To be answered with `Report.turns`: the loop has its turns.
        case answerWatchdog
        /// Tell the HTTP/2 connections of earlier generations, from a slot on, to take further requests elsewhere.
        case leaveGeneration(from: Int)
        /// The operator ends these connections; `reply` gets how many were there still.
        case end([ConnectionHandle], EndCause, reply: @Sendable (Int) -> Void)
    }

    /// What a loop tells the main thread.
    enum Report: Sendable {
        case running
        case failed(StartError)
        /// New connections get this generation from here on.
        case adopted(Int)
        /// To `Order.answerWatchdog`.
        case turns
        case ended(turns: Histogram)
        /// Somebody asks for a reload; `reply` gets its result, and must not block.
        case reloadWanted(reply: @Sendable (ReloadResult) -> Void)
    }

    let context: LoopPointer
    var poller: Poller
    var sockets: [ListeningSocket]
    /// Those that a generation no longer has, until their queues are empty.
    var retired: [RetiredSocket] = []
    /// A descriptor in reserve, without which a connection could be neither taken nor refused when there is no other.
    var spareDescriptor: Int32
    var acceptsAgainAt: Int64?
    /// Clients that would begin a TLS handshake wait in the queues of the kernel.
    var holdsHandshakes = false
    /// When the log was told of that.
    var handshakesToldAt = Int64.min / 2
    var stop: Stop?
    let report: @Sendable (Report) -> Void
    private let mailbox: Mailbox<Order>
    /// What it has counted; the context holds its pen.
    private let counters: LoopCounters
    /// Orders that wait for their turn.
    private var orders = Deque<Order>()
    /// How long each turn took: as long can an event wait for its own.
    private(set) var turns = Histogram()
    /// When the last one was over, on the monotonic clock.
    private var turnEnded = Kernel.microseconds()

    /// How the loop comes to its end.
    struct Stop {
        let cause: EndCause
        let deadline: Int64
        var drain: Drain
    }

    /// What a loop is made with.
    struct Parts: Sendable {
        /// Which of the loops it is.
        let index: Int
        /// What to begin with. The loop takes it out: the parts live as long as the thread, and a generation is not to.
        let first: Lock<Adoption?>
        let services: Services
        let mailbox: Mailbox<Order>
        let counters: LoopCounters
        let report: @Sendable (Report) -> Void
    }

    /// Makes the loop, on its own thread.
    static func make(_ parts: Parts) throws(StartError) -> Loop {
        let poller = try StartError.wrap { () throws(SystemError) in try Poller() }
        let first = parts.first.withLock { first in
            defer { first = nil }
            return first
        }
        guard let first else { throw StartError("a loop has no configuration") }
        let context = try makeContext(parts, first.generation, poller: poller.descriptor)
        let loop = Loop(parts, poller: poller, context: context, sockets: first.sockets)
        try StartError.wrap { () throws(SystemError) in
            try loop.watch(
                parts.mailbox.descriptor, Events(reading: true, writing: false), word: LoopWord.mailbox)
        }
        return loop
    }

    private init(_ parts: Parts, poller: consuming Poller, context: LoopPointer, sockets: [ListeningSocket]) {
        self.poller = poller
        self.context = context
        self.sockets = sockets
        report = parts.report
        mailbox = parts.mailbox
        counters = parts.counters
        spareDescriptor = Kernel.openSpare()
    }

    deinit {
        let (buffers, tlsBuffers) = (context.pointee.buffers, context.pointee.engineBuffers)
        let frames = context.pointee.frames
        context.deinitialize(count: 1)
        context.deallocate()
        frames.deallocate()
        tlsBuffers.deallocate()
        buffers.deallocate()
        Kernel.close(spareDescriptor)
    }

    /// Allocates for the life of the loop.
    private static func makeContext(
        _ parts: Parts, _ first: Generation, poller: Int32
    ) throws(StartError) -> LoopPointer {
        let buffers = LoopBuffers()
        let tlsBuffers = TLSBuffersPointer.allocate(capacity: 1)
        tlsBuffers.initialize(to: TLSBuffers(output: buffers.output, outputCapacity: buffers.outputCapacity))
        let engine: TLSEngine
        do throws(TLSError) { engine = try TLSEngine(buffers: tlsBuffers) } catch { throw StartError("\(error)") }
        guard let http2Options = HTTP2Options() else { throw StartError("nghttp2: there is not enough memory") }
        let frames = GatheredFramesPointer.allocate(capacity: 1)
        frames.initialize(to: GatheredFrames(start: buffers.frames, capacity: LoopBuffers.framesCapacity))
        let context = LoopPointer.allocate(capacity: 1)
        context.initialize(
            to: LoopContext(
                parts, first, poller: poller, buffers: buffers, engine: engine, http2Options: http2Options,
                frames: frames))
        return context
    }

    // MARK: Turns

    /// Runs until it is told to stop, and reports its end.
    mutating func run() {
        while turn() {}
        report(.ended(turns: turns))
    }

    /// Waits once, and does what is to be done then. False: the loop has come to its end.
    mutating func turn() -> Bool {
        let count: Int
        do throws(SystemError) {
            count = try Kernel.wait(&poller, milliseconds: waitTime(now: turnEnded / 1000))
        } catch {
            context.pointee.log.write(.error, "\(error)")
            return false
        }
        let turnBegan = Kernel.microseconds()
        context.pointee.now = turnBegan / 1000
        context.pointee.inflated = 0
        for index in 0..<count {
            let event = Kernel.event(poller, index)
            handle(LoopWord.target(event.word), event.events)
            leaveNothing()
        }
        deliverDeferred()
        obeyOrders()
        fireTimers()
        if !context.pointee.rebalancing.isEmpty { rebalance() }
        sendPutOff()
        leaveNothing()
        let isOver = stop != nil && advanceStop()
        freeEnded()
        if holdsHandshakes { takeHandshakesAgain() }
        if isOver { return false }
        turnEnded = Kernel.microseconds()
        countTurn(turnEnded - turnBegan)
        return true
    }

    /// What sessions of HTTP/2 connections have written in this turn leaves.
    private func sendPutOff() {
        guard !context.pointee.putOff.isEmpty else { return }
        let connections = context.pointee.putOff
        context.pointee.putOff.removeAll(keepingCapacity: true)
        for connection in connections { connection.sendPutOff() }
    }

    private mutating func countTurn(_ microseconds: Int64) {
        turns.record(microseconds: microseconds)
        context.pointee.counters.add(.turns)
        context.pointee.counters.add(.busyMicroseconds, UInt64(truncatingIfNeeded: max(0, microseconds)))
    }

    /// What was made for one connection must never wait in a shared buffer for another. Whoever makes it sends it; a fault there
    /// costs that connection its own bytes, and nobody else anything.
    @inline(__always)
    private func leaveNothing() {
        assert(context.pointee.engineBuffers.pointee.outputCount == 0, "TLS output is left between two events")
        assert(context.pointee.frames.pointee.count == 0, "frames are left between two events")
        if context.pointee.frames.pointee.count > 0 { context.pointee.gathering?.sendLeft() }
        if context.pointee.engineBuffers.pointee.outputCount > 0 { dropOutput() }
    }

    private func dropOutput() {
        context.pointee.engineBuffers.pointee.outputCount = 0
        context.pointee.log.write(.error, "TLS output was left between two events, and is dropped: please report this")
    }

    /// Streams whose input was put off in the last turn.
    private func deliverDeferred() {
        guard !context.pointee.deferred.isEmpty else { return }
        let tokens = context.pointee.deferred
        context.pointee.deferred.removeAll(keepingCapacity: true)
        for token in tokens {
            guard let stream = context.pointee.streams[token], !stream.pointee.isClosed else { continue }
            stream.pointee.isDeferred = false
            stream.pointee.session?.updateInterest()
            leaveNothing()
        }
    }

    @inline(__always)
    private mutating func handle(_ target: LoopWord.Target, _ events: Events) {
        switch target {
        case .client(let connection):
            guard !connection.pointee.isClosed else { return }  // ended earlier in this batch
            connection.handle(events)
        case .upstream(let session):
            guard !session.pointee.isClosed else { return }
            session.handle(events)
        case .listener(let descriptor): accept(descriptor)
        case .mailbox: orders.append(contentsOf: mailbox.take())
        }
    }

    /// Orders of one turn: when a thousand clients that wait for the same answer get it at once, the other sessions have their
    /// turn in between.
    private static let ordersPerTurn = 32

    private mutating func obeyOrders() {
        for _ in 0..<Self.ordersPerTurn {
            guard let order = orders.popFirst() else { return }
            obey(order)
        }
    }

    /// Memory is given back after the batch: it may contain another event of one that has ended.
    mutating func freeEnded() {
        let hasRoom = !context.pointee.endedConnections.isEmpty
        while let token = context.pointee.endedSessions.popLast() {
            context.pointee.sessions[token]?.deinitialize(count: 1)
            context.pointee.sessions.release(token)
        }
        while let token = context.pointee.endedStreams.popLast() {
            context.pointee.streams[token]?.deinitialize(count: 1)
            context.pointee.streams.release(token)
        }
        while let token = context.pointee.endedConnections.popLast() {
            context.pointee.connections[token]?.deinitialize(count: 1)
            context.pointee.connections.release(token)
            context.pointee.closing -= 1
        }
        if hasRoom, acceptsAgainAt != nil { resumeAccepting() }
    }

    // MARK: Time

    private func waitTime(now: Int64) -> Int32 {
        guard orders.isEmpty, context.pointee.putOff.isEmpty, context.pointee.deferred.isEmpty else { return 0 }
        var wait = context.pointee.wheel.wait(now: now) ?? -1
        let rebalanceAt = context.pointee.rebalancing.isEmpty ? nil : now + Rebalancing.interval
        let retiredAt = acceptsAgainAt == nil ? retired.first?.until : nil
        let drainAt = stop?.drain.nextDue(staying: context.pointee.staying, slots: context.pointee.connections.slots)
        let windowAt = holdsHandshakes ? now + HandshakeWindow.slice : nil
        for time in [acceptsAgainAt, stop?.deadline, drainAt, rebalanceAt, retiredAt, windowAt] {
            guard let time else { continue }
            wait = wait < 0 ? max(0, time - now) : min(wait, max(0, time - now))
        }
        return Int32(truncatingIfNeeded: min(wait, 60_000))
    }

    private mutating func fireTimers() {
        var due: [(token: TimerWheel.Token, tick: Int64)] = []
        context.pointee.wheel.expire(now: context.pointee.now, into: &due)
        for entry in due {
            switch TimerOwner(wheelToken: entry.token) {
            case .connection(let token):
                guard let connection = context.pointee.connections[token],
                    connection.pointee.machine.phase != .closed
                else { continue }
                connection.timerFired(tick: entry.tick)
            case .session(let token):
                guard let session = context.pointee.sessions[token], session.pointee.phase != .closed else { continue }
                session.timerFired(tick: entry.tick)
            case .pace(let token):
                guard let session = context.pointee.sessions[token], session.pointee.phase != .closed else { continue }
                session.paceTimerFired(tick: entry.tick)
            case .stream(let token):
                guard let stream = context.pointee.streams[token], !stream.pointee.isClosed else { continue }
                stream.timerFired(tick: entry.tick)
            }
        }
        if let time = acceptsAgainAt, context.pointee.now >= time { resumeAccepting() }
        closeRetired()
    }

    func watch(_ descriptor: Int32, _ events: Events, word: UInt64) throws(SystemError) {
        try SystemError.check("epoll_ctl", Kernel.watch(poller.descriptor, .add, descriptor, events, word: word))
    }

    func unwatch(_ descriptor: Int32) { _ = Kernel.watch(poller.descriptor, .delete, descriptor) }
}
