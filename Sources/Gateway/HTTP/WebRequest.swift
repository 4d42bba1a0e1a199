import Configuration
import Reactor
import Tunnel
import Wire

/// A request for a web application, on its way to its answer: a file of a location, or what its `return` or `health` says.
struct WebRequest {
    let routing: RequestRouting
    let head: RequestHead
    let server: VirtualServer
    let request: RequestFacts

    /// Why a request is not served.
    struct Refusal {
        let status: HTTPStatus
        var detail = ""
        var cause = EndCause.requestRefused
        var fields: [HTTPField] = []
    }

    /// What a path comes to.
    enum Outcome {
        case answer(Answer)
        /// With the location that refuses it.
        case refusal(Refusal, Route)
    }

    /// How often a request may be led to another path.
    static let redirects = 10

    /// The answer that a location gives.
    func answer(_ route: Route) -> Answer {
        switch outcome(head.path, route, redirects: 0) {
        case .answer(let answer): answer
        case .refusal(let refusal, let route): refuse(refusal, route)
        }
    }

    /// The answer to a request that no location takes.
    func unrouted() -> Answer {
        refuse(Refusal(status: .notFound, detail: "Nothing is served at this path."), nil)
    }

    /// What a location makes of a path: that of the request, or one that it has been led to.
    private func outcome(_ path: String, _ route: Route, redirects: Int) -> Outcome {
        guard redirects <= Self.redirects else {
            let detail = "The configuration leads this request round in circles."
            return .refusal(Refusal(status: .internalServerError, detail: detail), route)
        }
        guard isAllowed(route) else {
            let detail = "This address is not allowed."
            return .refusal(Refusal(status: .forbidden, detail: detail, cause: .addressRefused), route)
        }
        switch route.location.action {
        case .fixed(let answer): return fixed(answer, path, route)
        case .health: return reads ? .answer(health(path, route)) : .refusal(.methodNotAllowed, route)
        case .files(let root):
            guard reads else { return .refusal(.methodNotAllowed, route) }
            let found = found(path, route, root)
            guard case .elsewhere(let path) = found else { return outcome(found, route) }
            guard let next = server.route(for: path) else { return .refusal(.notFound, route) }
            return outcome(path, next, redirects: redirects + 1)
        case .mqtt, .metrics, .api, .dashboard: return .refusal(.notFound, route)
        }
    }

    private func outcome(_ found: WebFiles.Found, _ route: Route) -> Outcome {
        switch found {
        case .file(let file, let validators, let path, let coding):
            answer(file, validators, path, coding, route)
        case .folder(let path): .answer(redirect(toFolder: path, route))
        case .failure(.notFound), .elsewhere: .refusal(.notFound, route)
        case .failure(.forbidden):
            .refusal(Refusal(status: .forbidden, detail: "This is not shown."), route)
        case .failure(let status): .refusal(Refusal(status: status), route)
        }
    }

    /// What is at a path of a location that serves files.
    func found(_ path: String, _ route: Route, _ root: FileRoot) -> WebFiles.Found {
        let files = WebFiles(self, route, root)
        return route.location.web.tryFiles.map { files.find($0, for: path) } ?? files.find(path)
    }

    func isAllowed(_ route: Route) -> Bool { route.policy?.allows(request.address) ?? true }

    private var reads: Bool { head.isMethod("GET") || head.isMethod("HEAD") }

    /// Seconds since 1970-01-01.
    var now: Int64 { Kernel.wallClock() / 1000 }
}

extension WebRequest.Refusal {
    static let notFound = WebRequest.Refusal(status: .notFound, detail: "There is no such file.")
    static let methodNotAllowed = WebRequest.Refusal(
        status: .methodNotAllowed, detail: "Only GET and HEAD are served here.",
        fields: [HTTPField("Allow", "GET, HEAD")])
}

// MARK: - A file

extension WebRequest {
    /// A file for a client that may have it already, or want a part of it.
    func answer(
        _ file: OpenFile, _ validators: Validators, _ path: String, _ coding: FileAnswer.Coding, _ route: Route
    ) -> Outcome {
        var status = HTTPStatus.ok
        var part = 0..<validators.size
        switch head.evaluatePreconditions(validators) {
        case .fails:
            let detail = "The file is not in the state that the request asks for."
            return .refusal(Refusal(status: .preconditionFailed, detail: detail), route)
        case .notModified: (status, part) = (.notModified, 0..<0)
        case .holds:
            switch head.byteRange(validators) {
            case .whole: break
            case .part(let range): (status, part) = (.partialContent, range)
            case .unsatisfiable:
                let size = HTTPField("Content-Range", "bytes */\(validators.size)")
                let detail = "The file has \(validators.size) bytes."
                return .refusal(Refusal(status: .rangeNotSatisfiable, detail: detail, fields: [size]), route)
            }
        }
        return .answer(
            .file(
                FileAnswer(
                    status: status, file: file, offset: part.lowerBound, length: part.count,
                    type: type(of: path, route), validators: validators, coding: coding,
                    freshness: Freshness(route.location.web.expires, now: now, modified: validators.modified),
                    added: added(route, status, path))))
    }

    /// The media type of a file, by its ending.
    func type(of path: String, _ route: Route) -> String {
        let name = path.utf8
        let start = name.lastIndex { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "/") }
        let fallback = route.location.web.defaultType
        guard let start, name[start] == UInt8(ascii: "."), let ending = String(name[start...].dropFirst()) else {
            return fallback
        }
        return route.types.byEnding[ending] ?? route.types.byEnding[ending.lowercased()] ?? fallback
    }

    /// What `add_header` adds to an answer; without a location, that of the server.
    func added(_ route: Route?, _ status: HTTPStatus, _ path: String) -> [HTTPField] {
        (route?.headers ?? server.site.headers).fields(status.code, WebVariables(self, path: path))
    }
}
