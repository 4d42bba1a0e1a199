/// What a block says about the operator's side. Inner blocks inherit it as part of `Scope`.
struct AdminDraft: Sendable {
    /// `auth_basic`: its realm, nil for off. nil: nothing is said.
    var basic: (realm: String?, position: Position)?
    var userFile: (path: String, position: Position)?
    var tokenFile: String?

    /// What a location of the operator's side makes of it. nginx's rules: one of the two needs the other.
    func settings(passwordCache: Duration) throws(ConfigurationError) -> AdminSettings {
        var settings = AdminSettings()
        settings.tokenFile = tokenFile
        guard let basic else {
            guard let userFile else { return settings }
            throw ConfigurationError(
                at: userFile.position, "\"auth_basic_user_file\" has no effect without \"auth_basic\"",
                hint: "add \"auth_basic\" with the realm that browsers show, such as Sluice")
        }
        guard let realm = basic.realm else { return settings }
        guard let userFile else {
            throw ConfigurationError(
                at: basic.position, "\"auth_basic\" needs \"auth_basic_user_file\"",
                hint: "give it a file of users and hashed passwords: \"sluice passwd\" writes it")
        }
        settings.realm = realm
        settings.passwordFile = PasswordFileSettings(path: userFile.path, cache: passwordCache)
        return settings
    }
}
