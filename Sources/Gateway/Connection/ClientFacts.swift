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
    /// There is no HTTP, and no WebSocket.
    let carriesMQTT: Bool
    /// 0 for a unix socket.
    let serverPort: UInt16
    let listenerIdentity: Int
    /// The address of `listen` that took the connection.
    let listener: Address
    /// The client's address: that of the connection, or what a trusted front's PROXY header says.
    var address: CompactAddress
    /// The address that the client has connected to, where a front has said so.
    var destination: CompactAddress?

    var tlsVersion = ""
    var tlsCipher = ""
    /// The group of the key exchange; empty: none.
    var tlsGroup = ""
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
        carriesMQTT = listener.carriesMQTT
        serverPort = listener.port
        listenerIdentity = listener.identity
        self.listener = listener.address
        self.address = address
    }

    /// Those of one stream of a connection: its front may speak for another client with each.
    init(_ connection: ClientFacts, id: UInt64, address: CompactAddress, acceptedAt: Int64) {
        self.id = id
        self.acceptedAt = acceptedAt
        isTLS = connection.isTLS
        carriesMQTT = connection.carriesMQTT
        serverPort = connection.serverPort
        listenerIdentity = connection.listenerIdentity
        listener = connection.listener
        self.address = address
        destination = connection.destination
        tlsVersion = connection.tlsVersion
        tlsCipher = connection.tlsCipher
        tlsGroup = connection.tlsGroup
        tlsServerName = connection.tlsServerName
        isResumed = connection.isResumed
        tlsSite = connection.tlsSite
        certificate = connection.certificate
    }
}
