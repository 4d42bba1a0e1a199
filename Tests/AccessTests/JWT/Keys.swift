import Access

/// Shorter ways to what the tests do all the time.
extension JWTKeySet {
    static func load(_ text: String) throws -> JWTKeySet { try load(Array(text.utf8), name: "keys") }

    /// A set of these JWKs.
    static func load(jwks: [String]) throws -> JWTKeySet { try load("{\"keys\":[\(jwks.joined(separator: ","))]}") }

    /// What `verify` says: nil if the token is accepted.
    func fault(_ token: String, rules: JWTRules = JWTRules(), now: Int64 = 0) -> JWTError? {
        do throws(JWTError) {
            _ = try verify(Secret(token), rules: rules, now: now)
            return nil
        } catch {
            return error
        }
    }
}

/// The error of loading; nil if there is none.
func loadFault(_ text: String) -> JWTKeyError.Kind? {
    do throws(JWTKeyError) {
        _ = try JWTKeySet.load(Array(text.utf8), name: "keys")
        return nil
    } catch {
        return error.kind
    }
}
