#if DEBUG
    import Reactor

    /// A client of the simulation: does one step of its script after the other, and checks what it reads.
    final class ScriptedClient {
        enum Step {
            /// As they are.
            case bytes([UInt8])
            /// Whole packets, in frames that are cut as chance has it.
            case packets([UInt8])
            /// A packet that breaks a rule: its broker may get the start of its fixed header, but never the whole packet.
            case badPacket([UInt8])
            case waitForUpgrade, waitForAnswer
            /// In microseconds.
            case pause(Int64)
            case shutDown, reset, close
        }

        unowned let world: World
        let id: Int
        let name: String
        let isVersion5: Bool
        var script: ArraySlice<Step> = []
        var ending = Ending.silence
        private(set) var connection: VirtualConnection?
        private var output: ArraySlice<UInt8> = []
        private var isAwake = false
        private var isPausing = false
        /// It reads nothing for a while.
        private var isReading = true
        var isSlow = false
        /// It does not close its side when the gateway has.
        private var isStubborn = false

        /// All MQTT bytes that were put into frames, and where its DISCONNECT ends there.
        var sentMQTT: [UInt8] = []
        var disconnectEnd: Int?
        /// What may come after them: the start of a packet that breaks a rule.
        private var badStart: ArraySlice<UInt8> = []
        var brokerSessions: [BrokerSession] = []
        /// The one that has got more than the CONNECT.
        var bodySession: BrokerSession?
        var inbox = Inbox()

        init(_ world: World, id: Int) {
            self.world = world
            self.id = id
            name = "client \(id)"
            isVersion5 = Bool.random(using: &world.random)
            inbox.frames = world.variant.frames
        }

        func begin() {
            let small = Int.random(in: 0..<3, using: &world.random) == 0
            let connection = VirtualConnection(
                name, toGateway: Int.random(in: 100...(small ? 1000 : 200_000), using: &world.random),
                fromGateway: Int.random(in: 100...(small ? 1000 : 200_000), using: &world.random))
            let port = Int.random(in: 0..<world.listeners.count, using: &world.random)
            let host = Int.random(in: 0..<10, using: &world.random)
            let address = CompactAddress(bytes: [10, UInt8(host), 0, UInt8(id & 0xFF)], port: 40_000)
            guard world.listeners[port].connect(connection, from: address ?? CompactAddress(), now: world.kernel.now)
            else { return }
            self.connection = connection
            connection.wake = { [weak self] in self?.wake() }
            write(script: world.variant.ports[port])
            if isSlow { pauseReading() }
            isStubborn = Int.random(in: 0..<8, using: &world.random) == 0
            wake()
        }

        private func pauseReading() {
            world.after(Int64.random(in: 0...10_000_000, using: &world.random)) {
                self.isReading = false
                self.world.after(Int64.random(in: 100_000...30_000_000, using: &self.world.random)) {
                    self.isReading = true
                    self.wake()
                }
            }
        }

        private func wake() {
            guard !isAwake else { return }
            isAwake = true
            world.after(Int64.random(in: 10...3000, using: &world.random)) {
                self.isAwake = false
                self.step()
            }
        }

        private func step() {
            guard let connection, connection.isFarOpen else { return }
            if isReading { read(connection) }
            while connection.isFarOpen, !isPausing, output.isEmpty, let next = script.first, isReady(for: next) {
                script.removeFirst()
                perform(next, connection)
                write(connection)
            }
            write(connection)
            if connection.isFarOpen, connection.isFarAtEnd, isReading {
                inbox.endedAt = inbox.endedAt ?? world.kernel.now
                if !isStubborn { connection.farClose() }
            }
        }

        private func read(_ connection: VirtualConnection) {
            let bytes = connection.farRead(atMost: Int.random(in: 1...20_000, using: &world.random))
            guard !bytes.isEmpty else { return }
            inbox.take(bytes, self)
            for answer in inbox.takeAnswers() { output += answer }
            if connection.fromGateway.count > 0 { wake() }
        }

        private func write(_ connection: VirtualConnection) {
            guard !output.isEmpty, connection.isFarOpen else { return }
            var part = output
            if Int.random(in: 0..<3, using: &world.random) == 0 {
                part = output.prefix(Int.random(in: 1...output.count, using: &world.random))
            }
            let count = connection.farWrite(part)
            output = output.dropFirst(count)
            if count > 0, !output.isEmpty || !script.isEmpty { wake() }
        }

        private func isReady(for step: Step) -> Bool {
            switch step {
            case .waitForUpgrade: inbox.isUpgraded
            case .waitForAnswer: inbox.hasAnswer
            default: true
            }
        }

        private func perform(_ step: Step, _ connection: VirtualConnection) {
            switch step {
            case .bytes(let bytes): output += bytes
            case .packets(let packets):
                sentMQTT += packets
                output += frames(of: packets)
            case .badPacket(let packet):
                badStart = packet.dropLast()
                output += frame(2, packet)
            case .waitForUpgrade, .waitForAnswer: break
            case .pause(let length):
                isPausing = true
                world.after(length) {
                    self.isPausing = false
                    self.wake()
                }
            case .shutDown: connection.farShutDown()
            case .reset: connection.farReset()
            case .close: connection.farClose()
            }
        }

        /// Whether this part of its stream, which ends at `end`, is what it has sent.
        func hasSent(_ part: ArraySlice<UInt8>, upTo end: Int) -> Bool {
            let start = end - part.count
            guard end > sentMQTT.count else { return sentMQTT[start..<end] == part }
            let all = sentMQTT + badStart
            return end <= all.count && all[start..<end] == part
        }
    }
#endif
