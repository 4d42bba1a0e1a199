#if DEBUG
    import Reactor
    import TestSupport
    import Tunnel

    @testable import Gateway

    /// One run: a loop on a virtual kernel, with clients and brokers that follow scripts. One seed decides everything.
    final class World {
        let seed: UInt64
        let variant: Variant
        var random: SeededGenerator
        private let faults: Faults
        private(set) lazy var kernel = VirtualKernel(
            self, random: SeededGenerator(seed: seed ^ 0x5EED), faults: faults)
        private(set) var clients: [ScriptedClient] = []
        private(set) var brokers: [ScriptedBroker] = []
        private(set) var listeners: [VirtualListener] = []
        private var agenda = Agenda()
        /// The last things that have happened.
        private var events: [String] = []
        private(set) var eventCount = 0
        /// A number that two runs of one seed have in common.
        private(set) var digest: UInt64 = 0
        /// The first rule that was broken; the run ends there.
        private(set) var failure: String?
        /// When the loop was told to end, and by when it has to.
        private(set) var stopDeadline: Int64?
        private(set) var endOrderedAt: Int64?
        private var brokerSessions = 0
        private(set) var turns = 0
        /// Causes that have come up.
        private(set) var causes: Set<EndCause> = []

        static let eventsKept = 50

        init(seed: UInt64, variant: Variant) {
            self.seed = seed
            self.variant = variant
            var random = SeededGenerator(seed: seed)
            faults = .random(using: &random)
            self.random = random
            listeners = variant.ports.map { _ in VirtualListener(queueLimit: .random(in: 2...64, using: &self.random)) }
            brokers = variant.brokers.map { ScriptedBroker(self, address: $0) }
            clients = (0..<Int.random(in: 8...40, using: &self.random)).map { ScriptedClient(self, id: $0) }
        }

        // MARK: Time

        var nextDue: Int64? { agenda.nextTime }

        /// `delay` in microseconds.
        func after(_ delay: Int64, _ action: @escaping () -> Void) { agenda.add(at: kernel.now + delay, action) }

        func runDue() {
            while failure == nil, let action = agenda.take(until: kernel.now) { action() }
        }

        // MARK: What happens

        func note(_ text: @autoclosure () -> String) {
            eventCount += 1
            let line = "\(kernel.now / 1000) ms  \(text())"
            for byte in line.utf8 { digest = (digest ^ UInt64(byte)) &* 0x100_0000_01B3 }
            if events.count == 4 * Self.eventsKept { events.removeFirst(3 * Self.eventsKept) }
            events.append(line)
        }

        func violation(_ text: String) {
            guard failure == nil else { return }
            failure = text
            note("BROKEN: \(text)")
        }

        /// What a test says of a run that has failed.
        var report: String {
            let last = events.suffix(Self.eventsKept).joined(separator: "\n  ")
            return "seed \(seed), variant \(variant.name): \(failure ?? "no failure")\n"
                + "again with SLUICE_SIMULATION_SEED=\(seed); the last events of \(eventCount):\n  \(last)"
        }

        let gatewayAddress = try? SocketAddress.resolve(host: "10.0.0.1", port: 8083).first

        func nextBrokerSession() -> Int {
            brokerSessions += 1
            return brokerSessions
        }

        // MARK: The run

        /// Runs until the loop has ended, and checks every rule after each turn.
        func run(_ gateway: SimulatedGateway) {
            Kernel.simulate(kernel) {
                let descriptors = listeners.map { kernel.open(.listener($0)) }
                do {
                    let loop = try SimulatedLoop(gateway, descriptors)
                    begin(loop)
                    drive(loop)
                    if failure == nil { checkEnd(loop) }
                    causes = loop.causesSeen
                    agenda = Agenda()  // what it still holds keeps the loop
                } catch {
                    violation("the loop cannot be made: \(error)")
                }
            }
            if failure == nil { checkDescriptors() }
            agenda = Agenda()  // the loop's own end has woken some, and what they wait for keeps this world
        }

        private func begin(_ loop: SimulatedLoop) {
            loop.post(.serve)
            for client in clients { after(Int64.random(in: 0...20_000_000, using: &random)) { client.begin() } }
            for broker in brokers { broker.begin() }
            for _ in 0..<Int.random(in: 0...6, using: &random) {
                let health = PeerHealth(
                    isHealthy: Bool.random(using: &random), isVouchedFor: Bool.random(using: &random))
                let peer = Int.random(in: 0...variant.brokers.count, using: &random)
                after(Int64.random(in: 0...60_000_000, using: &random)) {
                    loop.post(.health(pool: 0, peer: peer, health))
                }
            }
            if Bool.random(using: &random) {
                after(Int64.random(in: 0...60_000_000, using: &random)) { loop.reload() }
                after(Int64.random(in: 0...60_000_000, using: &random)) {
                    loop.post(.describe(from: 0, reply: { _ in }))
                }
            }
            let length: Int64 = Bool.random(using: &random) ? 200_000_000 : 30_000_000
            after(Int64.random(in: 1_000_000...length, using: &random)) { self.end(loop) }
        }

        /// Stops the loop, or drains it, and stops it then, at times.
        private func end(_ loop: SimulatedLoop) {
            let window = Int64.random(in: 0...30_000, using: &random)
            let drains = Bool.random(using: &random)
            note(drains ? "drain \(window) ms" : "stop")
            endOrderedAt = kernel.now
            checkQueues()
            loop.post(drains ? .drain(milliseconds: window) : .stop)
            // The loop's own limits, and turns that were slow.
            stopDeadline = kernel.now + (drains ? window * 1000 + 10_000_000 : 2_000_000) + 1_000_000
            guard drains, Int.random(in: 0..<3, using: &random) == 0 else { return }
            after(Int64.random(in: 0...20_000_000, using: &random)) {
                self.note("stop")
                loop.post(.stop)
                self.stopDeadline = self.kernel.now + 3_000_000
            }
        }

        private func drive(_ loop: SimulatedLoop) {
            var (idle, progress) = (0, kernel.progress)
            while failure == nil, loop.turn() {
                turns += 1
                idle = kernel.progress == progress ? idle + 1 : 0
                progress = kernel.progress
                if idle > 100 { violation("the loop spins: 100 turns in which nothing has happened") }
                if let deadline = stopDeadline, kernel.now > deadline { violation("the loop has not ended in time") }
                checkTurn(loop)
            }
        }
    }

    extension Faults {
        /// Some runs have none at all, most have a few kinds.
        static func random(using random: inout SeededGenerator) -> Faults {
            var faults = Faults()
            func chance(_ most: Double) -> Double {
                Bool.random(using: &random) ? Double.random(in: 0...most, using: &random) : 0
            }
            faults.shortRead = chance(0.5)
            faults.shortWrite = chance(0.5)
            faults.spuriousWake = chance(0.1)
            faults.partialBatch = chance(0.5)
            faults.slowTurn = chance(0.02)
            guard Int.random(in: 0..<3, using: &random) > 0 else { return faults }
            faults.sendFails = chance(0.005)
            faults.watchFails = chance(0.01)
            faults.acceptFails = chance(0.2)
            faults.connectFails = chance(0.3)
            if Int.random(in: 0..<4, using: &random) == 0 {
                faults.descriptorLimit = Int.random(in: 5...40, using: &random)
            }
            return faults
        }
    }
#endif
