import Access

/// The keys of `auth_jwt_key_file`.
typealias KeyFile = WatchedFile<JWTKeySet>

extension WatchedFile<JWTKeySet> {
    /// Reads the keys.
    convenience init(_ path: String) throws(StartError) {
        try self.init(path) { path throws(StartError) in
            let bytes = try Self.bytes(of: path, "auth_jwt_key_file", largest: JWTKeySet.largestFile)
            do throws(JWTKeyError) { return try JWTKeySet.load(bytes, name: path) } catch {
                throw StartError("auth_jwt_key_file \(error)")
            }
        } describe: { keys in
            "auth_jwt_key_file \(path): \(keys.count) keys"
        }
    }

    var keys: JWTKeySet { content }
}
