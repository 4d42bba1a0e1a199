import Testing

@testable import Configuration

@Suite("A configuration without its secrets")
struct SecretsTests {
    private func text(_ location: String) throws -> String {
        let snapshot = try load(
            "upstream b {\nserver 127.0.0.1:1883;\n}\nserver {\nlisten 127.0.0.1:1;\nlocation / {\nmqtt_pass b;\n\(location)\n}\n}"
        ).get()
        return render(snapshot.withoutSecrets)
    }

    @Test(
        "What is hidden",
        arguments: [
            (
                "auth_http http://127.0.0.1/a;\nauth_http_set_header X-Key s3cret;",
                "auth_http_set_header X-Key (hidden);"
            ),
            ("auth_http http://127.0.0.1/a?key=s3cret;", "auth_http http://127.0.0.1/a?(hidden);"),
            (
                "auth_jwt_jwks_url https://127.0.0.1/keys?t=s3cret@x;",
                "auth_jwt_jwks_url https://127.0.0.1/keys?(hidden);"
            ),
            ("mqtt_set_connect password s3cret;", "mqtt_set_connect password (hidden);"),
            (
                "mqtt_set_connect password s3cret-$mqtt_username;",
                "mqtt_set_connect password \"(hidden)$mqtt_username\";"
            ),
            ("mqtt_set_connect user_property:key s3cret;", "(hidden)"),
        ])
    func hidden(location: String, expected: String) throws {
        let text = try text(location)
        #expect(!text.contains("s3cret") && text.contains(expected), "\(text)")
    }

    @Test("What is not")
    func shown() throws {
        let text = try text("auth_http http://127.0.0.1/a@b;\nmqtt_set_connect username u-$remote_addr;")
        #expect(text.contains("auth_http http://127.0.0.1/a@b;") && text.contains("u-$remote_addr"))
    }
}
