import Glibc

/// The seeds of the simulations. `SLUICE_SEED=17` repeats the one that failed.
enum SimulationSeed {
    static let all: [UInt64] = chosen.map { [$0] } ?? Array(0..<256)

    private static var chosen: UInt64? {
        getenv("SLUICE_SEED").flatMap { UInt64(String(cString: $0)) }
    }

    /// What repeats a failing round.
    static func hint(_ seed: UInt64) -> String { "SLUICE_SEED=\(seed)" }
}
