import Reactor
import Telemetry
import Wire

/// A request to the API, whole, from a client that was let in.
struct APIRequest: Sendable {
    let method: String
    /// Below the location's prefix, percent-decoded, without a slash in front.
    let path: String
    /// As it came.
    let query: String?
    let body: [UInt8]
    /// The client's.
    let address: CompactAddress
    /// Who the client has proved to be; empty: nobody was asked.
    let who: String
    /// The location allows changes. Whoever asks for one has been authenticated.
    let isWritable: Bool
}

extension AdminJob {
    /// The request as the API takes it.
    func apiRequest(_ who: String, _ isWritable: Bool) -> APIRequest {
        APIRequest(
            method: request.method, path: request.path, query: request.query, body: request.body,
            address: request.address, who: who, isWritable: isWritable)
    }
}

extension AdminResponse {
    static func json(_ writer: JSONWriter, status: HTTPStatus = .ok) -> AdminResponse {
        AdminResponse(status: status, fields: [HTTPField("Content-Type", "application/json")], body: writer.bytes)
    }
}
