import Tunnel
import Wire

/// What a request comes to, whichever version of HTTP has carried it.
enum Answer {
    /// A response that is complete, and what its exchange has come to.
    case response(HTTPResponse, EndCause)
    /// A file, or a part of one.
    case file(FileAnswer)
    /// The request is granted its WebSocket: a session begins.
    case session(Handshake.Accepted, Route)
    /// The operator's side makes the answer.
    case admin(Route)
}
