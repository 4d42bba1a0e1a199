import Access
import Configuration
import Reactor
import TLS
import Telemetry
import Tunnel

/// One event loop and its thread: accepts, and carries its sessions from the first byte to the last.
struct Loop: ~Copyable {
    /// What the main thread tells a loop.
    enum Order: Sendable {
        /// Begin to accept: everything that wants root is done.
        case serve
        /// Close every session now, then end.
        case stop
        /// Accept nothing more, close the sessions evenly over this many milliseconds, then end.
        case drain(milliseconds: Int64)
        /// What another thread has found out about the client of a session.
        case verdict(SessionTable.Token, Verdict)
        /// Probes have found out something about a peer.
        case health(pool: Int, peer: Int, PeerHealth)
        /// An upstream has other peers.
        case upstream(Int, ResolvedUpstream)
    }

    /// What a loop tells the main thread, once: whether it runs, and at its end what it has seen.
    enum Report: Sendable {
        case running
        case failed(StartError)
        case ended(Tally<EndCause>, Tally<AttemptFailure>, turns: Histogram)
    }

    let context: LoopPointer
    private var poller: Poller
    private let mailbox: Mailbox<Order>
    private var spareDescriptor: Int32
    private var ended: [SessionPointer] = []
    private(set) var stop: Stop?
    private var acceptsAgainAt: Int64?
    /// Orders that wait for their turn, from `firstOrder` on.
    private var orders: [Order] = []
    private var firstOrder = 0
    /// How long each turn took: as long can an event wait for its own.
    private var turns = Histogram()
    /// When the last one was over, on the monotonic clock.
    private var turnEnded = Kernel.microseconds()

    /// How the loop comes to its end.
    struct Stop {
        let cause: EndCause
        let deadline: Int64
        var drain: Drain
    }

    /// Makes the loop, on its own thread. `descriptors` are the listening sockets, in the order of the snapshot.
    static func make(
        _ plan: Plan, descriptors: [Int32], mailbox: Mailbox<Order>
    ) throws(StartError) -> Loop {
        let poller = try StartError.wrap { () throws(SystemError) in try Poller() }
        let context = try makeContext(plan, descriptors, poller: poller.descriptor, mailbox)
        let loop = Loop(poller: poller, context: context, mailbox: mailbox)
        try loop.watch()
        return loop
    }

    private init(poller: consuming Poller, context: LoopPointer, mailbox: Mailbox<Order>) {
        self.poller = poller
        self.context = context
        self.mailbox = mailbox
        spareDescriptor = Kernel.openSpare()
    }

    deinit {
        let (buffers, tlsBuffers) = (context.pointee.buffers, context.pointee.engineBuffers)
        context.deinitialize(count: 1)
        context.deallocate()
        tlsBuffers.deallocate()
        buffers.deallocate()
        Kernel.close(spareDescriptor)
    }

    /// Allocates for the life of the loop.
    private static func makeContext(
        _ plan: Plan, _ descriptors: [Int32], poller: Int32, _ mailbox: Mailbox<Order>
    ) throws(StartError) -> LoopPointer {
        let buffers = LoopBuffers()
        let tlsBuffers = TLSBuffersPointer.allocate(capacity: 1)
        tlsBuffers.initialize(to: TLSBuffers(output: buffers.output, outputCapacity: buffers.outputCapacity))
        let engine: TLSEngine
        do throws(TLSError) { engine = try TLSEngine(buffers: tlsBuffers) } catch { throw StartError("\(error)") }
        let contexts = try plan.makeContexts()
        let settings = plan.snapshot.listeners
        let shares = ListeningPlan(settings.map(\.address)).shares
        let listeners = settings.indices.map { index in
            ListenerState(
                settings[index], descriptor: descriptors[index], shares: shares[index] ?? [],
                servers: plan.snapshot.servers, contexts: contexts)
        }
        let context = LoopPointer.allocate(capacity: 1)
        context.initialize(
            to: LoopContext(
                poller: poller, mailbox: mailbox, buffers: buffers, engine: engine, plan: plan, listeners: listeners))
        return context
    }

    private func watch() throws(StartError) {
        try StartError.wrap { () throws(SystemError) in
            try add(mailbox.descriptor, Events(reading: true, writing: false), word: LoopWord.mailbox)
        }
    }

    /// Runs until it is told to stop; returns how its sessions ended, and how long its turns took.
    mutating func run() -> Report {
        while turn() {}
        return .ended(context.pointee.tally, context.pointee.attempts, turns: turns)
    }

