#if DEBUG
    import CShims
    import Reactor

    @testable import Gateway

    /// A listening socket of the gateway, and the connections that wait to be accepted.
    final class VirtualListener {
        let queueLimit: Int
        private(set) var waiting: [(connection: VirtualConnection, address: CompactAddress)] = []
        private(set) var isOpen = true
        /// When the first of them began to wait.
        private(set) var waitingSince: Int64 = 0

        init(queueLimit: Int) { self.queueLimit = queueLimit }

        /// False: its queue is full, or nobody is listening.
        func connect(_ connection: VirtualConnection, from address: CompactAddress, now: Int64) -> Bool {
            guard isOpen, waiting.count < queueLimit else { return false }
            if waiting.isEmpty { waitingSince = now }
            waiting.append((connection, address))
            return true
        }

        func take(now: Int64) -> (connection: VirtualConnection, address: CompactAddress)? {
            waitingSince = now
            return waiting.isEmpty ? nil : waiting.removeFirst()
        }

        /// Those who still wait are reset.
        func close() {
            isOpen = false
            for (connection, _) in waiting {
                connection.reset(by: ECONNRESET)
                connection.wake()
            }
            waiting = []
        }
    }

    /// How often each call fails, each from 0 to 1.
    struct Faults {
        var spuriousWake = 0.0
        var shortRead = 0.0
        var shortWrite = 0.0
        var sendFails = 0.0
        var watchFails = 0.0
        var acceptFails = 0.0
        var connectFails = 0.0
        var slowTurn = 0.0
        var partialBatch = 0.0
        var descriptorLimit = Int.max
    }

    extension VirtualKernel {
        /// What has happened to a descriptor, of what is asked for; epoll tells of ends and errors unasked.
        func happening(_ descriptor: Int32, _ wanted: Events) -> Events {
            let asked = wanted.rawValue
            var bits: UInt32 = 0
            guard descriptor >= Self.firstDescriptor else {
                return Events(rawValue: Self.isReadable(descriptor) ? asked & Bits.input : 0)
            }
            switch entries[Int(descriptor - Self.firstDescriptor)] {
            case .free, .spare: break
            case .listener(let listener): if !listener.waiting.isEmpty { bits = asked & Bits.input }
            case .connection(let connection):
                if let connecting = connection.connecting {
                    guard connecting.until <= now else { break }
                    connection.connectEnded()
                }
                let (input, output) = (connection.toGateway, connection.fromGateway)
                if input.count > 0 || input.isFinished { bits |= asked & Bits.input }
                if connection.isReset || output.room * 3 >= output.capacity { bits |= asked & Bits.output }
                if connection.isReset || input.isFinished && output.isFinished { bits |= Bits.hangUp }
                if connection.pendingError != 0 { bits |= Bits.error }
            }
            return Events(rawValue: bits)
        }

        private enum Bits {
            static let input = CShims_EPOLLIN
            static let output = CShims_EPOLLOUT
            static let hangUp = CShims_EPOLLHUP
            static let error = CShims_EPOLLERR
        }

        /// The loop's mailbox is the system's own.
        private static func isReadable(_ descriptor: Int32) -> Bool {
            var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            return poll(&wait, 1, 0) > 0
        }

        func accept(_ listener: Int32) -> Socket.Accepted {
            guard case .listener(let queue) = entries[Int(listener - Self.firstDescriptor)] else {
                world.violation("accept of descriptor \(listener), which does not listen")
                return .none
            }
            if isFull { return .descriptorsExhausted }
            guard !queue.waiting.isEmpty else { return .none }
            if hit(faults.acceptFails) {
                if Bool.random(using: &random) { return .descriptorsExhausted }  // ENOMEM, ENFILE
                if let (connection, _) = queue.take(now: now) {
                    connection.isSpoiled = true
                    connection.reset(by: ECONNRESET)
                    connection.wake()
                }
                return .failed(SystemError("accept", code: ECONNABORTED))
            }
            guard let (connection, address) = queue.take(now: now) else { return .none }
            noteAccepted()
            world.note("accept \(connection.name)")
            return .connection(open(.connection(connection)), address)
        }

        func connect(
            _ address: SocketAddress, from source: SocketAddress?
        ) throws(SystemError) -> (descriptor: Int32, isConnected: Bool) {
            guard !isFull else { throw SystemError("socket", code: EMFILE) }
            if hit(faults.connectFails) {
                let codes = [ENOBUFS, ENOMEM, EADDRNOTAVAIL, ENETUNREACH]
                throw SystemError("connect", code: codes.randomElement(using: &random) ?? ENOMEM)
            }
            guard let broker = world.brokers.first(where: { $0.isAt(address) }) else {
                throw SystemError("connect", code: ECONNREFUSED)
            }
            let (connection, isConnected) = try broker.take()
            world.note("connect \(connection.name)")
            return (open(.connection(connection)), isConnected)
        }

        func connectError(_ descriptor: Int32) -> SystemError? {
            guard let connection = connection(descriptor, "getsockopt") else { return nil }
            if connection.connecting != nil { return nil }
            defer { connection.pendingError = 0 }
            return connection.pendingError == 0 ? nil : SystemError("connect", code: connection.pendingError)
        }
    }
#endif
