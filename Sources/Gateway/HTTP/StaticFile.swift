import CShims
import Reactor
import Wire

/// Finds a file below a root.
enum StaticFile {
    enum Found {
        case file(descriptor: Int32, size: Int, type: String)
        /// A folder that was asked for without its slash.
        case redirect(String)
        case failure(HTTPStatus)
    }

    /// `path` begins with a slash and holds no dot segments; `index` is the file of a folder.
    static func open(root: String, path: String, index: String) -> Found {
        let isFolder = path.hasSuffix("/")
        let name = root + path + (isFolder ? index : "")
        let descriptor = CShims_open(name, O_RDONLY | O_NONBLOCK, 0)
        guard descriptor >= 0 else {
            return .failure(descriptor == -EACCES ? .forbidden : .notFound)
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            Socket.close(descriptor)
            return .failure(.internalServerError)
        }
        switch Int(CShims_file_kind(&status)) {
        case CShims_REGULAR_FILE: return .file(descriptor: descriptor, size: status.st_size, type: type(of: name))
        case CShims_FOLDER where !isFolder:
            Socket.close(descriptor)
            // One slash only: a target that begins with two would be another host's.
            return .redirect("/" + path.drop { $0 == "/" } + "/")
        default:
            Socket.close(descriptor)
            return .failure(.forbidden)
        }
    }

    /// The head of the response for a file.
    static func head(size: Int, type: String) -> [UInt8] {
        let fields = [
            "HTTP/1.1 200 OK", "Server: sluice", "Content-Type: \(type)", "Content-Length: \(size)",
            "X-Content-Type-Options: nosniff", "Connection: close",
        ]
        return Array((fields.joined(separator: "\r\n") + "\r\n\r\n").utf8)
    }

    private static let types = [
        "html": "text/html; charset=utf-8", "css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8",
        "mjs": "text/javascript; charset=utf-8", "json": "application/json", "txt": "text/plain; charset=utf-8",
        "svg": "image/svg+xml", "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif",
        "webp": "image/webp", "ico": "image/x-icon", "wasm": "application/wasm", "woff2": "font/woff2",
        "woff": "font/woff", "map": "application/json", "xml": "application/xml", "pdf": "application/pdf",
        "webmanifest": "application/manifest+json",
    ]

    private static func type(of name: String) -> String {
        guard let dot = name.lastIndex(of: "."), !name[dot...].contains("/") else { return "application/octet-stream" }
        return types[name[name.index(after: dot)...].lowercased()] ?? "application/octet-stream"
    }
}