    /// Waits once, and does what is to be done then. False: the loop has come to its end.
    mutating func turn() -> Bool {
        let count: Int
        do throws(SystemError) {
            count = try Kernel.wait(&poller, milliseconds: waitTime(now: turnEnded / 1000))
        } catch {
            context.pointee.logs.error.write(.error, "\(error)")
            return false
        }
        let turnBegan = Kernel.microseconds()
        context.pointee.now = turnBegan / 1000
        for index in 0..<count {
            let event = Kernel.event(poller, index)
            handle(LoopWord.target(event.word), event.events)
            assertNothingIsLeft()
        }
        obeyOrders()
        fireTimers()
        if !context.pointee.rebalancing.isEmpty { rebalance() }
        assertNothingIsLeft()
        let isOver = stop != nil && advanceStop()
        freeEnded()
        if isOver { return false }
        turnEnded = Kernel.microseconds()
        turns.record(microseconds: turnEnded - turnBegan)
        return true
    }

    /// What TLS has made for one session must never wait in the shared buffer for another.
    @inline(__always)
    private func assertNothingIsLeft() {
        assert(context.pointee.engineBuffers.pointee.outputCount == 0, "TLS output is left between two events")
    }

    @inline(__always)
    private mutating func handle(_ target: LoopWord.Target, _ events: Events) {
        switch target {
        case .client(let session):
            guard session.pointee.phase != .closed else { return }  // ended earlier in this batch
            settle(session, session.pointee.clientEvent(events))
        case .upstream(let session):
            guard session.pointee.phase != .closed else { return }
            settle(session, session.pointee.upstreamEvent(events))
        case .listener(let index): accept(index)
        case .mailbox: orders += mailbox.take()
        }
    }

    /// Orders of one turn: when a thousand clients that wait for the same answer get it at once, the other sessions have their
    /// turn in between.
    private static let ordersPerTurn = 32

    private mutating func obeyOrders() {
        guard firstOrder < orders.count else { return }
        let end = min(orders.count, firstOrder + Self.ordersPerTurn)
        while firstOrder < end {
            obey(orders[firstOrder])
            firstOrder += 1
        }
        if firstOrder == orders.count { (orders, firstOrder) = ([], 0) }
    }

    @inline(__always)
    mutating func settle(_ session: SessionPointer, _ outcome: Session.Outcome) {
        if outcome == .remove { ended.append(session) }
    }

    /// Sessions are freed behind the batch: another event of theirs may stand in it.
    private mutating func freeEnded() {
        guard !ended.isEmpty else { return }
        for session in ended {
            let token = session.pointee.token
            if session.pointee.isClosing { context.pointee.closing -= 1 }
            session.deinitialize(count: 1)
            context.pointee.sessions.release(token)
        }
        ended.removeAll(keepingCapacity: ended.count < 1024)
        if acceptsAgainAt != nil { resumeAccepting() }
    }

    // MARK: Time

    private func waitTime(now: Int64) -> Int32 {
        guard orders.isEmpty else { return 0 }
        var wait = context.pointee.wheel.wait(now: now) ?? -1
        let rebalanceAt = context.pointee.rebalancing.isEmpty ? nil : now + Rebalancing.interval
        let drainAt = stop?.drain.nextDue(staying: context.pointee.staying, slots: context.pointee.sessions.slots)
        for time in [acceptsAgainAt, stop?.deadline, drainAt, rebalanceAt] {
            guard let time else { continue }
            wait = wait < 0 ? max(0, time - now) : min(wait, max(0, time - now))
        }
        return Int32(truncatingIfNeeded: min(wait, 60_000))
    }

    private mutating func fireTimers() {
        var due: [(token: TimerWheel.Token, tick: Int64)] = []
        context.pointee.wheel.expire(now: context.pointee.now, into: &due)
        for entry in due {
            guard let session = context.pointee.sessions[SessionTable.Token(rawValue: entry.token)],
                session.pointee.phase != .closed
            else { continue }
            settle(session, session.pointee.timerFired(tick: entry.tick))
        }
        if let time = acceptsAgainAt, context.pointee.now >= time { resumeAccepting() }
    }

    // MARK: Accepting

    private func add(_ descriptor: Int32, _ events: Events, word: UInt64) throws(SystemError) {
        try SystemError.check("epoll_ctl", Kernel.watch(poller.descriptor, .add, descriptor, events, word: word))
    }

    private func remove(_ descriptor: Int32) { _ = Kernel.watch(poller.descriptor, .delete, descriptor) }

    private func watchListeners() throws(SystemError) {
        for (index, listener) in context.pointee.listeners.enumerated() where listener.descriptor >= 0 {
            try add(listener.descriptor, .accepting, word: LoopWord.listener(index))
        }
    }

    private mutating func accept(_ index: Int) {
        let listener = context.pointee.listeners[index]
        guard listener.descriptor >= 0 else { return }
        for _ in 0..<64 {
            switch Kernel.accept(listener.descriptor) {
            case .connection(let descriptor, let address):
                let meant = listener.listener(of: descriptor) ?? index
                begin(descriptor, address, meant, context.pointee.listeners[meant])
            case .none: return
            case .failed(let error): context.pointee.logs.error.write(.info, "\(error)")
            case .descriptorsExhausted: return refuseForWantOfDescriptors(listener)
            }
        }
    }

