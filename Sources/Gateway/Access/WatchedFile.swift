import Access
import Reactor

/// What a file of the configuration's holds, read again when it has changed; one that cannot be read or used leaves the old
/// content as it is. For any thread.
final class WatchedFile<Content: Sendable>: Sendable {
    typealias Load = @Sendable (_ path: String) throws(StartError) -> Content

    private struct State {
        var content: Content
        var stamp: FileStamp?
    }

    let path: String
    private let load: Load
    /// For the operator: what was read.
    private let describe: @Sendable (Content) -> String
    private let state: Lock<State>

    /// Reads the file.
    init(_ path: String, load: @escaping Load, describe: @escaping @Sendable (Content) -> String) throws(StartError) {
        self.path = path
        self.load = load
        self.describe = describe
        let stamp = FileStamp(path)
        state = Lock(State(content: try load(path), stamp: stamp))
    }

    var content: Content { state.withLock(\.content) }

    /// Reads the file again if it has changed; returns what to tell the operator. For one thread at a time.
    func reloadIfChanged() -> Result<String, StartError>? {
        let stamp = FileStamp(path)
        guard stamp != state.withLock(\.stamp) else { return nil }
        state.withLock { $0.stamp = stamp }
        do throws(StartError) {
            let content = try load(path)
            state.withLock { $0.content = content }
            return .success(describe(content))
        } catch {
            return .failure(error)
        }
    }
}

extension WatchedFile {
    /// The bytes of a file that a directive names, at most one more than `largest`.
    static func bytes(of path: String, _ directive: StaticString, largest: Int) throws(StartError) -> [UInt8] {
        do throws(SystemError) { return try File.read(path, limit: largest + 1) } catch {
            throw StartError("\(directive) \(path): cannot be read: \(SystemError.text(error.code))")
        }
    }
}
