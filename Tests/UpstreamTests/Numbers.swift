import Testing

@testable import Upstream

extension Candidate {
    /// Candidates with these weights and sessions; without, when none are given.
    static func all(weights: [Int], loads: [Int] = []) -> [Candidate] {
        weights.enumerated().map { index, weight in
            Candidate(index: index, weight: weight, load: loads.indices.contains(index) ? loads[index] : 0)
        }
    }
}

/// The identity that a gateway gives to the peer at an address.
func identity(_ address: String) -> UInt64 { Hash.of(address.utf8) }

/// The addresses of the `count` brokers of a test.
func addresses(_ count: Int) -> [String] { (1...count).map { "10.0.\($0 / 256).\($0 % 256):1883" } }

/// The number of a session's key.
func key(_ number: Int) -> UInt64 { Hash.of("client-\(number)".utf8) }

/// Pearson's chi-square of `counts` against what `weights` promise.
func chiSquare(_ counts: [Int], weights: [Int]) -> Double {
    let (total, sum) = (Double(counts.reduce(0, +)), Double(weights.reduce(0, +)))
    return zip(counts, weights).reduce(0) { square, pair in
        let expected = total * Double(pair.1) / sum
        return square + (Double(pair.0) - expected) * (Double(pair.0) - expected) / expected
    }
}

/// The most that a peer is off its share, as a part of that share.
func largestDeviation(_ counts: [Int], weights: [Int]) -> Double {
    let (total, sum) = (Double(counts.reduce(0, +)), Double(weights.reduce(0, +)))
    return zip(counts, weights).map { count, weight in
        abs(Double(count) * sum / (total * Double(weight)) - 1)
    }.max() ?? 0
}

extension Double {
    /// Hundredths, as text.
    var inPercent: String {
        let tenths = Int((self * 1000).rounded())
        return "\(tenths / 10).\(tenths % 10) %"
    }
}

extension Balancer {
    /// Every way to choose, with and without a bound.
    static let all: [Balancer] = [
        .roundRobin, .leastConnections, .randomTwo,
        .hash(isConsistent: false, balanceFactor: 0), .hash(isConsistent: false, balanceFactor: 1_250),
        .hash(isConsistent: true, balanceFactor: 0), .hash(isConsistent: true, balanceFactor: 1_250),
    ]
}
