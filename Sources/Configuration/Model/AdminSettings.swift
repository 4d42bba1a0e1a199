/// Who may use the operator's side of the gateway.
package struct AdminSettings: Sendable, Equatable {
    /// `auth_basic`: the realm; nil: off.
    package var realm: String?
    /// `auth_basic_user_file`.
    package var passwordFile: PasswordFileSettings?
    /// `api_token_file`: a file of tokens.
    package var tokenFile: String?

    package init() {}
}
