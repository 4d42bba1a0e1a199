import CNghttp2
import Gateway
import TLS

/// Versions of the gateway and of what it is made with.
enum Version {
    static let gateway = Build.version

    static func write(all: Bool) {
        print("sluice \(gateway)")
        guard all else { return }
        print("Swift \(Build.compiler)")
        print(Library.version)
        print("nghttp2 \(nghttp2)")
    }

    private static var nghttp2: String {
        guard let text = nghttp2_version(0)?.pointee.version_str else { return "unknown" }
        return String(cString: text)
    }
}
