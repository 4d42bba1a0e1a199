import Reactor
import Telemetry
import Text
import Wire

/// What an operator asks to be traced: the content of `POST trace`.
struct TraceRequest: Sendable, Equatable {
    let subject: Trace.Subject
    let seconds: Int
    /// Of the whole trace.
    let bytes: Int
    /// Bytes of each payload.
    let payloadLimit: Int

    static let secondsRange = 1...3600
    static let bytesRange = 1024...(64 << 20)
    /// Of a payload, so many bytes are shown where payloads are wanted.
    static let payloadBytes = 4096

    /// `body` is a JSON object: `client_id` or `address`, and, where wanted, `seconds`, `max_bytes`, `payload`.
    init(_ body: [UInt8]) throws(Problem) {
        let members: [String: JSONValue]
        do throws(JSONError) {
            guard case .object(let object) = try JSONParser.parse(body) else {
                throw JSONError.syntax(at: 0)
            }
            members = object
        } catch {
            throw .badRequest("The content must be a JSON object such as {\"client_id\": \"device-1\"}.")
        }
        let known = ["client_id", "address", "seconds", "max_bytes", "payload"]
        if let unknown = members.keys.sorted().first(where: { !known.contains($0) }) {
            throw .unprocessable("\"\(unknown)\" is not a member of a trace: \(known.joined(separator: ", ")) are.")
        }
        subject = try Self.subject(members)
        seconds = try Self.integer(members["seconds"], "seconds", Self.secondsRange) ?? 60
        bytes = try Self.integer(members["max_bytes"], "max_bytes", Self.bytesRange) ?? 1 << 20
        switch members["payload"] {
        case nil, .bool(false)?: payloadLimit = 0
        case .bool(true)?: payloadLimit = Self.payloadBytes
        default: throw .unprocessable("\"payload\" must be true or false.")
        }
    }

    private static func subject(_ members: [String: JSONValue]) throws(Problem) -> Trace.Subject {
        switch (members["client_id"], members["address"]) {
        case (.string(let clientID)?, nil): return .clientID(clientID)
        case (nil, .string(let text)?):
            guard let address = CompactAddress(literal: text) else {
                throw .unprocessable("\"address\" must be an IPv4 or IPv6 address without a port.")
            }
            return .address(address)
        default: throw .unprocessable("A trace needs either \"client_id\" or \"address\", a string.")
        }
    }

    private static func integer(
        _ value: JSONValue?, _ name: String, _ range: ClosedRange<Int>
    ) throws(Problem) -> Int? {
        guard let value else { return nil }
        guard case .number(let text) = value, let number = Int(text), range.contains(number) else {
            throw .unprocessable("\"\(name)\" must be a whole number from \(range.lowerBound) to \(range.upperBound).")
        }
        return number
    }
}

// MARK: The answer

extension AdminDesk {
    /// Traces that may run at a time: each costs the loops something.
    private static let traceLimit = 4

    /// Begins a trace. Its lines are the answer, which this does not wait for.
    func trace(_ job: AdminJob, who: String) throws(Problem) {
        let request = try TraceRequest(job.request.body)
        let trace = Trace(
            request.subject, bytes: request.bytes, milliseconds: Int64(request.seconds) * 1000,
            payloadLimit: request.payloadLimit
        ) { job.reply($0) }
        guard world.services.traces.add(trace, limit: Self.traceLimit) else {
            throw Problem(
                status: .tooManyRequests, detail: "\(Self.traceLimit) traces run already: end one of them first.",
                fields: [])
        }
        log.write(
            .notice,
            "operator's side: \(request.subject.words) is traced for \(request.seconds) s"
                + (request.payloadLimit > 0 ? ", with payloads" : "")
                + ", asked for by \(who.isEmpty ? "nobody known" : who) at \(job.request.address.text)")
        job.reply(.begin(request.begin, trace.stream))
        for loop in world.loops { loop.mailbox.post(.trace(trace, from: 0)) }
    }
}

extension TraceRequest {
    /// The head of the answer, and its first line.
    fileprivate var begin: AdminResponse {
        var line = JSONObject()
        line.field("trace", "began")
        switch subject {
        case .clientID(let clientID): line.field("client_id", clientID)
        case .address(let address): line.field("address", address.host)
        }
        line.field("seconds", seconds)
        line.field("max_bytes", bytes)
        line.field("payload", payloadLimit > 0)
        return AdminResponse(
            status: .ok, fields: AdminGate.securityFields + [HTTPField("Content-Type", "application/jsonl")],
            body: Array((line.closed + "\n").utf8))
    }
}

extension Trace.Subject {
    /// For the log.
    fileprivate var words: String {
        switch self {
        case .clientID(let clientID): "client identifier \(LogText.escape(clientID))"
        case .address(let address): "address \(address.host)"
        }
    }
}

/// The traces that run.
final class RunningTraces: Sendable {
    private let traces = Lock<[Trace]>([])

    /// False: `limit` of them run already.
    func add(_ trace: Trace, limit: Int) -> Bool {
        traces.withLock { traces in
            traces.removeAll(where: \.isOver)
            guard traces.count < limit else { return false }
            traces.append(trace)
            return true
        }
    }
}
