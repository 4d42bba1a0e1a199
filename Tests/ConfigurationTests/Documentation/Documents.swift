import Foundation

/// The documents of the checkout, and what is written in them.
enum Documents {
    static let root = Folder.conf.deletingLastPathComponent()

    /// Paths of all documents, from the root.
    static let files: [String] = {
        let docs = FileManager.default.enumerator(atPath: root.appendingPathComponent("docs").path)
        let found = docs?.compactMap { $0 as? String }.filter { $0.hasSuffix(".md") }.map { "docs/\($0)" } ?? []
        return ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "deploy/README.md"] + found.sorted()
    }()

    /// The text of a file, empty when there is none.
    static func text(_ path: String) -> String {
        (try? String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)) ?? ""
    }

    /// What stands below a heading, up to the next one of its level or a higher one.
    static func section(_ heading: String, of path: String) -> String {
        let level = heading.prefix { $0 == "#" }.count
        let lines = text(path).components(separatedBy: "\n").drop { $0 != heading }.dropFirst()
        let end = lines.firstIndex { line in (1...level).contains(line.prefix { $0 == "#" }.count) }
        return lines[..<(end ?? lines.endIndex)].joined(separator: "\n")
    }

    /// What the first group of `pattern` matches in a file, in order.
    static func matches(of pattern: Regex<(Substring, Substring)>, in path: String) -> [String] {
        text(path).matches(of: pattern).map { String($0.1) }
    }
}

// MARK: - Configurations

extension Documents {
    /// A block marked `nginx`.
    struct Block: Sendable, CustomStringConvertible {
        var file: String
        var number: Int
        var text: String
        /// Of a fragment, the context that its first line names.
        var context: String?

        var description: String { "\(file), configuration \(number)" }

        /// The text as a whole configuration.
        var wrapped: String {
            let upstream = "upstream brokers {\nserver 127.0.0.1:1883;\n}\n"
            let pass = "\nlocation = /of-the-test {\nmqtt_pass brokers;\n}\n"
            switch context {
            case nil: return text
            case "main": return "\(text)\n\(upstream)server {\nlisten 127.0.0.1:1;\(pass)}\n"
            case "upstream": return "upstream brokers {\n\(text)\n}\nserver {\nlisten 127.0.0.1:1;\(pass)}\n"
            // A server that says ssl need not say more; its own certificates replace these.
            case "server":
                let pair = "ssl_certificate a.crt;\nssl_certificate_key a.key;\n"
                return "\(pair)\(upstream)server {\nlisten 127.0.0.1:1;\n\(text)\(pass)}\n"
            case "location":
                let own = text.contains("mqtt_pass") || text.contains("root") ? "" : "mqtt_pass brokers;\n"
                return "\(upstream)server {\nlisten 127.0.0.1:1;\nlocation / {\n\(own)\(text)\n}\n}\n"
            default: return "unknown context"
            }
        }
    }

    static let configurations: [Block] = files.flatMap { file in
        let blocks = text(file).matches(of: /(?ms)^ *```nginx\n(.*?)^ *```/)
        return blocks.enumerated().map { index, match in
            let body = String(match.1)
            let context = body.firstMatch(of: /^ *# in: (\w+)\n/).map { String($0.1) }
            return Block(file: file, number: index + 1, text: body, context: context)
        }
    }

    /// Every method of authentication: what belongs to one is printed only beside it.
    static let methods = """
        ssl_client_certificate ca.pem;
        ssl_verify_client on;
        auth_certificate cn;
        auth_jwt_key_file keys.json;
        auth_password_file users;
        auth_http http://127.0.0.1:8080/;
        """

    /// A site in which, with `methods`, every setting that has a default is printed.
    static func site(main: String = "", upstream: String = "", server: String = "") -> String {
        """
        \(main)
        upstream brokers {
            hash $remote_addr consistent;
            server broker.example:1883 resolve;
            \(upstream)
        }
        server {
            listen 8084 ssl;
            ssl_certificate a.crt;
            ssl_certificate_key a.key;
            \(server)
            location / { root www; }
            location /mqtt { mqtt_pass brokers; }
            location /metrics { metrics; deny all; }
        }
        """
    }
}

// MARK: - The reference

extension Documents {
    /// The entry of a directive in docs/configuration.md.
    struct Entry: Sendable, CustomStringConvertible {
        var name: String
        var syntax: [String]
        /// nil where there is none.
        var defaultLine: String?
        var contexts: [String]
        /// Empty where it is not said.
        var since: String
        /// What stands below, up to the next entry.
        var body: String

        var description: String { "\(name) in \(contexts.joined(separator: ", "))" }
    }

    static let entries: [Entry] = {
        let pattern =
            /(?ms)^### (\w+)[^\n]*\n\n```text\nSyntax:  (.*?)\nDefault: ([^\n]*)\nContext: ([^\n]*)(?:\nSince:   ([^\n]*))?\n```(.*?)(?=^##|\z)/
        return text("docs/configuration.md").matches(of: pattern).map { match in
            let syntax = match.2.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
            let value = match.3 == "—" ? nil : String(match.3)
            let contexts = match.4.components(separatedBy: ", ")
            return Entry(
                name: String(match.1), syntax: syntax, defaultLine: value, contexts: contexts,
                since: match.5.map(String.init) ?? "", body: String(match.6))
        }
    }()
}

// MARK: - Names

extension Documents {
    /// Paths that documents name, from the root.
    static let paths: [String] = {
        var found: Set<String> = []
        for file in files {
            let folder = file.contains("/") ? file[..<(file.lastIndex(of: "/") ?? file.endIndex)] + "/" : ""
            let text = text(file)
            let links = text.matches(of: /\]\(([^)#:]+)(?:#[^)]*)?\)/)
            for match in links { found.insert(resolved("\(folder)\(match.1)")) }
            let named = /`((?:Sources|Tests|conf|scripts|deploy|docs|www)\/[A-Za-z0-9_.+\/-]+)`/
            for match in text.matches(of: named) where !match.1.contains("NNNN") { found.insert(String(match.1)) }
        }
        return found.sorted()
    }()

    /// A path without `..`.
    private static func resolved(_ path: String) -> String {
        var parts: [Substring] = []
        for part in path.split(separator: "/") {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return parts.joined(separator: "/")
    }

    /// A row of the table of targets in docs/architecture.md.
    struct TargetRow: Sendable, CustomStringConvertible {
        var name: String
        var imports: [String]

        var description: String { name }
    }

    /// How Package.swift begins a target.
    static var targetDeclaration: Regex<(Substring, Substring)> { /(?:arget|systemLibrary)\(\s*name: "(\w+)"/ }

    static let targetRows: [TargetRow] = {
        let rows = section("## Layers", of: "docs/architecture.md").matches(of: /(?m)^\| `(\w+)` \| .* \| (.*) \|$/)
        return rows.map { match in
            let imports = match.2.matches(of: /`?(\w+)`?/).map { String($0.1) }
            return TargetRow(name: String(match.1), imports: imports)
        }
    }()
}
