import CShims
import Reactor
import Telemetry
import Text
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
            switch -descriptor {
            case EACCES: return .failure(.forbidden)
            case EMFILE, ENFILE, ENOMEM: return .failure(.serviceUnavailable)
            default: return .failure(.notFound)
            }
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
            return .redirect(encoded("/" + path.drop { $0 == "/" } + "/"))
        default:
            Socket.close(descriptor)
            return .failure(.forbidden)
        }
    }

    /// A path as a URI writes it: percent-encoded but for what RFC 3986 §3.3 lets stand, and for slashes.
    private static func encoded(_ path: String) -> String {
        var text = ""
        for byte in path.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "/"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"), UInt8(ascii: "~"):
                text.unicodeScalars.append(Unicode.Scalar(byte))
            default: text += "%" + Hexadecimal.encode(byte, .upper)
            }
        }
        return text
    }

    /// The head of the response for a file.
    static func head(size: Int, type: String, date: String) -> [UInt8] {
        let fields = [
            "HTTP/1.1 200 OK", "Date: \(date)", "Server: sluice", "Content-Type: \(type)", "Content-Length: \(size)",
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
