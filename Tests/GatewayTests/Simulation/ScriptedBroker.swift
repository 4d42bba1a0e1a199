#if DEBUG
    import CShims
    import Reactor

    /// A broker of the simulation: how it takes connections. What it does with each is its session's.
    final class ScriptedBroker {
        unowned let world: World
        let address: String
        private let unixPath: String?
        private let literal: CompactAddress?
        private var isDown = false
        /// Its queue of connections is full, which a unix socket says at once.
        private var isFull = false
        private(set) var sessions: [BrokerSession] = []

        init(_ world: World, address: String) {
            self.world = world
            self.address = address
            unixPath = address.hasPrefix("unix:") ? String(address.dropFirst(5)) : nil
            literal = CompactAddress(literal: String(address.prefix { $0 != ":" }), port: 1883)
        }

        func isAt(_ other: SocketAddress) -> Bool {
            if let unixPath { return other.unixPath == unixPath }
            return !other.isUnix && CompactAddress(other) == literal
        }

        /// Times in which it is away, or busy.
        func begin() {
            for _ in 0..<Int.random(in: 0...3, using: &world.random) {
                let isOutage = Bool.random(using: &world.random)
                let length = Int64.random(in: 10_000...8_000_000, using: &world.random)
                world.after(Int64.random(in: 0...40_000_000, using: &world.random)) { self.pause(isOutage, length) }
            }
        }

        private func pause(_ isOutage: Bool, _ length: Int64) {
            world.note("broker \(address) is \(isOutage ? "down" : "busy")")
            if isOutage { isDown = true } else { isFull = true }
            world.after(length) {
                if isOutage { self.isDown = false } else { self.isFull = false }
            }
        }

        /// A connect of the gateway; `isConnected`: it is done already.
        func take() throws(SystemError) -> (connection: VirtualConnection, isConnected: Bool) {
            if unixPath != nil {
                if isFull { throw SystemError("connect", code: EAGAIN) }
                if isDown { throw SystemError("connect", code: ECONNREFUSED) }
            }
            let number = world.nextBrokerSession()
            let small = Int.random(in: 0..<3, using: &world.random) == 0
            let connection = VirtualConnection(
                "broker session \(number)",
                toGateway: Int.random(in: 100...(small ? 1000 : 200_000), using: &world.random),
                fromGateway: Int.random(in: 100...(small ? 1000 : 200_000), using: &world.random))
            let session = BrokerSession(world, number: number, connection)
            if unixPath != nil { return (begin(session), true) }
            let chance = Int.random(in: 0..<20, using: &world.random)
            let delay: Int64 =
                switch chance {
                case 0..<3: 0
                case 3: Int64.random(in: 1_000_000...8_000_000, using: &world.random)
                default: Int64.random(in: 100...50_000, using: &world.random)
                }
            if delay == 0, !isDown { return (begin(session), true) }
            let error = isDown ? ECONNREFUSED : chance == 4 ? ETIMEDOUT : 0
            connection.connecting = VirtualConnection.Connecting(until: world.kernel.now + delay, error: error)
            world.after(delay) {}  // wakes the loop
            return (error == 0 ? begin(session) : connection, false)
        }

        private func begin(_ session: BrokerSession) -> VirtualConnection {
            sessions.append(session)
            session.begin()
            return session.connection
        }
    }
#endif
