import CShims
import Configuration
import Reactor

/// The listening sockets of all loops.
///
/// Every loop has a TCP socket of its own for each address (SO_REUSEPORT: the kernel spreads the connections); a unix
/// socket is one, which the loops share.
struct ListeningSockets: Sendable {
    /// For each loop, a descriptor for each listener, -1 where it has no socket of its own. The loops own them and close
    /// them.
    private(set) var descriptors: [[Int32]]
    /// Whether IPv6 addresses were left out because the kernel has none.
    private(set) var lacksIPv6 = false
    private var files: [UnixSocketFile] = []
    private var texts: [String] = []

    init(_ listeners: [ListenerSettings], loops: Int) throws(StartError) {
        descriptors = Array(repeating: listeners.map { _ in -1 }, count: loops)
        do throws(StartError) {
            try open(listeners)
        } catch {
            removeUnixFiles()
            throw error
        }
    }

    /// "wss 0.0.0.0:8084, ws 0.0.0.0:8083, mqtt 0.0.0.0:1883"
    var summary: String { texts.joined(separator: ", ") }

    func removeUnixFiles() {
        for file in files { file.remove() }
    }

    private mutating func open(_ listeners: [ListenerSettings]) throws(StartError) {
        let plan = ListeningPlan(listeners.map(\.address))
        for (index, listener) in listeners.enumerated() {
            if plan.shares[index] != nil, !(try open(index, listener)) {
                lacksIPv6 = true
                continue
            }
            texts.append("\(listener.carriesMQTT ? "mqtt" : "ws")\(listener.isTLS ? "s" : "") \(listener.address.text)")
        }
    }

    /// Opens the sockets of a listener. False: the kernel has no IPv6, and the configuration does not insist on it.
    private mutating func open(_ index: Int, _ listener: ListenerSettings) throws(StartError) -> Bool {
        let addresses = try listener.address.resolve()
        guard let address = addresses.first else { throw StartError("listen \(listener.address.text): no address") }
        if case .unix(let path) = listener.address {
            try UnixSocketFile.removeStale(path, address)
        }
        do throws(SystemError) {
            if case .unix(let path) = listener.address {
                descriptors[0][index] = try Socket.listen(address, shared: false)
                files.append(UnixSocketFile(path))
                for loop in 1..<max(1, loops) {
                    descriptors[loop][index] = try Socket.duplicate(descriptors[0][index])
                }
                return true
            }
            // SO_REUSEPORT lets several processes of one user take a port: binding once without it finds out who has it.
            Socket.close(try Socket.listen(address, shared: false))
            for loop in 0..<loops { descriptors[loop][index] = try Socket.listen(address, shared: true) }
            return true
        } catch {
            if listener.isImplied, error.isFamilyMissing { return false }
            throw StartError("listen \(listener.address.text): \(error)")
        }
    }

    private var loops: Int { descriptors.count }
}
