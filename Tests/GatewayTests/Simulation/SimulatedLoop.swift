#if DEBUG
    import Reactor

    @testable import Gateway

    /// The one place where the simulation touches what it tests: a whole loop, made of a plan and driven turn by turn.
    final class SimulatedLoop {
        private var loop: Loop
        private let mailbox: Mailbox<Loop.Order>
        private let plan: Plan

        init(_ plan: Plan, _ descriptors: [Int32]) throws {
            self.plan = plan
            mailbox = try Mailbox()
            loop = try Loop.make(plan, descriptors: descriptors, mailbox: mailbox)
        }

        func post(_ order: Loop.Order) { mailbox.post(order) }

        /// False: the loop has come to its end.
        func turn() -> Bool { loop.turn() }

        var livingConnections: Int { loop.context.pointee.sessions.count }

        /// Ends that have a cause in the counters.
        var endedConnections: Int { Int(loop.context.pointee.tally.total) }

        /// A session that nothing would ever end or look at; nil: there is none.
        func untimed() -> String? {
            let now = loop.context.pointee.now
            for session in loop.context.pointee.sessions.all() {
                let (deadline, tick) = (session.pointee.deadline, session.pointee.timerTick)
                if deadline == .max {
                    // TCP's keep-alive alone watches a client that has promised nothing.
                    guard session.pointee.phase == .open, session.pointee.keepAlive.firstLook == .max else {
                        return "a session has no deadline in phase \(session.pointee.phase)"
                    }
                } else if tick <= now / TimerWheel.tick {
                    return "a session has no timer in phase \(session.pointee.phase)"
                } else if tick > max(deadline, now) / TimerWheel.tick + 1 {
                    return "a session's timer is later than its deadline in phase \(session.pointee.phase)"
                }
            }
            return nil
        }

        /// What is wrong when every session has ended.
        var leftovers: [String] {
            var faults: [String] = []
            if loop.context.pointee.stalled != 0 {
                faults.append("\(loop.context.pointee.stalled) sessions count as stalled")
            }
            if loop.context.pointee.closing != 0 {
                faults.append("\(loop.context.pointee.closing) sessions count as closing")
            }
            for (index, pool) in loop.context.pointee.pools.enumerated() where pool.total != 0 {
                faults.append("pool \(index) still counts \(pool.total) sessions")
            }
            return faults
        }
    }
#endif
