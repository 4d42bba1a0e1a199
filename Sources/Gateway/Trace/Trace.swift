import Reactor
import Synchronization
import Telemetry

/// A packet trace that an operator has asked for: of which client, how much, and where its lines go. Loops write to it, all
/// at once.
final class Trace: Sendable {
    /// What is traced.
    enum Subject: Sendable, Equatable {
        case clientID(String)
        /// Any port of it.
        case address(CompactAddress)
    }

    /// Why a trace ends.
    enum End: String, Sendable {
        /// It has the size that was asked for.
        case size
        /// Its time is over.
        case time
        /// The client does not take what is written.
        case slow
    }

    let subject: Subject
    /// Bytes of each payload to show; 0: none.
    let payloadLimit: Int
    /// The answer that carries the lines.
    let stream: AdminStream
    private let reply: @Sendable (AdminAnswer) -> Void
    /// Bytes that may still be written.
    private let budget: Atomic<Int>

    /// - Parameters:
    ///   - bytes: size of the whole trace, at most.
    ///   - milliseconds: its time, at most.
    ///   - reply: takes the lines; any thread, must not block.
    init(
        _ subject: Subject, bytes: Int, milliseconds: Int64, payloadLimit: Int,
        reply: @escaping @Sendable (AdminAnswer) -> Void
    ) {
        self.subject = subject
        self.payloadLimit = payloadLimit
        self.reply = reply
        budget = Atomic(bytes)
        stream = AdminStream(limit: milliseconds) { Self.lastLine($0 == .time ? .time : .slow) }
    }

    /// Whether nobody wants more lines. Any thread.
    var isOver: Bool { stream.isOver }

    /// Writes whole lines; ends the trace when it has its size. Any thread.
    func write(_ lines: [UInt8]) {
        guard !lines.isEmpty, !isOver else { return }
        let left = budget.wrappingSubtract(lines.count, ordering: .relaxed).newValue
        guard left < 0 else { return reply(.part(lines)) }
        end(.size)
    }

    /// Ends the trace, unless it is over. Any thread.
    func end(_ end: End) {
        guard stream.finish() else { return }
        reply(.part(Self.lastLine(end)))
        reply(.end)
    }

    private static func lastLine(_ end: End) -> [UInt8] {
        var line = JSONObject()
        line.field("trace", "ended")
        line.field("reason", end.rawValue)
        return Array((line.closed + "\n").utf8)
    }
}

extension Trace.Subject {
    /// Whether a session is traced.
    func isMet(clientID: String, address: CompactAddress) -> Bool {
        switch self {
        case .clientID(let wanted): clientID == wanted
        case .address(let wanted): address.bytes == wanted.bytes
        }
    }
}
