#if DEBUG
    import Configuration
    import Reactor
    import Tunnel

    @testable import Gateway

    /// What loops are made of: one configuration, checked.
    struct SimulatedGateway: Sendable {
        fileprivate let services: Services
        fileprivate let generations: [Generation]

        init(_ snapshot: Snapshot) throws {
            let services = try Services(snapshot.process)
            self.services = services
            var identities = Identities()
            generations = try (1...2).map { number in
                let draft = try GenerationDraft(snapshot, services: services, known: identities)
                identities = draft.identities
                return services.upstreams.adopt(draft.upstreams) { draft.generation(number: number, upstreams: $0) }
            }
        }
    }

    extension SimulatedGateway {
        /// One socket for each listener.
        fileprivate func adoption(_ index: Int, _ descriptors: [Int32]) -> Adoption {
            let generation = generations[index]
            let sockets = zip(descriptors, generation.listeners).map { ListeningSocket(descriptor: $0, listener: $1) }
            return Adoption(generation: generation, sockets: sockets)
        }
    }

    /// The one place where the simulation touches what it tests: a whole loop, driven turn by turn.
    final class SimulatedLoop {
        private var loop: Loop
        private let mailbox: Mailbox<Loop.Order>
        private let counters = LoopCounters()
        private let gateway: SimulatedGateway
        private let descriptors: [Int32]

        init(_ gateway: SimulatedGateway, _ descriptors: [Int32]) throws {
            self.gateway = gateway
            mailbox = try Mailbox()
            self.descriptors = descriptors
            loop = try Loop.make(
                Loop.Parts(
                    index: 0, first: Lock(gateway.adoption(0, descriptors)), services: gateway.services,
                    mailbox: mailbox, counters: counters, report: { _ in }))
        }

        func post(_ order: Loop.Order) { mailbox.post(order) }

        /// Connections get the same configuration in another generation.
        func reload() { mailbox.post(.adopt(gateway.adoption(1, descriptors))) }

        /// False: the loop has come to its end.
        func turn() -> Bool { loop.turn() }

        // MARK: What is counted

        /// Connections, and sessions whose connection is gone and that still have something to say to their broker.
        var living: Int { loop.context.pointee.connections.count }

        /// Causes in the counters.
        var causes: Int { EndCause.allCases.reduce(0) { $0 + Int(counters[$1]) } }

        var causesSeen: Set<EndCause> { Set(EndCause.allCases.filter { counters[$0] > 0 }) }

        /// Requests that were answered on a connection that stayed open: each has a cause of its own.
        var responses: Int { Int(counters[.responses]) }

        /// Requests and sessions that are under way, and will have a cause each.
        var pending: Int {
            connections.reduce(0) { sum, connection in
                sum + (connection.pointee.exchange?.isUnderWay ?? false ? 1 : 0)
                    + (connection.pointee.session == nil ? 0 : 1)
            }
        }

        /// What is wrong with the gauges.
        func miscounted() -> String? {
            let open = connections.filter { $0.pointee.machine.phase != .closed }.count
            let sessions = loop.context.pointee.sessions.count
            if Int(counters[.connections]) != open { return "\(open) connections count as \(counters[.connections])" }
            if Int(counters[.sessions]) != sessions { return "\(sessions) sessions count as \(counters[.sessions])" }
            return nil
        }

        private var connections: [ConnectionPointer] {
            (0..<loop.context.pointee.connections.slots).compactMap { loop.context.pointee.connections[slot: $0] }
        }

        // MARK: Timers

        /// A deadline may be seen this much later, as the wheel has ticks.
        private static let slack = 2 * TimerWheel.tick

        /// A connection or session that nothing would ever end or look at; nil: there is none.
        func untimed() -> String? {
            for connection in connections {
                let phase = connection.pointee.machine.phase
                guard phase != .closed, phase != .tunnelling else { continue }
                if let fault = fault(connection.pointee.timer) { return "a connection in phase \(phase) \(fault)" }
            }
            for slot in 0..<loop.context.pointee.sessions.slots {
                guard let session = loop.context.pointee.sessions[slot: slot] else { continue }
                let (phase, timer) = (session.pointee.phase, session.pointee.timer)
                // TCP's keep-alive alone watches a client that has promised nothing.
                let isUnwatched = phase == .open && session.pointee.pipe.keepAlive.firstLook == .max
                if timer.time == .max, isUnwatched { continue }
                if let fault = fault(timer) { return "a session in phase \(phase) \(fault)" }
            }
            return nil
        }

        private func fault(_ timer: Deadline) -> String? {
            if timer.time == .max { return "has no deadline" }
            if !timer.isScheduled { return "has no timer" }
            return timer.time + Self.slack < loop.context.pointee.now ? "has outlived its deadline" : nil
        }

        // MARK: The end

        /// What is wrong when everything has ended.
        var leftovers: [String] {
            let context = loop.context
            var faults: [String] = []
            if context.pointee.stalled != 0 { faults.append("\(context.pointee.stalled) legs count as stalled") }
            if context.pointee.closing != 0 { faults.append("\(context.pointee.closing) connections count as closing") }
            if context.pointee.sessions.count != 0 {
                faults.append("\(context.pointee.sessions.count) sessions are left")
            }
            for index in context.pointee.pools.indices where context.pointee.pools[index].total != 0 {
                faults.append("pool \(index) still counts \(context.pointee.pools[index].total) sessions")
            }
            return faults
        }
    }
#endif
