import Configuration
import Gateway
import Glibc

/// Where the configuration is, and where its relative paths start from.
struct ConfigurationLocation {
    let path: String
    let prefix: String
    /// Where a configuration was looked for, when none was named and none is there.
    private let missing: String?

    private static let systemPath = "/etc/sluice/sluice.conf"

    /// `file` and `prefix` are the arguments of -c and -p.
    init(file: String?, prefix: String?) {
        let working = Self.workingFolder
        let base = prefix.map { Self.absolute($0, from: working) }
        let local = "\(base ?? working)/conf/sluice.conf"
        path = file ?? (access(local, F_OK) == 0 ? local : Self.systemPath)
        let isMissing = file == nil && access(path, F_OK) != 0 && errno == ENOENT
        missing = isMissing ? "neither \(local) nor \(Self.systemPath)" : nil
        self.prefix = base ?? Self.prefix(of: Self.absolute(path, from: working))
    }

    func load() throws(Failure) -> Snapshot {
        if let missing { throw Failure(description: "there is no configuration, \(missing): give one with -c") }
        do throws(ConfigurationError) {
            return try Snapshot.load(path: path, prefix: prefix, source: ConfigurationFiles.source)
        } catch {
            throw Failure(description: error.description)
        }
    }

    /// The folder of the file, or the one above it when that is called `conf`.
    private static func prefix(of path: String) -> String {
        let folder = Self.folder(of: path)
        return folder.hasSuffix("/conf") ? Self.folder(of: folder) : folder
    }

    private static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "/" }
        return String(path[..<slash])
    }

    private static func absolute(_ path: String, from working: String) -> String {
        path.hasPrefix("/") ? path : "\(working)/\(path)"
    }

    private static var workingFolder: String {
        guard let path = getcwd(nil, 0) else { return "" }
        defer { free(path) }
        return String(cString: path)
    }
}
