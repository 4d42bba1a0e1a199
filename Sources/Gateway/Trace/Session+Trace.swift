import Wire

/// Traces: sessions that are there when one begins, and those that come while it runs.
extension LoopContext {
    /// Slots that one turn looks at, at most.
    private static var reach: Int { 4096 }

    /// Begins a trace with the sessions from a slot on. Returns where to go on in a later turn; nil: all were looked at.
    mutating func begin(_ trace: Trace, from slot: Int) -> Int? {
        if slot == 0 {
            traces.removeAll(where: \.isOver)
            traces.append(trace)
        }
        let end = min(sessions.slots, slot + Self.reach)
        for slot in slot..<max(slot, end) {
            if let session = sessions[slot: slot], !session.pointee.isClosed { session.pointee.join(trace) }
        }
        return end < sessions.slots && !trace.isOver ? end : nil
    }
}

extension Session {
    /// Takes part in a trace that it is the subject of. One session takes part in one trace at a time: the latest.
    mutating func join(_ trace: Trace) {
        guard record.version != nil,
            trace.subject.isMet(clientID: record.clientID, address: record.request.address)
        else { return }
        self.trace = SessionTrace(trace, connectionID: client.id)
    }

    /// The CONNECT has come: who the client is is known.
    mutating func joinTraces(connectSize: Int) {
        for trace in loop.pointee.traces where !trace.isOver { join(trace) }
        trace?.connect(record, size: connectSize)
    }
}

// MARK: What passes

extension Session {
    mutating func traceReceived(_ start: UnsafeMutableRawPointer, count: Int) {
        let (version, remaining) = (record.version ?? .v5_0, pipe.uplink.remaining)
        trace?.take(UnsafeRawBufferPointer(start: start, count: count), .received) { payloadLimit in
            remaining.map { PacketTracer(version: version, skipping: $0, payloadLimit: payloadLimit) }
        }
    }

    mutating func traceSent(_ start: UnsafeRawPointer?, count: Int) {
        let (version, remaining) = (record.version ?? .v5_0, pipe.downlink.remaining)
        trace?.take(UnsafeRawBufferPointer(start: start, count: count), .sent) { payloadLimit in
            remaining.map { PacketTracer(version: version, skipping: $0, payloadLimit: payloadLimit) }
        }
    }
}
