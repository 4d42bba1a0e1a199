import CShims
import Reactor
import Telemetry
import Text
import Wire

/// Finds a file below a root.
enum StaticFile {
    enum Found {
        case file(descriptor: Int32, size: Int, type: StaticString)
        /// A folder that was asked for without its slash.
        case redirect(String)
        case failure(HTTPStatus)
    }

    /// `path` begins with a slash and has no dot segments; `index` is the file of a folder.
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

    /// A path as a URI writes it: percent-encoded except for what RFC 3986 §3.3 allows, and for slashes.
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

    /// Room that is enough for the head of any file.
    static let headRoom = 512

    /// Writes the head of the response for a file into `room`. Returns how many bytes it has; nil: there is not enough room.
    static func writeHead(
        into room: UnsafeMutableRawBufferPointer, size: Int, type: StaticString, date: String,
        persistence: HTTPPersistence
    ) -> Int? {
        var head = HeadWriter(.ok, into: room)
        head.write("Date", value: date)
        head.write("Server", "sluice")
        head.write("Content-Type", type)
        head.write("Content-Length", size)
        head.write("X-Content-Type-Options", "nosniff")
        head.write(persistence)
        return head.finish()
    }

    private static let types: [String: StaticString] = [
        "html": "text/html; charset=utf-8", "css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8",
        "mjs": "text/javascript; charset=utf-8", "json": "application/json", "txt": "text/plain; charset=utf-8",
        "svg": "image/svg+xml", "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif",
        "webp": "image/webp", "ico": "image/x-icon", "wasm": "application/wasm", "woff2": "font/woff2",
        "woff": "font/woff", "map": "application/json", "xml": "application/xml", "pdf": "application/pdf",
        "webmanifest": "application/manifest+json",
    ]

    private static func type(of name: String) -> StaticString {
        let name = name.utf8
        let start = name.lastIndex { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "/") }
        guard let start, name[start] == UInt8(ascii: "."),
            let ending = String(name[start...].dropFirst())
        else { return "application/octet-stream" }
        return types[ending.lowercased()] ?? "application/octet-stream"
    }
}
