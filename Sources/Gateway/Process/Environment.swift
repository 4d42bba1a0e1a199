import CShims

/// The environment of the process. Before the first thread only.
enum Environment {
    static subscript(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

    static func remove(_ name: String) { unsetenv(name) }
}
