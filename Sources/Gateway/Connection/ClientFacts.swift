import Configuration
import Reactor
import TLS

/// What is known of a connection from its accept and its handshakes: shared by everything that it carries, and never touched
/// on the data path. Its loop alone uses it.
final class ClientFacts {
    /// Names the connection in logs.
    let id: UInt64
    /// On the loop's clock.
    let acceptedAt: Int64
    let isTLS: Bool
    /// 0 for a unix socket.
    let serverPort: UInt16
    /// Place of the listener in the generation's list.
    let listenerIndex: Int
    /// The address of `listen` that took the connection.
    let listener: Address
    /// The client's address: that of the connection, or what a trusted front's PROXY header says.
    var address: CompactAddress
    /// The address that the client has connected to, where a front has said so.
    var destination: CompactAddress?

    var tlsVersion = ""
    var tlsCipher = ""
    /// The name that the client has asked for (SNI); empty: none.
    var tlsServerName = ""
    /// The handshake has taken up an earlier TLS session.
    var isResumed = false
    /// The site whose rules the TLS handshake has kept.
    var tlsSite: Site?
    /// Who the client has proved to be by TLS.
    var certificate: ClientCertificate?

    init(id: UInt64, acceptedAt: Int64, listener: Listener, address: CompactAddress) {
        self.id = id
        self.acceptedAt = acceptedAt
        isTLS = listener.isTLS
        serverPort = listener.port
        listenerIndex = listener.index
        self.listener = listener.address
        self.address = address
    }
}