    private mutating func begin(
        _ descriptor: Int32, _ address: CompactAddress, _ index: Int, _ listener: ListenerState
    ) {
        let (token, session) = context.pointee.sessions.reserve()
        session.initialize(
            to: Session(
                context, token: token, word: UInt64(UInt(bitPattern: session)), listener: index, descriptor: descriptor,
                address: address))
        if listener.isTLS, session.pointee.tls == nil {
            return settle(session, session.pointee.finish(.outOfResources))
        }
        let site = context.pointee.site(listener.defaultServer)
        if listener.readsProxyHeader, !session.pointee.isTrustedFront {
            session.pointee.log(.info, "it is not in set_real_ip_from: its PROXY header does not count")
            return settle(session, session.pointee.finish(.proxyHeaderUntrusted))
        }
        let isHandshake = listener.isTLS && !listener.readsProxyHeader
        session.pointee.limit(isHandshake ? site.handshakeTimeout : site.headerTimeout)
        settle(session, session.pointee.settle())
    }

    // MARK: Descriptors

    /// Gives up the descriptor in reserve to refuse what waits: without it a connection could be neither taken nor refused,
    /// and the loop would turn for it without end.
    private mutating func refuseForWantOfDescriptors(_ listener: ListenerState) {
        context.pointee.logs.error.write(
            .error, "no descriptor left: raise worker_rlimit_nofile; new connections are refused")
        if spareDescriptor >= 0 {
            Kernel.close(spareDescriptor)
            for _ in 0..<64 {
                guard case .connection(let descriptor, _) = Kernel.accept(listener.descriptor) else { break }
                Kernel.close(descriptor)
                context.pointee.tally.count(.outOfResources)
            }
            spareDescriptor = Kernel.openSpare()
        }
        // Others wait in the kernel's queue until descriptors are free again.
        pauseAccepting()
    }

    private mutating func pauseAccepting() {
        guard acceptsAgainAt == nil else { return }
        for listener in context.pointee.listeners where listener.descriptor >= 0 { remove(listener.descriptor) }
        acceptsAgainAt = context.pointee.now + 100
    }

    private mutating func resumeAccepting() {
        acceptsAgainAt = nil
        if spareDescriptor < 0 { spareDescriptor = Kernel.openSpare() }
        do throws(SystemError) { try watchListeners() } catch {
            context.pointee.logs.error.write(.error, "\(error)")
        }
    }

    // MARK: The end

    /// Milliseconds after the window of a drain in which slow clients take what waits for them, and close.
    private static let lastWords: Int64 = 10_000

    private mutating func obey(_ order: Order) {
        let now = context.pointee.now
        switch order {
        case .serve: resumeAccepting()
        case .stop:
            closeListeners()
            let drain = Drain(sessions: context.pointee.sessions.count, since: now, milliseconds: 0)
            stop = Stop(cause: .shutdown, deadline: now + 2000, drain: drain)
        case .verdict(let token, let verdict):
            // A late one finds another generation, or nobody.
            guard let session = context.pointee.sessions[token], session.pointee.phase != .closed else { return }
            session.pointee.decided(verdict)
            settle(session, session.pointee.settle())
        case .health(let pool, let peer, let health): context.pointee.note(pool, peer: peer, health)
        case .upstream(let pool, let upstream): context.pointee.replace(pool, upstream)
        case .drain(let milliseconds):
            guard stop == nil else { return }
            closeListeners()
            let drain = Drain(sessions: context.pointee.sessions.count, since: now, milliseconds: milliseconds)
            stop = Stop(cause: .drained, deadline: now + milliseconds + Self.lastWords, drain: drain)
        }
    }

    private mutating func closeListeners() {
        acceptsAgainAt = nil
        for index in context.pointee.listeners.indices where context.pointee.listeners[index].descriptor >= 0 {
            remove(context.pointee.listeners[index].descriptor)
            Kernel.close(context.pointee.listeners[index].descriptor)
            context.pointee.listeners[index].descriptor = -1
        }
    }

    /// Closes the session in a slot. Returns whether there is one that was not closing yet.
    private mutating func close(slot: Int, _ cause: EndCause) -> Bool {
        guard let session = context.pointee.sessions[slot: slot],
            session.pointee.phase.rawValue < SessionMachine.Phase.closing.rawValue
        else { return false }
        session.pointee.close(cause)
        settle(session, session.pointee.settle())
        return true
    }

    /// Returns whether the loop has come to its end.
    private mutating func advanceStop() -> Bool {
        guard var stop else { return false }
        let (now, cause) = (context.pointee.now, stop.cause)
        freeEnded()
        if context.pointee.sessions.count == 0 { return true }
        let slots = context.pointee.sessions.slots
        stop.drain.step(now: now, staying: context.pointee.staying, slots: slots) { close(slot: $0, cause) }
        self.stop = stop
        freeEnded()
        guard now >= stop.deadline else { return false }
        for session in context.pointee.sessions.all() { settle(session, session.pointee.finish(cause)) }
        return true
    }
}
