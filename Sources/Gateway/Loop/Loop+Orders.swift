import Tunnel

/// What other threads tell a loop, and how it comes to its end.
extension Loop {
    /// Milliseconds after the window of a drain in which slow clients take what waits for them, and close.
    private static let lastWords: Int64 = 10_000
    /// Connections that one turn tells of a new generation.
    private static let reach = 256
    /// Milliseconds that a stop has.
    private static let stopLimit: Int64 = 2000

    mutating func obey(_ order: Order) {
        let now = context.pointee.now
        switch order {
        case .serve: resumeAccepting()
        case .stop:
            begin(Stop(cause: .shutdown, deadline: now + Self.stopLimit, drain: drain(over: 0)))
        case .announceDrain: context.pointee.isDraining = true
        case .drain(let milliseconds):
            guard stop == nil else { return }
            context.pointee.isDraining = true
            let deadline = now + milliseconds + Self.lastWords
            begin(Stop(cause: .drained, deadline: deadline, drain: drain(over: milliseconds)))
            for slot in 0..<context.pointee.connections.slots { context.pointee.connections[slot: slot]?.drainBegan() }
        case .adopt(let adoption):
            context.pointee.adopt(adoption.generation)
            listen(on: adoption.sockets)
            context.pointee.mailbox.post(.recheck(from: 0))
            context.pointee.mailbox.post(.leaveGeneration(from: 0))
            report(.adopted(adoption.generation.number))
        case .verdict(let token, let verdict):
            // A late one finds another generation of its slot, or nobody.
            guard let session = context.pointee.sessions[token], session.pointee.phase != .closed else { return }
            session.pointee.decided(verdict)
            session.updateInterest()
        case .health(let pool, let peer, let health): context.pointee.record(health, of: peer, in: pool)
        case .upstream(let pool, let upstream): context.pointee.replace(pool, upstream)
        case .describe(let slot, let id, let reply): reply(context.pointee.describe(from: slot, only: id))
        case .figures(let reply): reply(context.pointee.currentFigures(turns: turns))
        case .census(var census, let reply):
            context.pointee.count(&census)
            // The rest in another turn: what is posted now comes with the next batch.
            if census.isComplete { reply(census) } else { context.pointee.mailbox.post(.census(census, reply: reply)) }
        case .recentEnds(let reply): reply(context.pointee.recentEnds.latest)
        case .answer(.connection(let token), let answer):
            guard let connection = context.pointee.connections[token], !connection.pointee.isClosed else { return }
            connection.answer(answer)
        case .answer(.stream(let token), let answer):
            guard let stream = context.pointee.streams[token], !stream.pointee.isClosed else { return }
            stream.answer(answer)
        case .trace(let trace, let slot):
            guard let next = context.pointee.begin(trace, from: slot) else { return }
            context.pointee.mailbox.post(.trace(trace, from: next))
        case .answerWatchdog: report(.turns)
        case .recheck(let slot):
            // The rest in another turn.
            if let next = context.pointee.recheck(from: slot) { context.pointee.mailbox.post(.recheck(from: next)) }
        case .leaveGeneration(let slot):
            let end = min(context.pointee.connections.slots, slot + Self.reach)
            for slot in slot..<max(slot, end) { context.pointee.connections[slot: slot]?.generationChanged() }
            if end < context.pointee.connections.slots { context.pointee.mailbox.post(.leaveGeneration(from: end)) }
        case .end(let tokens, let cause, let reply):
            reply(tokens.count { end($0, cause) })
        }
    }

    private func drain(over milliseconds: Int64) -> Drain {
        Drain(
            connections: context.pointee.connections.count, since: context.pointee.now, milliseconds: milliseconds,
            seed: context.pointee.randomWord())
    }

    private mutating func begin(_ stop: Stop) {
        closeListeners()
        context.pointee.isStopping = true
        self.stop = stop
    }

    /// Ends the connection in a slot, or what it carries, if nothing has passed there for `silence` milliseconds.
    private func end(slot: Int, _ cause: EndCause, silence: Int64) -> Drain.Outcome {
        guard let connection = context.pointee.connections[slot: slot], connection.isStaying else { return .nobody }
        if silence > 0, connection.carriesActivity(since: context.pointee.now - silence) { return .busy }
        return end(connection, cause) ? .ended : .nobody
    }

    private func end(_ handle: ConnectionHandle, _ cause: EndCause) -> Bool {
        switch handle {
        case .connection(let token): return context.pointee.connections[token].map { end($0, cause) } ?? false
        case .stream(let token):
            guard let session = context.pointee.streams[token]?.pointee.session, !session.pointee.isClosing else {
                return false
            }
            session.pointee.end(cause)
            session.updateInterest()
            return true
        }
    }

    private func end(_ connection: ConnectionPointer, _ cause: EndCause) -> Bool {
        guard connection.isStaying else { return false }
        connection.end(cause)
        return true
    }

    /// Returns whether the loop has come to its end.
    mutating func advanceStop() -> Bool {
        guard var stop else { return false }
        let (now, cause) = (context.pointee.now, stop.cause)
        freeEnded()
        if context.pointee.connections.count == 0 { return true }
        let slots = context.pointee.connections.slots
        stop.drain.step(now: now, staying: context.pointee.staying, slots: slots) { slot, silence in
            end(slot: slot, cause, silence: silence)
        }
        self.stop = stop
        freeEnded()
        guard now >= stop.deadline else { return false }
        for slot in 0..<slots { context.pointee.connections[slot: slot]?.abort(cause) }
        return true
    }
}
