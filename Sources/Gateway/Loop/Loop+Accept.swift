import Configuration
import Reactor
import Tunnel

/// Taking connections.
extension Loop {
    /// Connections that one event takes, at most.
    private static let connectionsPerEvent = 64
    /// Milliseconds between two lines of the log on handshakes that wait, at least.
    private static let handshakeNews: Int64 = 60_000

    /// Takes connections that wait on a listening socket; does nothing when it was closed earlier in this batch. Returns whether
    /// none waits any longer.
    @discardableResult
    mutating func accept(_ descriptor: Int32) -> Bool {
        guard let socket = socket(descriptor) else { return true }
        let waits = socket.waitsForHandshakes && sockets.contains { $0.descriptor == descriptor }
        for _ in 0..<Self.connectionsPerEvent {
            if waits, context.pointee.handshakes.isFull(now: context.pointee.now) {
                holdHandshakes()
                return false
            }
            switch Kernel.accept(socket.descriptor) {
            case .connection(let descriptor, let address):
                begin(descriptor, address, socket.listener(of: descriptor))
            case .none: return true
            case .failed(let error): context.pointee.log.write(.info, "\(error)")
            case .descriptorsExhausted:
                refuseForWantOfDescriptors(socket)
                return false
            }
        }
        return false
    }

    private func socket(_ descriptor: Int32) -> ListeningSocket? {
        sockets.first { $0.descriptor == descriptor }
            ?? retired.first { $0.socket.descriptor == descriptor }?.socket
    }

    private mutating func begin(_ descriptor: Int32, _ address: CompactAddress, _ listener: Listener) {
        guard !isRefused(address, listener) else { return Kernel.close(descriptor) }
        let client = ClientFacts(
            id: context.pointee.makeConnectionID(), acceptedAt: context.pointee.now, listener: listener,
            address: address)
        context.pointee.figures.accepted(by: listener.identity)
        let (token, connection) = context.pointee.connections.reserve()
        connection.initialize(
            to: ClientConnection(
                context, token: token, address: connection, client: client, listener: listener,
                descriptor: descriptor))
        connection.pointee.begin(listener.tlsNames.isEmpty ? nil : listener.tlsNames[context.pointee.index])
        connection.updateInterest()
    }

    /// Whether a limit refuses a new connection, before it has cost anything.
    private mutating func isRefused(_ address: CompactAddress, _ listener: Listener) -> Bool {
        if context.pointee.limits.memory.isShort, !listener.isForOperators {
            return refuse(address, listener, LimitRefusal(.memory), .memoryLimit)
        }
        guard let limits = listener.defaultServer.site.limits else { return false }
        // Of a front it is known later for whom it speaks, with each request or by the PROXY header.
        let isOfFront = listener.readsProxyHeader || listener.defaultServer.site.settings.realIP.names(by: address)
        let keys: Set<LimitSettings.Key> = isOfFront ? [.server] : .beforeConnect
        guard let key = limits.takeHandshake(keys, from: address, now: context.pointee.now) else { return false }
        return refuse(address, listener, LimitRefusal(.handshakeRate, key), .handshakeRate)
    }

    private mutating func refuse(
        _ address: CompactAddress, _ listener: Listener, _ limit: LimitRefusal, _ cause: EndCause
    ) -> Bool {
        context.pointee.figures.accepted(by: listener.identity)
        context.pointee.figures.limitRefused(limit)
        context.pointee.counters.add(.accepted)
        context.pointee.counters.count(cause)
        context.pointee.log.write(.info, about: "\(address.text): ", "connection refused: \(cause.rawValue)")
        return true
    }

    func watchListeners() throws(SystemError) {
        for socket in sockets + retired.map(\.socket) { try watch(socket) }
    }

    private func watch(_ socket: ListeningSocket) throws(SystemError) {
        try watch(socket.descriptor, .accepting, word: LoopWord.listener(socket.descriptor))
    }

    mutating func closeListeners() {
        acceptsAgainAt = nil
        holdsHandshakes = false
        for socket in sockets + retired.map(\.socket) {
            unwatch(socket.descriptor)
            Kernel.close(socket.descriptor)
        }
        sockets = []
        retired = []
    }

