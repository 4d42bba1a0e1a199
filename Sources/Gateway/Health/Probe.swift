import CShims
import Configuration
import Reactor
import Wire

/// One probe of one peer over a socket of its own, or through the HTTP client. The prober's thread's.
final class Probe {
    /// What became of it.
    enum Outcome: Sendable {
        case passed
        case failed(String)
        /// It says nothing of the peer: the gateway itself lacks something.
        case skipped(String)
    }

    /// Tells its events, and answers that come late, from those of others; never 0.
    let serial: UInt64
    let deadline: Int64
    private let plan: ProbePlan
    private let address: SocketAddress
    private let sources: [SocketAddress]
    private let clientID: String
    private var leg = Leg()
    private var conversation: HealthConversation?
    private var isConnected = false
    /// It has passed, and waits for the broker's end.
    private(set) var isClosing = false

    /// A second is enough for a broker to take a DISCONNECT.
    private static let closeLimit: Int64 = 1000
    private(set) var closeDeadline: Int64 = .max

    /// Keeps no reference to the peer, which keeps this one: the socket closes with the last that knows the peer.
    init(_ peer: ProbedPeer, serial: UInt64, now: Int64) {
        plan = peer.plan
        address = peer.address
        sources = peer.target.source
        clientID = peer.clientID
        self.serial = serial
        deadline = now + plan.settings.timeout.milliseconds
    }

    deinit { leg.close() }

    /// Starts to connect. nil: it goes on with events.
    func begin(_ poller: Int32, turn: Int) -> Outcome? {
        switch connect(turn) {
        case .success(let socket):
            leg.attach(socket.descriptor)
            let outcome = socket.isConnected ? connected() : nil
            return outcome ?? watch(poller)
        case .failure(let error) where error.isShortage || error.isOutOfPorts:
            return .skipped("\(error)")
        case .failure(let error): return .failed("\(error)")
        }
    }

    private func connect(_ turn: Int) -> Result<(descriptor: Int32, isConnected: Bool), SystemError> {
        let source = sources.isEmpty ? nil : sources[turn % sources.count]
        do throws(SystemError) {
            return .success(try Socket.connect(address, from: source))
        } catch {
            return .failure(error)
        }
    }

    private func watch(_ poller: Int32) -> Outcome? {
        let isWatched = leg.watch(
            reading: isConnected, writing: !isConnected || !leg.isFlushed, poller, word: serial)
        return isWatched ? nil : .skipped("epoll accepts no more descriptors")
    }

    /// Its socket has something to say. nil: it goes on.
    func handle(_ poller: Int32, _ events: Events, now: Int64) -> Outcome? {
        guard isConnected else {
            if let error = Socket.connectError(leg.descriptor) { return .failed("\(error)") }
            return connected() ?? watch(poller)
        }
        if events.isWritable, !leg.flush() { return .failed("it reset the connection") }
        if events.isReadable, let outcome = read(now: now) { return outcome }
        return leg.isOpen ? watch(poller) : nil
    }

    private func connected() -> Outcome? {
        isConnected = true
        var bytes = proxyHeader()
        let settings = plan.settings
        if settings.kind == .mqtt {
            let conversation = HealthConversation(
                version: settings.version.wire, clientID: clientID, username: settings.username,
                password: plan.password)
            bytes += conversation.connect
            self.conversation = conversation
        }
        // One write: some brokers read the PROXY header at one go.
        guard send(bytes) else { return .failed("it reset the connection") }
        guard conversation != nil else {
            leg.shutDown()
            return .passed
        }
        return nil
    }

    /// For the gateway's own address: some brokers refuse LOCAL.
    private func proxyHeader() -> [UInt8] {
        guard let version = plan.proxyHeader else { return [] }
        let own = Socket.localAddress(leg.descriptor).map { CompactAddress($0) } ?? CompactAddress()
        return ProxyHeader.bytes(version, from: .init(own), to: .init(CompactAddress(address)), .init())
    }

    private func send(_ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress else { return true }
            return leg.send(start, count: bytes.count)
        }
    }

    private func read(now: Int64) -> Outcome? {
        var outcome: Outcome?
        withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 16) { buffer in
            guard let start = buffer.baseAddress else { return }
            switch leg.receive(into: start, capacity: buffer.count) {
            case .bytes(let count):
                guard !isClosing else { return }
                let view = UnsafeBufferPointer(start: start.assumingMemoryBound(to: UInt8.self), count: count)
                outcome = take(view, now: now)
            case .nothing: break
            case .end: outcome = ended("closed")
            case .failed: outcome = ended("reset")
            }
        }
        return outcome
    }

    /// The broker has ended the connection. nil: it was over.
    private func ended(_ how: String) -> Outcome? {
        leg.close()
        guard !isClosing else { return nil }
        let hint = conversation?.hasAnswer ?? true ? "" : ForeignAnswer.silenceHint(sent: plan.proxyHeader)
        return .failed("it \(how) the connection before the probe was complete" + hint)
    }

    private func take(_ bytes: UnsafeBufferPointer<UInt8>, now: Int64) -> Outcome? {
        switch conversation?.received(bytes.span) {
        case nil, .wait: return nil
        case .send(let bytes): return send(bytes) ? nil : .failed("it reset the connection")
        case .passed(let goodbye):
            // An orderly end: the broker's log shows a client that has gone, not one that was lost.
            if send(goodbye) { leg.shutDown() }
            isClosing = true
            closeDeadline = now + Self.closeLimit
            return .passed
        case .failed(let failure): return .failed("\(failure)")
        }
    }

    var isHTTP: Bool { plan.settings.kind == .http }

    /// Whether nothing is left to be waited for.
    var isOver: Bool { !leg.isOpen }

    /// What to say when the time is over.
    var timeoutWords: String {
        let limit = "\(plan.settings.timeout.milliseconds) ms"
        if !isConnected { return "no connection within \(limit)" }
        return conversation?.timeoutWords(milliseconds: plan.settings.timeout.milliseconds)
            ?? "no answer within \(limit)"
    }
}
