import Configuration
import Reactor
import TLS
import Tunnel
import Wire

/// Decides what a request comes to: the same for every version of HTTP.
struct RequestRouting {
    let loop: LoopPointer
    let client: ClientFacts
    /// Where the connection was accepted.
    let listener: Listener
    /// The generation of that listener.
    let generation: Generation

    /// Finds the route of a request and what it comes to, and keeps in `request` what the log and those who decide need of it.
    func answer(_ head: RequestHead, _ request: inout RequestFacts) -> Answer {
        let server = head.host.map(listener.server(named:)) ?? listener.defaultServer
        let site = server.site
        record(head, site, &request)
        if let tlsSite = client.tlsSite, tlsSite !== site, site.settings.tls?.clientVerification != nil {
            // Another server's handshake has not asked for what this one demands. RFC 9110 §15.5.20
            return refuse(
                .misdirectedRequest, "TLS was set up for another server name (SNI).", .requestRefused, request)
        }
        guard let route = server.route(for: head.path) else {
            guard !head.isExtendedConnect else {
                return refuse(.notFound, "Nothing is served at this path.", .requestRefused, request)
            }
            return WebRequest(routing: self, head: head, server: server, request: request).unrouted()
        }
        request.route = route
        switch route.location.action {
        case .mqtt: return upgrade(head, route, &request)
        case .files, .fixed, .health:
            guard !head.isExtendedConnect else {
                return refuse(.notFound, "No MQTT is served at this path.", .requestRefused, request)
            }
            return WebRequest(routing: self, head: head, server: server, request: request).answer(route)
        case .metrics, .api, .dashboard:
            guard !head.isExtendedConnect else {
                return refuse(.notFound, "No MQTT is served at this path.", .requestRefused, request)
            }
            guard route.policy?.allows(request.address) ?? true else {
                return refuse(.forbidden, "This address is not allowed.", .addressRefused, request)
            }
            return .admin(route)
        }
    }

    /// The answer with a status that tells why a request is not served.
    func refuse(_ status: HTTPStatus, _ detail: String, _ cause: EndCause, _ request: RequestFacts) -> Answer {
        log(request, "request refused: \(status.code), \(detail)")
        return .response(HTTPResponse(status: status, detail: detail), cause)
    }

    /// Keeps what the log and those who decide need of a request.
    private func record(_ head: RequestHead, _ site: Site, _ request: inout RequestFacts) {
        let tokenPlaces = generation.tokenPlaces
        request.site = site
        request.isHead = head.isMethod("HEAD")
        request.uri = tokenPlaces.hiddenTarget(of: head)
        request.httpVersion = head.httpVersion
        if let address = site.settings.realIP.clientAddress(head, sentBy: client.address) {
            request.address = address
        }
        if site.logsRequestFields { request.head = tokenPlaces.hidden(in: head) }
    }

    private func upgrade(_ head: RequestHead, _ route: Route, _ request: inout RequestFacts) -> Answer {
        do throws(HandshakeRefusal) {
            let accepted = try Handshake.evaluate(head, rules: route.handshakeRules)
            return limited(route, &request) ?? .session(accepted, route)
        } catch {
            loop.pointee.figures.upgradeRefused(error.kind)
            log(request, "upgrade refused: \(error.status.code), \(error.detail)")
            return .response(HTTPResponse(error), error.status == .forbidden ? .originRefused : .requestRefused)
        }
    }

    /// Counts the session that is to begin. Returns the answer if a limit refuses it; nil: none does.
    private func limited(_ route: Route, _ request: inout RequestFacts) -> Answer? {
        guard !loop.pointee.limits.memory.isShort else {
            return refuse(LimitRefusal(.memory), .memoryLimit, "memory_limit", request)
        }
        guard let limits = route.limits, !limits.connections.isEmpty else { return nil }
        let places = HeldPlaces()
        request.places = places
        let client = RouteLimits.Client(address: request.address)
        guard let key = limits.takeConnection(.beforeConnect, client, in: places) else { return nil }
        request.places = nil
        return refuse(
            LimitRefusal(.connections, key), .connectionLimit, "limit_connections per=\(key.rawValue)", request)
    }

    private func refuse(
        _ limit: LimitRefusal, _ cause: EndCause, _ directive: String, _ request: RequestFacts
    ) -> Answer {
        loop.pointee.figures.limitRefused(limit)
        log(request, "request refused: 503, \(directive)")
        let response = HTTPResponse(
            status: .serviceUnavailable, detail: "Too many connections.", fields: [HTTPField("Retry-After", "10")])
        return .response(response, cause)
    }

    /// A line of the error log that names the connection and the client.
    func log(_ request: RequestFacts, _ message: @autoclosure () -> String) {
        loop.pointee.log.write(.info, of: client, request.address, message())
    }
}
