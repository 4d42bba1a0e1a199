import HTTP2
import Reactor
import Tunnel

typealias HTTP2Pointer = UnsafeMutablePointer<HTTP2Connection>

/// HTTP/2 on a client's connection: nghttp2's session, and the streams that it carries. At a fixed address of its own, so that
/// neither the connection nor its streams hold it while nghttp2 touches their memory.
struct HTTP2Connection: ~Copyable {
    var session: HTTP2Session
    /// In no order; a stream knows its place.
    private(set) var streams: [StreamPointer] = []
    /// Events are being handled: what is written meanwhile leaves when all are.
    var isHandling = false
    /// More could be sent at once: others have their turn first, and then the socket has to take some.
    var mustGoOn = false
    /// Streams whose bytes leave at the end of the turn, all in one send.
    var putOff: [StreamPointer] = []
    /// Something waits for the socket: there is a limit to that.
    var isBlocked = false
    /// The client was told that the connection comes to its end.
    var isAnnounced = false
    /// When, on the loop's clock.
    var announcedAt: Int64 = 0
    /// Why it ends when its last stream has; nil: it does not.
    var ending: EndCause?
    /// Requests that were taken.
    var requests = 0

    init(_ session: consuming HTTP2Session) { self.session = session }

    mutating func add(_ stream: StreamPointer) {
        stream.pointee.place = streams.count
        streams.append(stream)
    }

    mutating func remove(_ stream: StreamPointer) {
        let place = stream.pointee.place
        guard streams.indices.contains(place), streams[place] == stream else { return }
        let last = streams.removeLast()
        guard last != stream else { return }
        streams[place] = last
        last.pointee.place = place
    }
}
