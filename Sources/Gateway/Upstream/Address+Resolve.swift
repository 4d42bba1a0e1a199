import Configuration
import Reactor

extension Configuration.Address {
    /// Every address that it stands for. Asks the resolver, and may block.
    func resolve() throws(StartError) -> [SocketAddress] {
        switch self {
        case .unix(let path):
            guard let address = SocketAddress(unixPath: path) else {
                throw StartError("unix:\(path): the path is too long for a unix socket")
            }
            return [address]
        case .inet(let host, let port):
            do throws(ResolveError) {
                return try SocketAddress.resolve(host: host == "*" ? "0.0.0.0" : host, port: port)
            } catch {
                throw StartError("cannot resolve \(error)")
            }
        }
    }

    /// As a configuration writes it.
    var text: String {
        switch self {
        case .unix(let path): "unix:\(path)"
        case .inet(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        }
    }
}
