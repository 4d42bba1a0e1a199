import Reactor
import Tunnel

/// A listening socket of one loop.
struct ListeningSocket: Sendable {
    /// -1: the listener has no socket of its own, or the loop no longer accepts.
    var descriptor: Int32
    /// Listeners whose connections come through this socket, by the address that the client has connected to.
    let shares: [ListeningPlan.Specific]

    /// The listener that a connection through this socket means; nil: this one.
    fileprivate func listener(of connection: Int32) -> Int? {
        guard !shares.isEmpty, let local = Kernel.localAddress(connection).map(CompactAddress.init) else { return nil }
        return shares.first { $0.address == local }?.listener
    }
}

/// Taking connections.
extension Loop {
    /// Connections that one event takes, at most.
    private static let connectionsPerEvent = 64

    mutating func accept(_ index: Int) {
        guard sockets.indices.contains(index), sockets[index].descriptor >= 0 else { return }
        let socket = sockets[index]
        for _ in 0..<Self.connectionsPerEvent {
            switch Kernel.accept(socket.descriptor) {
            case .connection(let descriptor, let address):
                begin(descriptor, address, listener: socket.listener(of: descriptor) ?? index)
            case .none: return
            case .failed(let error): context.pointee.log.write(.info, "\(error)")
            case .descriptorsExhausted: return refuseForWantOfDescriptors(socket, listener: index)
            }
        }
    }

    private mutating func begin(_ descriptor: Int32, _ address: CompactAddress, listener index: Int) {
        let generation = context.pointee.generation
        let listener = generation.listeners[index]
        let client = ClientFacts(
            id: context.pointee.makeConnectionID(), acceptedAt: context.pointee.now, listener: listener,
            address: address)
        context.pointee.figures.accepted(by: index)
        let (token, connection) = context.pointee.connections.reserve()
        connection.initialize(
            to: ClientConnection(
                context, token: token, address: connection, client: client, listener: listener,
                descriptor: descriptor))
        connection.pointee.begin(generation.tlsNames[context.pointee.index][index])
        connection.updateInterest()
    }

    func watchListeners() throws(SystemError) {
        for (index, socket) in sockets.enumerated() where socket.descriptor >= 0 {
            try watch(socket.descriptor, .accepting, word: LoopWord.listener(index))
        }
    }

    mutating func closeListeners() {
        acceptsAgainAt = nil
        for index in sockets.indices where sockets[index].descriptor >= 0 {
            unwatch(sockets[index].descriptor)
            Kernel.close(sockets[index].descriptor)
            sockets[index].descriptor = -1
        }
    }

    // MARK: Descriptors

    /// Gives up the descriptor in reserve to refuse what waits: without it a connection could be neither taken nor refused,
    /// and the loop would turn for it without end.
    private mutating func refuseForWantOfDescriptors(_ socket: ListeningSocket, listener index: Int) {
        context.pointee.log.write(
            .error, "no file descriptor is left, new connections are refused: raise worker_rlimit_nofile")
        if spareDescriptor >= 0 {
            Kernel.close(spareDescriptor)
            for _ in 0..<Self.connectionsPerEvent {
                guard case .connection(let descriptor, _) = Kernel.accept(socket.descriptor) else { break }
                Kernel.close(descriptor)
                context.pointee.counters.add(.accepted)
                context.pointee.figures.accepted(by: index)
                context.pointee.counters.count(.outOfResources)
            }
            spareDescriptor = Kernel.openSpare()
        }
        // Others wait in the kernel's queue until descriptors are free again.
        pauseAccepting()
    }

    private mutating func pauseAccepting() {
        guard acceptsAgainAt == nil else { return }
        for socket in sockets where socket.descriptor >= 0 { unwatch(socket.descriptor) }
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
