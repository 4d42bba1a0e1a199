import Access
import Reactor

/// The keys of `auth_jwt_key_file`. A changed file is read again within a second; one that cannot be read or used leaves the
/// old keys as they are.
final class KeyFile: Sendable {
    private struct State {
        var keys: JWTKeySet
        var stamp: FileStamp?
    }

    private let path: String
    private let state: Lock<State>

    /// Reads the keys.
    init(_ path: String) throws(StartError) {
        self.path = path
        let stamp = FileStamp(path)
        state = Lock(State(keys: try Self.load(path), stamp: stamp))
    }

    var keys: JWTKeySet { state.withLock(\.keys) }

    /// Reads the file again if it has changed; returns what to tell the operator.
    func reloadIfChanged() -> Result<String, StartError>? {
        let stamp = FileStamp(path)
        guard stamp != state.withLock(\.stamp) else { return nil }
        state.withLock { $0.stamp = stamp }
        do throws(StartError) {
            let keys = try Self.load(path)
            state.withLock { $0.keys = keys }
            return .success("auth_jwt_key_file \(path): \(keys.count) keys")
        } catch {
            return .failure(error)
        }
    }

    private static func load(_ path: String) throws(StartError) -> JWTKeySet {
        let bytes: [UInt8]
        do throws(SystemError) { bytes = try File.read(path, limit: JWTKeySet.largestFile + 1) } catch {
            throw StartError("auth_jwt_key_file \(path): cannot be read: \(SystemError.text(error.code))")
        }
        do throws(JWTKeyError) { return try JWTKeySet.load(bytes, name: path) } catch {
            throw StartError("auth_jwt_key_file \(error)")
        }
    }
}
