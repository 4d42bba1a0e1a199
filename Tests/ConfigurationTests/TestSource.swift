import Foundation
import Glibc

@testable import Configuration

extension ConfigurationSource {
    /// Files from a dictionary of paths.
    static func text(_ files: [String: String]) -> ConfigurationSource {
        bytes(files.mapValues { Array($0.utf8) })
    }

    static func bytes(_ files: [String: [UInt8]]) -> ConfigurationSource {
        ConfigurationSource(
            read: { path, _ throws(ReadFailure) in
                guard let bytes = files[path] else { throw ReadFailure(reason: "no such file") }
                return bytes
            },
            glob: { pattern in files.keys.filter { fnmatch(pattern, $0, FNM_PATHNAME) == 0 } },
            exists: { files[$0] != nil })
    }

    /// Files of a folder; paths start there.
    static func folder(_ folder: URL) -> ConfigurationSource {
        let files = FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? []
        return ConfigurationSource(
            read: { path, _ throws(ReadFailure) in
                guard let data = FileManager.default.contents(atPath: folder.appendingPathComponent(path).path)
                else { throw ReadFailure(reason: "no such file") }
                return Array(data)
            },
            glob: { pattern in files.filter { fnmatch(pattern, $0, FNM_PATHNAME) == 0 } },
            exists: { files.contains($0) })
    }
}

/// The result of loading one text as `a.conf` with the prefix `/etc/sluice`.
func load(_ text: String, _ others: [String: String] = [:]) -> Result<Snapshot, ConfigurationError> {
    load(Array(text.utf8), others.mapValues { Array($0.utf8) })
}

func load(_ bytes: [UInt8], _ others: [String: [UInt8]] = [:]) -> Result<Snapshot, ConfigurationError> {
    let files = others.merging(["a.conf": bytes]) { _, main in main }
    return Result { () throws(ConfigurationError) in
        try Snapshot.load(path: "a.conf", prefix: "/etc/sluice", source: .bytes(files))
    }
}

/// The text of the error that loading one text gives, or nil when it loads.
func errorText(_ text: String, _ others: [String: String] = [:]) -> String? {
    switch load(text, others) {
    case .success: nil
    case .failure(let error): error.description
    }
}

/// Folders of the checkout, from the place of this file.
enum Folder {
    static let tests = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
    static let golden = tests.appendingPathComponent("golden")
    static let conf = tests.deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("conf")

    static func names(in folder: URL, endingIn suffix: String) -> [String] {
        let all = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return all.filter { $0.hasSuffix(suffix) }.sorted()
    }
}
