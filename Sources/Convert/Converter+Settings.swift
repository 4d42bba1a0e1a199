import Configuration

extension Converter {
    /// A directive without a block of its own in a context: main, upstream, server or location.
    mutating func setting(_ statement: Statement, in context: String, isStream: Bool = false) {
        let words = statement.arguments.map(\.text)
        switch statement.name.text {
        case MissingInclude.name where words.first?.hasSuffix("mime.types") == true:
            drop(statement, "not needed: the media types of web applications are built in")
        case MissingInclude.name:
            let guards = context == "main" || MissingInclude.isHarmless(words.first ?? "") ? "" : ". \(mayKeepOut)"
            drop(
                statement,
                "it cannot be read here (\(words.last ?? "")): convert where it is, or add what it says\(guards)")
        case "worker_processes": output.directive(["worker_threads"] + words, from: statement)
        case "pid": output.directive(["pid_file"] + words.map(ours), from: statement)
        case "user": drop(statement, "write the user that Sluice runs as: \"user sluice;\" (deploy/README.md)")
        case "error_log": errorLog(statement, in: context)
        case "access_log": accessLog(statement)
        case "log_format": logFormat(statement)
        case "types": types(statement)
        case "ssl": drop(statement, "not needed: \"listen\" has the parameter ssl")
        case "ssl_protocols": protocols(statement)
        case "keepalive_timeout": output.directive(["keepalive_timeout"] + words.prefix(1), from: statement)
        case "client_header_buffer_size":
            drop(statement, "not needed: \"client_header_buffer_size\" limits the whole head here, and is 16k")
        case "large_client_header_buffers": headerBuffers(statement)
        case "real_ip_header" where words.first == "proxy_protocol":
            drop(statement, "not needed: \"listen … proxy_protocol\" takes the address of the header")
        case "set_real_ip_from" where words.first == "unix:":
            output.directive(["set_real_ip_from", "unix:"], from: statement)
        case "proxy_connect_timeout": output.directive(["upstream_connect_timeout"] + words, from: statement)
        case "proxy_next_upstream_tries" where words != ["0"]:
            output.directive(["upstream_tries"] + words, from: statement)
        case "proxy_next_upstream_timeout" where words != ["0"]:
            output.directive(["upstream_tries_timeout"] + words, from: statement)
        case "server_name": serverName(statement)
        case "limit_conn_zone" where limitsAreThere, "limit_req_zone" where limitsAreThere:
            drop(statement, "not needed: what limits count needs no zone")
        case "limit_conn", "limit_req", "proxy_upload_rate", "proxy_download_rate":
            guard let ours = survey.limits.words(for: statement), NginxSyntax.isDirective(ours[0], in: context) else {
                return drop(statement)
            }
            output.directive(ours, from: statement)
        case "map" where words.first == "$http_upgrade":
            drop(statement, "not needed: the upgrade to WebSocket needs no fields to be passed on")
        case "map": drop(statement, "not supported: there are no variables of your own")
        case "auth_basic", "auth_basic_user_file":
            drop(statement, "for MQTT write \"auth_password_file\"; files are limited by \"allow\" and \"deny\"")
        case "proxy_protocol", "proxy_bind", "health_check", "satisfy", "mqtt_pass": drop(statement)
        case let name where NginxSyntax.isDirective(name, in: context) && statement.block == nil:
            output.directive([name] + words, from: statement)
        case let name where NginxSyntax.isDirective(name, in: "main") || NginxSyntax.isDirective(name, in: "server"):
            drop(statement, "\"\(name)\" is not allowed in \(context) here")
        default: drop(statement)
        }
    }

    /// Whether this version has limits by address, user and server.
    var limitsAreThere: Bool { NginxSyntax.isDirective("limit_connections", in: "server") }

    /// A path that nginx itself keeps using, as one of ours.
    private func ours(_ path: String) -> String { path.replacing("nginx", with: "sluice") }

    private mutating func errorLog(_ statement: Statement, in context: String) {
        guard context == "main" else { return drop(statement, "not needed: there is one error log, that of main") }
        var words = statement.arguments.map(\.text)
        if let first = words.first, !first.hasPrefix("syslog:") { words[0] = ours(first) }
        if words.count > 1, ["crit", "alert", "emerg"].contains(words[1]) { words[1] = "error" }
        output.directive(["error_log"] + words, from: statement)
    }

    /// The target and a format that is carried over; otherwise the lines are JSON.
    private mutating func accessLog(_ statement: Statement) {
        let words = statement.arguments.map(\.text)
        guard let target = words.first, !target.contains("$") else {
            return drop(statement, "not supported: a log has one file; name it without variables")
        }
        let format = words.dropFirst().first.flatMap { formats.contains($0) ? $0 : nil }
        output.directive(
            ["access_log", target.hasPrefix("syslog:") ? target : ours(target)] + [format].compactMap(\.self),
            from: statement)
    }

    private mutating func logFormat(_ statement: Statement) {
        let words = statement.arguments.map(\.text)
        guard let name = words.first, !words.contains("escape=json"), name != "json" else {
            return drop(statement, "not needed: \"access_log\" writes JSON unless it names a format")
        }
        let texts = words.dropFirst().filter { !$0.hasPrefix("escape=") }.map(Variables.replaced)
        let missing = texts.flatMap(\.missing).map { "$\($0)" }
        if !missing.isEmpty { output.note("There is no \(missing.joined(separator: ", ")): \"-\" takes its place.") }
        formats.insert(name)
        output.directive(["log_format", name] + texts.map(\.text), from: statement)
    }

    private mutating func types(_ statement: Statement) {
        guard !statement.name.position.file.hasSuffix("mime.types") else {
            return drop(statement, "not needed: the media types of web applications are built in")
        }
        output.openBlock(["types"], from: statement)
        for entry in statement.block ?? [] {
            output.directive([entry.name.text] + entry.arguments.map(\.text), from: entry)
        }
        output.closeBlock()
    }

    private mutating func protocols(_ statement: Statement) {
        let words = statement.arguments.map(\.text).filter { $0 == "TLSv1.2" || $0 == "TLSv1.3" }
        guard !words.isEmpty else { return drop(statement, "TLS 1.1 and older are not supported (RFC 8996)") }
        output.directive(["ssl_protocols"] + words, from: statement)
    }

    /// nginx's head may take all of its buffers.
    private mutating func headerBuffers(_ statement: Statement) {
        let words = statement.arguments.map(\.text)
        let unit = words.last?.last?.lowercased()
        guard words.count == 2, let count = Int(words[0]), unit == "k" || unit == "m",
            let size = Int(words[1].dropLast()), (1...1024).contains(count), (1...1_048_576).contains(size)
        else { return drop(statement) }
        let total = min(1024, count * size * (unit == "m" ? 1024 : 1))
        output.directive(["client_header_buffer_size", "\(total)k"], from: statement)
    }

    /// Names without expressions; `.example.com` is two.
    private mutating func serverName(_ statement: Statement) {
        let names = statement.arguments.map(\.text).flatMap { name in
            name.hasPrefix(".") ? [String(name.dropFirst()), "*\(name)"] : [name]
        }
        let kept = names.filter { name in
            !name.isEmpty && !name.hasPrefix("~") && !name.hasSuffix(".*") && !name.contains("$")
        }
        guard !kept.isEmpty else {
            return drop(statement, "not supported: names have no expressions, and an asterisk only at the start")
        }
        output.directive(["server_name"] + kept, from: statement)
    }
}
