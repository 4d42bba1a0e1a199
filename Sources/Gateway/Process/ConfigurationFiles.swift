import CShims
import Configuration
import Reactor

/// Reads configuration from the file system.
package enum ConfigurationFiles {
    package static var source: ConfigurationSource {
        ConfigurationSource(
            read: { path, limit throws(ConfigurationSource.ReadFailure) in try read(path, limit) },
            glob: { pattern in glob(pattern) },
            exists: { path in access(path, F_OK) == 0 })
    }

    private static func read(_ path: String, _ limit: Int) throws(ConfigurationSource.ReadFailure) -> [UInt8] {
        do throws(SystemError) { return try File.read(path, limit: limit + 1) } catch {
            throw .init(reason: SystemError.text(error.code))
        }
    }

    private static func glob(_ pattern: String) -> [String] {
        var found = glob_t()
        defer { globfree(&found) }
        guard CShims.glob(pattern, 0, nil, &found) == 0, let paths = found.gl_pathv else { return [] }
        return (0..<Int(found.gl_pathc)).compactMap { paths[$0].map { String(cString: $0) } }
    }

    /// Whether there is a folder at `path`.
    static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && Int(CShims_file_kind(&status)) == CShims_FOLDER
    }
}
