import Configuration

/// What is the same in every generation: the identities of pools and listeners.
struct Identities: Sendable {
    /// By the name of the upstream; one that `mqtt_pass` implies is named by its address. Health, counts and sessions stay with
    /// theirs.
    var pools = IdentityTable<String>()
    /// By the address of `listen`. What is counted of a listener stays with its address.
    var listeners = IdentityTable<Address>()
}

/// A small number for each name, which never means another for the life of the process. What returns under its old name is
/// the same again.
struct IdentityTable<Name: Hashable & Sendable>: Sendable {
    private var identities: [Name: Int] = [:]
    /// Every name so far, by identity.
    private(set) var names: [Name] = []

    mutating func identity(of name: Name) -> Int {
        if let known = identities[name] { return known }
        let identity = names.count
        identities[name] = identity
        names.append(name)
        return identity
    }
}
