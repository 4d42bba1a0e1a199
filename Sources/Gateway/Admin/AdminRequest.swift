import Reactor
import Wire

/// A request to the operator's side, whole.
struct AdminRequest: Sendable {
    let method: String
    /// Below the location's prefix, percent-decoded, without a slash in front.
    let path: String
    /// As it came.
    let query: String?
    let head: RequestHead
    let body: [UInt8]
    /// The client's.
    let address: CompactAddress
    let isTLS: Bool
}

/// What a request to the operator's side is answered.
struct AdminResponse: Sendable {
    var status: HTTPStatus
    var fields: [HTTPField] = []
    var body: [UInt8] = []
}

/// What the admin thread, or a trace, has for a client: a whole answer, or the parts of one that goes on for a while.
enum AdminAnswer: Sendable {
    case whole(AdminResponse)
    /// The answer begins; the body that is there is its first part.
    case begin(AdminResponse, AdminStream)
    case part([UInt8])
    case end
}
