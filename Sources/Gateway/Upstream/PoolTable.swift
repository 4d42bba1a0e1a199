import Configuration

/// The identity of each upstream's pool: a small number that never means another upstream for the life of the process, so
/// that health, counts and sessions stay with theirs. An upstream that returns under its old name is the same again.
struct PoolTable: Sendable {
    private var identities: [String: Int] = [:]

    /// The identity of the upstream with this name; one that `mqtt_pass` implies is named by its address.
    mutating func identity(of name: String) -> Int {
        if let known = identities[name] { return known }
        let identity = identities.count
        identities[name] = identity
        return identity
    }
}
