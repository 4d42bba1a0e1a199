import CNghttp2
import TLS

/// Versions of the gateway and of what it is made with.
enum Version {
    static let gateway = "0.1.0"

    static func write(all: Bool) {
        print("sluice \(gateway)")
        guard all else { return }
        print("Swift \(compiler)")
        print(Library.version)
        print("nghttp2 \(nghttp2)")
    }

    private static var compiler: String {
        #if compiler(>=6.4)
            "6.4 or later"
        #elseif compiler(>=6.3)
            "6.3"
        #else
            "6.2"
        #endif
    }

    private static var nghttp2: String {
        guard let text = nghttp2_version(0)?.pointee.version_str else { return "unknown" }
        return String(cString: text)
    }
}
