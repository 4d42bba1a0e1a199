#if DEBUG
    /// One connection of the gateway to a broker: reads a CONNECT, answers it as chance has it, then sends packets that carry
    /// its name and the client's, and compares each byte that comes with what that client has sent.
    final class BrokerSession {
        enum Manner { case accept, refuse(UInt8), silence, reset, close, garbage }
        /// How an accepted session ends, if its client does not end it.
        enum End { case never, disconnect, close, reset }

        unowned let world: World
        let number: Int
        let connection: VirtualConnection
        private(set) var manner: Manner
        let end: End
        /// The MQTT bytes that have come, and those that are meant for the client.
        private(set) var received: [UInt8] = []
        private(set) var sent: [UInt8] = []
        private(set) weak var client: ScriptedClient?
        /// When the gateway has ended it in good order: everything was read, up to its FIN.
        private(set) var endedAt: Int64?
        /// Bytes at the start that are not MQTT: the PROXY header.
        private var awaitsProxyHeader: Bool
        private var connectSize = 0
        private var isVersion5 = false
        private var output: ArraySlice<UInt8> = []
        private var packetsLeft: Int
        private var isReading = true
        /// It does not close its side when the gateway has.
        private let isStubborn: Bool
        private var isAwake = false
        private var isEnding = false
        /// All was sent, and the connection closed without a reset.
        var isOver: Bool { isEnding && output.isEmpty && connection.isFarClosed }

        init(_ world: World, number: Int, _ connection: VirtualConnection) {
            self.world = world
            self.number = number
            self.connection = connection
            let chance = Int.random(in: 0..<40, using: &world.random)
            manner =
                switch chance {
                case 0: .silence
                case 1: .reset
                case 2: .close
                case 3: .garbage
                case 4: .refuse(3)
                case 5: .refuse(5)
                default: .accept
                }
            end =
                [End.never, .never, .never, .disconnect, .close, .reset].randomElement(using: &world.random) ?? .never
            packetsLeft = Int.random(in: 0...12, using: &world.random)
            isStubborn = Int.random(in: 0..<12, using: &world.random) == 0
            awaitsProxyHeader = world.variant.sendsProxyHeader
            connection.wake = { [weak self] in self?.wake() }
        }

        func begin() {
            guard Int.random(in: 0..<4, using: &world.random) == 0 else { return }
            let length = Int64.random(in: 10_000...20_000_000, using: &world.random)
            world.after(Int64.random(in: 0...5_000_000, using: &world.random)) {
                self.isReading = false
                self.world.after(length) {
                    self.isReading = true
                    self.wake()
                }
            }
        }

        /// Does something soon.
        private func wake() {
            guard !isAwake else { return }
            isAwake = true
            world.after(Int64.random(in: 10...3000, using: &world.random)) {
                self.isAwake = false
                self.step()
            }
        }

        private func step() {
            guard connection.isFarOpen, connection.connecting == nil else { return }
            if isReading { read() }
            guard connection.isFarOpen else { return }
            write()
            guard connection.isFarAtEnd else { return }
            if endedAt == nil { endedAt = world.kernel.now }
            if !isStubborn, output.isEmpty || connection.isGatewayClosed { connection.farClose() }
        }

        private func read() {
            let bytes = connection.farRead(atMost: Int.random(in: 1...20_000, using: &world.random))
            guard !bytes.isEmpty else { return }
            received += bytes
            if awaitsProxyHeader { skipProxyHeader() }
            if let client {
                compare(client, from: received.count - bytes.count)
            } else if !awaitsProxyHeader {
                readConnect()
            }
            if connection.fromGateway.count > 0 { wake() }
        }

        private func skipProxyHeader() {
            guard let end = received.firstIndex(of: 10) else { return }
            if !received.starts(with: "PROXY ".utf8) {
                world.violation("\(connection.name) begins without a PROXY header")
            }
            received.removeFirst(end + 1)
            awaitsProxyHeader = false
        }

        // MARK: What comes

        private func readConnect() {
            guard let size = MQTTBytes.size(in: received, at: 0), received.count >= size else { return }
            let id = MQTTBytes.clientID(of: received, isVersion5: &isVersion5)
            guard let client = world.clients.first(where: { $0.name == id }) else {
                return world.violation("\(connection.name) begins with the CONNECT of nobody: \(id ?? "none")")
            }
            self.client = client
            connectSize = size
            client.brokerSessions.append(self)
            compare(client, from: 0)
            let delay = Int.random(in: 0..<8, using: &world.random) == 0 ? 6_000_000 : 20_000
            world.after(Int64.random(in: 0...Int64(delay), using: &world.random)) { self.answer() }
        }

        /// In order, once, and of nobody else.
        private func compare(_ client: ScriptedClient, from start: Int) {
            let end = received.count
            guard client.hasSent(received[start..<end], upTo: end) else {
                return world.violation(
                    "\(connection.name) gets what \(client.name) has not sent there, from byte \(start)")
            }
            guard end > connectSize else { return }
            if let other = client.bodySession, other !== self {
                return world.violation("\(connection.name) gets packets of \(client.name) that \(other.number) got too")
            }
            client.bodySession = self
            if received.count == client.disconnectEnd { endSoon(.close) }
        }

        // MARK: What goes

        private func answer() {
            guard connection.isFarOpen else { return }
            world.note("\(connection.name): \(manner)")
            switch manner {
            case .silence: break
            case .reset: connection.farReset()
            case .close: connection.farClose()
            case .garbage: send([0x48, 0x54, 0x54, 0x50, 0x2F, 0x31, 0x2E, 0x31])
            case .refuse(let code):
                send(MQTTBytes.connack(isVersion5 ? code | 0x80 : code, isVersion5: isVersion5))
                endSoon(.close)
            case .accept:
                send(MQTTBytes.connack(0, isVersion5: isVersion5))
                publish()
            }
        }

        private func publish() {
            guard connection.isFarOpen, !isEnding else { return }
            guard packetsLeft > 0 else {
                guard end != .never else { return }
                return world.after(Int64.random(in: 0...20_000_000, using: &world.random)) { self.endSoon(self.end) }
            }
            for _ in 0..<Int.random(in: 1...3, using: &world.random) where packetsLeft > 0 {
                packetsLeft -= 1
                let identity = "\(number) to \(client?.name ?? "") \(packetsLeft);"
                let isBig = Int.random(in: 0..<6, using: &world.random) == 0
                let size = Int.random(in: 0...(isBig ? 60_000 : 200), using: &world.random)
                send(MQTTBytes.publish(identity, size: size, isVersion5: isVersion5))
            }
            world.after(Int64.random(in: 100...3_000_000, using: &world.random)) { self.publish() }
        }

        private func endSoon(_ end: End) {
            guard connection.isFarOpen, !isEnding else { return }
            isEnding = true
            world.note("\(connection.name) ends: \(end)")
            if end == .disconnect, isVersion5 { send([0xE0, 1, 0x8B]) }
            if end == .reset { return connection.farReset() }
            write()
            if output.isEmpty { connection.farClose() }
        }

        private func send(_ bytes: [UInt8]) {
            sent += bytes
            output += bytes
            write()
        }

        private func write() {
            guard !output.isEmpty else { return }
            output = output.dropFirst(connection.farWrite(output))
            if output.isEmpty, isEnding { connection.farClose() }
        }
    }
#endif