    // MARK: Other sockets

    /// Accepts through these sockets from now on; what waits in the queues of others still comes in. A loop that ends has closed
    /// its own, and the main thread no longer opens any for it.
    mutating func listen(on wanted: [ListeningSocket]) {
        guard stop == nil else { return }
        takeHandshakesAgain(anyway: true)
        let before = sockets
        sockets = wanted
        for socket in before where !wanted.contains(where: { $0.descriptor == socket.descriptor }) {
            Kernel.refuseNewcomers(socket.descriptor)
            retired.append(RetiredSocket(socket: socket, until: context.pointee.now + RetiredSocket.grace))
        }
        guard acceptsAgainAt == nil else { return }
        do throws(SystemError) {
            for socket in wanted where !before.contains(where: { $0.descriptor == socket.descriptor }) {
                try watch(socket)
            }
        } catch {
            context.pointee.log.write(.error, "listening sockets cannot be watched: \(error); trying again soon")
            pauseAccepting()
        }
    }

    /// Closes the sockets whose time is over, with what waits in their queues taken.
    mutating func closeRetired() {
        while let next = retired.first, next.until <= context.pointee.now, acceptsAgainAt == nil {
            guard accept(next.socket.descriptor) else { return }
            retired.removeFirst()
            unwatch(next.socket.descriptor)
            Kernel.close(next.socket.descriptor)
        }
    }

    // MARK: Handshakes

    /// Leaves clients in the queues of the kernel until handshakes are done. Sockets that are closed soon are emptied all the same.
    private mutating func holdHandshakes() {
        guard acceptsAgainAt == nil else { return }  // none is watched
        holdsHandshakes = true
        if context.pointee.now >= handshakesToldAt + Self.handshakeNews {
            handshakesToldAt = context.pointee.now
            context.pointee.log.write(
                .notice,
                "TLS handshakes wait in line: \(context.pointee.handshakes.underWay) are under way, others wait to be accepted"
            )
        }
        for socket in sockets where socket.waitsForHandshakes { unwatch(socket.descriptor) }
    }

    /// Goes on with them, if the window has room.
    mutating func takeHandshakesAgain(anyway: Bool = false) {
        guard holdsHandshakes, anyway || !context.pointee.handshakes.isFull(now: context.pointee.now) else { return }
        holdsHandshakes = false
        do throws(SystemError) {
            for socket in sockets where socket.waitsForHandshakes { try watch(socket) }
        } catch {
            context.pointee.log.write(.error, "listening sockets cannot be watched: \(error); trying again soon")
            pauseAccepting()
        }
    }

    // MARK: Descriptors

    /// Gives up the descriptor in reserve to refuse what waits: without it a connection could be neither taken nor refused,
    /// and the loop would turn for it without end.
    private mutating func refuseForWantOfDescriptors(_ socket: ListeningSocket) {
        context.pointee.log.write(
            .error, "no file descriptor is left, new connections are refused: raise worker_rlimit_nofile")
        if spareDescriptor >= 0 {
            Kernel.close(spareDescriptor)
            for _ in 0..<Self.connectionsPerEvent {
                guard case .connection(let descriptor, _) = Kernel.accept(socket.descriptor) else { break }
                Kernel.close(descriptor)
                context.pointee.counters.add(.accepted)
                context.pointee.figures.accepted(by: socket.listener.identity)
                context.pointee.counters.count(.outOfResources)
            }
            spareDescriptor = Kernel.openSpare()
        }
        // Others wait in the kernel's queue until descriptors are free again.
        pauseAccepting()
    }

    private mutating func pauseAccepting() {
        guard acceptsAgainAt == nil else { return }
        for socket in sockets + retired.map(\.socket) { unwatch(socket.descriptor) }
        holdsHandshakes = false
        acceptsAgainAt = context.pointee.now + 100
    }

    mutating func resumeAccepting() {
        acceptsAgainAt = nil
        if spareDescriptor < 0 { spareDescriptor = Kernel.openSpare() }
        do throws(SystemError) { try watchListeners() } catch {
            context.pointee.log.write(.error, "listening sockets cannot be watched: \(error); trying again soon")
            pauseAccepting()
        }
    }
}
