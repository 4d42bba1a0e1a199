import COpenAPI
import Wire

/// The document that describes the API (OpenAPI 3.1): docs/openapi.json, which is part of the program.
enum OpenAPI {
    static let document: [UInt8] = {
        let document = COpenAPI_document()
        return Array(UnsafeBufferPointer(start: document.bytes, count: document.count))
    }()

    static var response: AdminResponse {
        AdminResponse(status: .ok, fields: [HTTPField("Content-Type", "application/json")], body: document)
    }
}
