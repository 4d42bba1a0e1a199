import Reactor
import Wire

/// What is known of one HTTP request, for the log and for those who decide about it.
struct RequestFacts {
    /// The site that answers: the listener's default until the request has named one.
    var site: Site
    /// The client's, as far as the connection or a field of a trusted front says.
    var address: CompactAddress
    /// When it began, on the loop's clock.
    var startedAt: Int64
    var uri = ""
    var httpVersion = ""
    var status: Int?
    /// The request is a HEAD: its answer has no content (RFC 9110 §9.3.2).
    var isHead = false
    /// The request without its token, kept only when a log format asks for parts of it.
    var head: RequestHead?
    /// The route that has taken the request.
    var route: Route?
    /// What a session that it begins counts for; nil: nothing.
    var places: HeldPlaces?

    init(_ client: ClientFacts, site: Site, startedAt: Int64) {
        self.site = site
        address = client.address
        self.startedAt = startedAt
    }

    /// Where its line goes; nil: nowhere.
    var accessLog: AccessLog? { route.map(\.accessLog) ?? site.accessLog }
}
