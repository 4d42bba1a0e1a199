import CShims
import Configuration
import Reactor

/// The listening sockets of all loops.
///
/// Every loop has a TCP socket of its own for each address (SO_REUSEPORT: the kernel spreads the connections); a unix
/// socket is one, which the loops share.
struct ListeningSockets: Sendable {
    /// For each loop, a descriptor for each listener. The loops own them and close them.
    let descriptors: [[Int32]]
    private let unixPaths: [String]
    private let text: String

    init(_ listeners: [ListenerSettings], loops: Int) throws(StartError) {
        var descriptors = Array(repeating: [Int32](), count: loops)
        var paths: [String] = []
        for listener in listeners {
            let addresses = try listener.address.resolve()
            guard let address = addresses.first else { throw StartError("listen \(listener.address.text): no address") }
            for loop in 0..<loops {
                if case .unix(let path) = listener.address {
                    if loop == 0 {
                        try Self.removeStale(path, address)
                        descriptors[0].append(try Self.listen(address, listener, isFirst: true, shared: false))
                        paths.append(path)
                    } else {
                        descriptors[loop].append(dup(descriptors[0][descriptors[0].count - 1]))
                    }
                } else {
                    // The first is bound without sharing, so that a port that somebody else has taken is noticed.
                    if loop == 0 { try Self.probe(address, listener) }
                    descriptors[loop].append(try Self.listen(address, listener, isFirst: loop == 0, shared: true))
                }
            }
        }
        self.descriptors = descriptors
        unixPaths = paths
        text = listeners.map { ($0.isTLS ? "wss " : "ws ") + $0.address.text }.joined(separator: ", ")
    }

    /// "wss 0.0.0.0:8084, ws 0.0.0.0:8083"
    var summary: String { text }

    func removeUnixPaths() {
        for path in unixPaths { unlink(path) }
    }

    private static func listen(
        _ address: SocketAddress, _ listener: ListenerSettings, isFirst: Bool, shared: Bool
    ) throws(StartError) -> Int32 {
        do throws(SystemError) {
            return try Socket.listen(address, shared: shared)
        } catch {
            throw StartError("listen \(listener.address.text): \(error)")
        }
    }

    /// SO_REUSEPORT lets several processes of one user take a port: binding once without it finds out who has it.
    private static func probe(_ address: SocketAddress, _ listener: ListenerSettings) throws(StartError) {
        Socket.close(try listen(address, listener, isFirst: true, shared: false))
    }

    /// A unix socket that nobody listens on any more is in the way.
    private static func removeStale(_ path: String, _ address: SocketAddress) throws(StartError) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard Int(CShims_file_kind(&status)) == CShims_SOCKET_FILE else {
            throw StartError("listen unix:\(path): there is another file")
        }
        do throws(SystemError) {
            let (descriptor, _) = try Socket.connect(address)
            Socket.close(descriptor)
        } catch {
            guard error.code == ECONNREFUSED else { throw StartError("listen unix:\(path): \(error)") }
            unlink(path)
            return
        }
        throw StartError("listen unix:\(path): another process listens there")
    }
}
