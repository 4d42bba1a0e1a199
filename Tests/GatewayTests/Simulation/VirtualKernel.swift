#if DEBUG
    import CShims
    import Reactor
    import TestSupport

    @testable import Gateway

    /// A kernel of sockets in memory, on a clock that only `World` moves. It does what a real one may: short reads and writes,
    /// spurious wake-ups, errors of every call, and the lowest free descriptor for each new socket.
    final class VirtualKernel: SimulatedKernel {
        enum Entry {
            case free
            case spare
            case listener(VirtualListener)
            case connection(VirtualConnection)
        }

        struct Interest {
            let events: Events
            let word: UInt64
        }

        /// Descriptors from here on are the simulation's, the lower ones the system's.
        static let firstDescriptor: Int32 = 1_000_000

        unowned let world: World
        var random: SeededGenerator
        let faults: Faults
        private(set) var entries: [Entry] = []
        private(set) var openCount = 0
        private(set) var interests: [Int32: Interest] = [:]
        private var ready: [(word: UInt64, events: Events)] = []
        var now: Int64 = 1_000_000_000
        /// Counts what changes anything: a loop that turns without it spins.
        private(set) var progress = 0
        /// Connections that accept has handed out.
        private(set) var accepted = 0

        init(_ world: World, random: SeededGenerator, faults: Faults) {
            self.world = world
            self.random = random
            self.faults = faults
        }

        // MARK: Descriptors

        func open(_ entry: Entry) -> Int32 {
            openCount += 1
            progress += 1
            let index = entries.firstIndex { if case .free = $0 { true } else { false } } ?? entries.count
            if index == entries.count { entries.append(entry) } else { entries[index] = entry }
            return Self.firstDescriptor + Int32(index)
        }

        var isFull: Bool { openCount >= faults.descriptorLimit }

        private func entry(_ descriptor: Int32, _ call: String) -> Entry {
            let index = Int(descriptor - Self.firstDescriptor)
            guard entries.indices.contains(index) else { return stray(descriptor, call) }
            if case .free = entries[index] { return stray(descriptor, call) }
            return entries[index]
        }

        private func stray(_ descriptor: Int32, _ call: String) -> Entry {
            world.violation("\(call) of descriptor \(descriptor), which is not open")
            return .free
        }

        func connection(_ descriptor: Int32, _ call: String) -> VirtualConnection? {
            if case .connection(let connection) = entry(descriptor, call) { return connection }
            return nil
        }

        func close(_ descriptor: Int32) {
            guard descriptor >= Self.firstDescriptor else {
                if descriptor >= 0 { Socket.close(descriptor) }
                return
            }
            switch entry(descriptor, "close") {
            case .free: return
            case .connection(let connection):
                world.note("close \(connection.name)")
                connection.gatewayClose(swallows: Bool.random(using: &random))
            case .listener(let listener): listener.close()
            case .spare: break
            }
            entries[Int(descriptor - Self.firstDescriptor)] = .free
            openCount -= 1
            progress += 1
            interests[descriptor] = nil
        }

        func openSpare() -> Int32 { isFull ? -1 : open(.spare) }

        // MARK: Bytes

        func receive(_ descriptor: Int32, into bytes: UnsafeMutableRawPointer, capacity: Int) -> Int {
            guard let connection = connection(descriptor, "recv") else { return -Int(EBADF) }
            guard connection.toGateway.count > 0 else { return end(of: connection) }
            if hit(faults.spuriousWake) { return -Int(EAGAIN) }
            var count = min(capacity, connection.toGateway.count)
            if hit(faults.shortRead) { count = Int.random(in: 1...count, using: &random) }
            let wasFull = connection.toGateway.room == 0
            connection.toGateway.read(into: bytes, count: count)
            progress += 1
            if wasFull { connection.wake() }
            return count
        }

        private func end(of connection: VirtualConnection) -> Int {
            if connection.pendingError != 0 {
                progress += 1
                defer { connection.pendingError = 0 }
                return -Int(connection.pendingError)
            }
            guard connection.toGateway.isFinished else { return -Int(EAGAIN) }
            progress += 1
            return 0
        }

        func send(_ descriptor: Int32, _ bytes: UnsafeRawPointer, count: Int) -> Int {
            guard let connection = connection(descriptor, "send") else { return -Int(EBADF) }
            if connection.connecting != nil { return -Int(EAGAIN) }
            if connection.fromGateway.isFinished {
                world.violation("send on \(connection.name) after its FIN")
                return -Int(EPIPE)
            }
            if connection.isReset {
                progress += 1
                let error = connection.pendingError
                connection.pendingError = 0
                return -Int(error == 0 ? EPIPE : error)
            }
            if hit(faults.sendFails) {
                connection.isSpoiled = true
                progress += 1
                world.note("send on \(connection.name): ENOMEM")
                return -Int(ENOMEM)
            }
            // A FIN that turns out to be a close: the answer to the first bytes is a reset.
            if connection.isFarClosed {
                connection.reset(by: ECONNRESET)
                return count
            }
            var sent = min(count, connection.fromGateway.room)
            if sent > 0, hit(faults.shortWrite) { sent = Int.random(in: 0..<sent, using: &random) }
            guard sent > 0 else { return -Int(EAGAIN) }
            connection.fromGateway.write(UnsafeRawBufferPointer(start: bytes, count: sent))
            progress += 1
            connection.wake()
            return sent
        }

        func shutDownWriting(_ descriptor: Int32) {
            guard let connection = connection(descriptor, "shutdown") else { return }
            world.note("FIN to \(connection.name)")
            progress += 1
            connection.gatewayShutDown()
        }

        func peerHasEnded(_ descriptor: Int32) -> Bool {
            guard let connection = connection(descriptor, "poll") else { return true }
            return connection.toGateway.isFinished || connection.isReset
        }

        func localAddress(_ descriptor: Int32) -> SocketAddress? {
            _ = entry(descriptor, "getsockname")
            return world.gatewayAddress
        }

        // MARK: Events

        func watch(_ change: Kernel.Watch, _ descriptor: Int32, _ events: Events, word: UInt64) -> Int32 {
            if descriptor >= Self.firstDescriptor { _ = entry(descriptor, "epoll_ctl") }
            let isKnown = interests[descriptor] != nil
            switch change {
            case .delete:
                guard isKnown else { return -ENOENT }
                interests[descriptor] = nil
            case .add:
                guard !isKnown else {
                    world.violation("epoll_ctl adds descriptor \(descriptor) twice")
                    return -EEXIST
                }
                if descriptor >= Self.firstDescriptor,
                    hit(isListener(descriptor) ? faults.watchFails * 10 : faults.watchFails)
                {
                    spoil(descriptor)
                    return -ENOMEM
                }
                interests[descriptor] = Interest(events: events, word: word)
            case .modify:
                guard isKnown else {
                    world.violation("epoll_ctl modifies descriptor \(descriptor), which is not watched")
                    return -ENOENT
                }
                interests[descriptor] = Interest(events: events, word: word)
            }
            progress += 1
            return 0
        }

        private func isListener(_ descriptor: Int32) -> Bool {
            if case .listener = entry(descriptor, "epoll_ctl") { return true }
            return false
        }

        private func spoil(_ descriptor: Int32) {
            world.note("epoll_ctl of \(descriptor): ENOMEM")
            if case .connection(let connection) = entries[Int(descriptor - Self.firstDescriptor)] {
                connection.isSpoiled = true
            }
        }

        func wait(milliseconds: Int32) -> Int {
            let deadline = milliseconds < 0 ? Int64.max : now + Int64(milliseconds) * 1000
            now += Int64.random(in: 1...50, using: &random)
            if hit(faults.slowTurn) { now += Int64.random(in: 1000...50_000, using: &random) }
            world.runDue()
            while world.failure == nil {
                collectReady()
                if !ready.isEmpty { return ready.count }
                guard let next = world.nextDue, next <= deadline else { break }
                if next > now { progress += 1 }
                now = max(now, next)
                world.runDue()
            }
            if deadline == .max, world.failure == nil {
                world.violation("the loop waits forever, and nothing is left that could wake it")
            }
            if deadline > now { progress += 1 }
            now = max(now, deadline == .max ? now : deadline)
            return 0
        }

        func event(_ index: Int) -> (word: UInt64, events: Events) { ready[index] }

        /// What epoll would say, in an order of chance, and at times not all of it.
        private func collectReady() {
            ready.removeAll(keepingCapacity: true)
            for descriptor in interests.keys.sorted() {
                guard let interest = interests[descriptor] else { continue }
                let events = happening(descriptor, interest.events)
                if events.rawValue != 0 { ready.append((interest.word, events)) }
            }
            guard ready.count > 1 else { return }
            ready.shuffle(using: &random)
            if hit(faults.partialBatch) { ready.removeLast(Int.random(in: 0..<ready.count, using: &random)) }
        }

        // MARK: Chance

        func hit(_ probability: Double) -> Bool {
            probability > 0 && Double.random(in: 0..<1, using: &random) < probability
        }

        var microseconds: Int64 { now }
        var wallClock: Int64 { 1_700_000_000_000 + now / 1000 }
        func randomWord() -> UInt64 { random.next() }

        func noteAccepted() {
            accepted += 1
            progress += 1
        }
    }
#endif
