import CShims
import Reactor

/// Listening sockets that the process was started with: by systemd (sd_listen_fds(3)), or by the gateway that it is to
/// succeed (`Successor`), which names them the same way.
struct InheritedSockets {
    /// Where they begin.
    private static let first: Int32 = 3
    /// As many as a process may have files, and more.
    private static let limit = 1 << 20

    private var sockets: [(descriptor: Int32, address: SocketAddress, isOwn: Bool)] = []

    /// None.
    init() {}

    /// Takes them over: a second call finds none. Before the first thread, as the environment is changed.
    static func take() throws(StartError) -> InheritedSockets {
        defer { for name in ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"] { Environment.remove(name) } }
        guard let process = number("LISTEN_PID"), process == Int(getpid()), let count = number("LISTEN_FDS"),
            (1...limit).contains(count)
        else { return InheritedSockets() }
        let names = (Environment["LISTEN_FDNAMES"] ?? "").split(separator: ":", omittingEmptySubsequences: false)
        var inherited = InheritedSockets()
        for descriptor in first..<first + Int32(count) {
            let result = CShims_adopt_listener(descriptor)
            guard result == 0, let address = Socket.localAddress(descriptor) else {
                throw StartError(
                    "LISTEN_FDS: descriptor \(descriptor) is not a listening stream socket (\(SystemError.text(-result)))"
                )
            }
            try StartError.wrap { () throws(SystemError) in try Socket.configureListener(descriptor, address) }
            let place = Int(descriptor - first)
            let isOwn = names.indices.contains(place) && names[place] == ListeningSockets.Passed.own
            inherited.sockets.append((descriptor, address, isOwn))
        }
        return inherited
    }

    /// Those that listen on an address; `isOwn`: a gateway has opened them, and not systemd.
    mutating func take(_ address: SocketAddress) -> (descriptors: [Int32], isOwn: Bool) {
        let found = sockets.filter { $0.address.isSame(as: address) }
        sockets.removeAll { $0.address.isSame(as: address) }
        return (found.map(\.descriptor), found.allSatisfy(\.isOwn))
    }

    /// Closes those that nobody has taken. Returns their addresses.
    mutating func closeRest() -> [String] {
        defer { sockets = [] }
        return sockets.map { socket in
            Socket.close(socket.descriptor)
            let address = CompactAddress(socket.address)
            return socket.address.unixPath.map { "unix:\($0)" } ?? "\(address.host) port \(address.port)"
        }
    }

    private static func number(_ name: String) -> Int? { Environment[name].flatMap(Int.init) }
}
