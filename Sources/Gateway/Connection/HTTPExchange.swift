import Reactor
import Wire

/// HTTP/1.1 on a connection: what has come of the next request, and the response that is under way. An object, so that the
/// channel of a session does not carry it.
final class HTTPExchange {
    /// Bytes of one read, at most: requests are small.
    static let readSize = 16 * 1024

    /// Where the connection was accepted. An open session keeps its route alone, so that what no new connection needs can go.
    let listener: Listener
    /// The generation of that listener.
    let generation: Generation
    /// What has come: the next request head, and requests or frames after it.
    var held = ByteQueue()
    var scanner: RequestHeadScanner
    var request: RequestFacts
    /// Whether the client may send another request after this response.
    var persistence = HTTPPersistence.close
    /// A request, or the wait for the first one, whose line is not in the log yet.
    var isUnderWay = true
    /// Requests that were answered.
    var answered = 0
    /// The file that the response under way consists of.
    var file: FileAnswer?
    /// A request to the operator's side whose content is still to come.
    var incomplete: IncompleteRequest?
    /// What the response under way consists of, where somebody else writes it part by part.
    var stream: AdminStream?
    /// Whether those parts are chunks; else the end of the connection ends them.
    var isChunked = false
    /// Whole requests may wait in `held` although the socket has nothing more to say: others had their turn first.
    var mustGoOn = false

    /// A request whose head has come.
    struct IncompleteRequest {
        let head: RequestHead
        let route: Route
        /// Bytes of its content.
        let length: Int
    }

    init(_ client: ClientFacts, _ listener: Listener, of generation: Generation, now: Int64) {
        self.listener = listener
        self.generation = generation
        request = RequestFacts(client, site: listener.defaultServer.site, startedAt: now)
        scanner = RequestHeadScanner(limit: request.site.headLimit)
    }

    deinit { stream?.finish() }

    /// Whether more may be read ahead of its turn: of pipelined requests, and of frames after an upgrade, only a bounded part
    /// waits here, the rest in the kernel.
    var hasRoom: Bool { held.count < max(Self.readSize, incomplete?.length ?? 0) }
    /// Whether more is to be read of a request whose turn it is; the scanner refuses one that is too long.
    var wantsInput: Bool { !mustGoOn || hasRoom }

    /// The response is complete: a new exchange begins with what has come already.
    func next(_ client: ClientFacts, now: Int64) {
        file = nil
        stream = nil
        request = RequestFacts(client, site: listener.defaultServer.site, startedAt: now)
        scanner = RequestHeadScanner(limit: request.site.headLimit)
        persistence = .close
        isUnderWay = false
        answered += 1
    }

    /// The first bytes of a request have come after another one.
    func beginIfNew(now: Int64) -> Bool {
        guard !isUnderWay else { return false }
        isUnderWay = true
        request.startedAt = now
        return true
    }
}
