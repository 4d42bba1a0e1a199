#if DEBUG
    import Foundation
    import Testing
    import Tunnel

    @testable import Gateway

    /// Whole loops in seeded runs. `SLUICE_SIMULATION_SEEDS` says how many (256), `SLUICE_SIMULATION_SEED` repeats one.
    @Suite("Simulation")
    struct SimulationTests {
        private static func environment(_ name: String) -> UInt64? {
            ProcessInfo.processInfo.environment[name].flatMap { UInt64($0) }
        }

        private static let count = environment("SLUICE_SIMULATION_SEEDS") ?? 256

        /// The seeds of one variant.
        private static func seeds(_ index: Int) -> [UInt64] {
            let step = UInt64(Variant.all.count)
            guard let seed = environment("SLUICE_SIMULATION_SEED") else {
                return (0..<count).filter { $0 % step == UInt64(index) }
            }
            return seed % step == UInt64(index) ? [seed] : []
        }

        /// Causes that many runs of any variant come to: a simulation that no longer reaches them checks little.
        private static let expected: Set<EndCause> = [
            .clientDisconnect, .clientClosed, .clientLost, .served, .requestRefused, .requestTimeout,
            .webSocketError, .textFrame, .connectTimeout, .malformedPacket, .protocolError, .noUpstream,
            .refusedByBroker,
            .brokerLost, .brokerDisconnect, .shutdown, .drained, .outOfResources,
        ]

        /// On a thread of its own, as it takes long, and those of the tests are few.
        private func apart(_ body: @escaping @Sendable () throws -> String?) async throws -> String? {
            try await withCheckedThrowingContinuation { continuation in
                let thread = Foundation.Thread { continuation.resume(with: Result(catching: body)) }
                thread.stackSize = 8 << 20
                thread.start()
            }
        }

        @Test(
            "Clients and brokers come, go and fail in every order: bytes, ends, timers and descriptors are right",
            arguments: Variant.all.indices)
        func runs(_ index: Int) async throws {
            let folder = try TemporaryFolder()
            try folder.write("files/page.txt", String(decoding: Variant.page, as: UTF8.self))
            let (root, seeds) = (folder.path, Self.seeds(index))
            let report = try await apart { () -> String? in
                var causes: Set<EndCause> = []
                let gateway = try Variant.all[index].gateway(root: root)
                for seed in seeds {
                    let world = World(seed: seed, variant: Variant.all[index])
                    world.run(gateway)
                    if world.failure != nil { return world.report }
                    causes.formUnion(world.causes)
                }
                let missing = seeds.count < 50 ? [] : Self.expected.subtracting(causes)
                return missing.isEmpty ? nil : "never seen: \(missing)"
            }
            #expect(report == nil, "\(report ?? "")")
            withExtendedLifetime(folder) {}
        }

        @Test("One seed is one run")
        func isRepeatable() async throws {
            let report = try await apart {
                let gateway = try Variant.all[0].gateway(root: "/tmp")
                let digests = (0..<2).map { _ in
                    let world = World(seed: 5, variant: Variant.all[0])
                    world.run(gateway)
                    return world.digest
                }
                return digests[0] == digests[1] ? nil : "two runs of seed 5 are not the same"
            }
            #expect(report == nil)
        }
    }
#endif
