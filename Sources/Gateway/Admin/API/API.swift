import Telemetry
import Wire

/// The JSON API: what is known of the gateway, and what can be changed of it while it runs. The admin thread's: a handler may
/// wait for loops and for the main thread.
struct API {
    let world: AdminWorld
    let log: ErrorLog

    /// The answer to a request; one to HEAD has content, which is not sent.
    func answer(_ request: APIRequest) -> AdminResponse {
        do throws(Problem) { return try handle(request) } catch { return error.response }
    }

    private func handle(_ request: APIRequest) throws(Problem) -> AdminResponse {
        guard let resource = APIResource(path: request.path) else {
            throw .notFound("There is nothing at \"\(request.path)\"; openapi.json lists what there is.")
        }
        let method = request.method == "HEAD" ? "GET" : request.method
        if method == "OPTIONS" {
            // No field of CORS: pages of other origins have no business here.
            return AdminResponse(status: .noContent, fields: [HTTPField("Allow", resource.allowed)])
        }
        guard resource.methods.contains(method) else {
            throw Problem(
                status: .methodNotAllowed, detail: "\(request.method) is not possible here; use \(resource.allowed).",
                fields: [HTTPField("Allow", resource.allowed)])
        }
        guard method == "GET" || request.isWritable else {
            throw Problem(
                status: .forbidden,
                detail: "This API only reads: changes need \"api write=on\" in the configuration, and credentials.")
        }
        return method == "GET" ? try read(resource, request) : try change(resource, request)
    }

    private func read(_ resource: APIResource, _ request: APIRequest) throws(Problem) -> AdminResponse {
        switch resource {
        case .connections: return .json(try connections(ConnectionQuery(request.query)))
        default: _ = try QueryParameters.parse(request.query, known: [])
        }
        switch resource {
        case .status: return .json(status(isWritable: request.isWritable))
        case .connection(let id): return .json(try connection(id))
        case .upstreams: return .json(upstreams())
        case .peer(let path): return .json(try peer(path))
        case .certificates: return .json(certificates())
        case .configuration: return .json(configuration())
        case .openAPI: return OpenAPI.response
        case .connections, .reload, .trace: throw .notFound("There is nothing to read here.")
        }
    }

    private func change(_ resource: APIResource, _ request: APIRequest) throws(Problem) -> AdminResponse {
        switch resource {
        case .connections: return .json(try endConnections(request))
        default: _ = try QueryParameters.parse(request.query, known: [])
        }
        switch resource {
        case .connection(let id):
            try endConnection(id, request)
            return AdminResponse(status: .noContent)
        case .peer(let path): return .json(try changePeer(path, request))
        case .reload: return .json(try reload(request))
        default: throw .notFound("There is nothing to change here.")
        }
    }

    /// Whoever changes something is in the log, with what was changed.
    func note(_ what: String, _ request: APIRequest) {
        let who = request.who.isEmpty ? "somebody" : request.who
        log.write(.notice, "API: \(what); asked for by \(who), client \(request.address.host)")
    }
}
