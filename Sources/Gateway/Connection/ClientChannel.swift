import Reactor
import TLS
import Tunnel

/// A session's way to its client: a whole connection, or one stream of it. A session that stalls stops its channel, and no
/// other that its connection may carry.
enum ClientChannel: BitwiseCopyable {
    /// All of a connection, since its upgrade.
    case connection(ConnectionPointer)
    /// One stream of an HTTP/2 connection.
    case stream(StreamPointer)

    // MARK: State

    /// Whether anything can be sent to the client.
    var isOpen: Bool {
        switch self {
        case .connection(let connection): connection.pointee.leg.isOpen
        case .stream(let stream): stream.isWritable
        }
    }

    /// Whether the client has taken everything.
    var isFlushed: Bool {
        @inline(__always) get {
            switch self {
            case .connection(let connection): connection.pointee.leg.isFlushed
            case .stream(let stream): stream.pointee.backlog.isEmpty || stream.pointee.isPutOff
            }
        }
    }

    /// Bytes that the client has not taken.
    var backlog: Int {
        @inline(__always) get {
            switch self {
            case .connection(let connection): connection.pointee.leg.backlog.count
            case .stream(let stream): stream.pointee.backlog.count
            }
        }
    }

    /// Whether the client's end has been read.
    var isAtEnd: Bool {
        switch self {
        case .connection(let connection): connection.pointee.leg.isAtEnd
        case .stream(let stream): stream.pointee.hasEndedInput && stream.pointee.held.isEmpty
        }
    }

    /// Whether the client has ended, as far as it can be seen without reading.
    var peerHasEnded: Bool {
        switch self {
        case .connection(let connection): connection.pointee.peerHasEnded
        case .stream(let stream):
            stream.pointee.isOver || stream.pointee.hasEndedInput || stream.pointee.connection.pointee.peerHasEnded
        }
    }

    /// The address that the client has connected to; nil: the socket has none.
    var localAddress: CompactAddress? {
        switch self {
        case .connection(let connection):
            Kernel.localAddress(connection.pointee.leg.descriptor).map { CompactAddress($0) }
        case .stream(let stream):
            Kernel.localAddress(stream.pointee.connection.pointee.leg.descriptor).map { CompactAddress($0) }
        }
    }

    /// What TLS has agreed on; nil: there is no TLS.
    var handshakeFacts: ClientConnection.HandshakeFacts? {
        switch self {
        case .connection(let connection): connection.pointee.handshakeFacts()
        case .stream(let stream): stream.pointee.connection.pointee.handshakeFacts()
        }
    }

    /// A copy of what is known of the connection; `session`: of the session whose channel this is.
    func describe(_ session: SessionDescription, _ request: RequestFacts) -> ConnectionDescription {
        switch self {
        case .connection(let connection): connection.pointee.describe(session, request: request)
        case .stream(let stream): stream.describe(session, request)
        }
    }

    // MARK: Bytes

    /// Reads once, into the loop's `plain` buffer.
    @inline(__always)
    func receive(capacity: Int) -> ClientConnection.Input {
        switch self {
        case .connection(let connection): connection.pointee.receive(capacity: capacity)
        case .stream(let stream): ClientConnection.Input(isAtEnd: stream.pointee.isOver)  // it brings its bytes itself
        }
    }

    /// Writes plain bytes; they have left, or wait in the backlog, after `flush`. False: the client is gone.
    @inline(__always)
    func write(_ bytes: UnsafeRawPointer, count: Int) -> Bool {
        switch self {
        case .connection(let connection): connection.pointee.write(bytes, count: count)
        case .stream(let stream): stream.write(bytes, count: count)
        }
    }

    /// Sends what was written. False: the client is gone.
    @inline(__always)
    func flush() -> Bool {
        switch self {
        case .connection(let connection): connection.pointee.flushTLS()
        case .stream(let stream): stream.pointee.connection.sendGathered()
        }
    }

    // MARK: The end

    /// The session has said all that it had to say: the rest leaves, and the channel closes in good order.
    func end(_ cause: EndCause) {
        switch self {
        case .connection(let connection): connection.pointee.end(cause)
        case .stream(let stream): stream.end(cause)
        }
    }

    /// The client's Close has come: nothing more will come from it.
    func clientHasClosed() {
        switch self {
        case .connection: break
        case .stream(let stream): stream.clientHasClosed()
        }
    }

    /// Whether the session may leave it behind: a connection closes by itself, a stream waits for the client's Close, which the
    /// session has to find.
    var isOver: Bool {
        switch self {
        case .connection: true
        case .stream(let stream): stream.pointee.isOver || stream.pointee.output.isEnded
        }
    }

    /// Closes at once what carries nobody else: the client is gone.
    func close() {
        switch self {
        case .connection(let connection): connection.pointee.leg.close()
        case .stream(let stream): stream.reset(.cancel)
        }
    }

    /// The session has ended, and no longer uses the channel.
    func release() {
        switch self {
        case .connection(let connection): connection.pointee.sessionEnded()
        case .stream(let stream): stream.sessionEnded()
        }
    }
}
