import Foundation
import Testing

@testable import Configuration

/// README.md, docs/ and the other documents say what is true of the sources beside them.
@Suite struct DocumentationTests {
    // MARK: Configurations

    @Test func everyBlockIsRead() {
        let marks = Documents.files.map { Documents.text($0).components(separatedBy: "```nginx").count - 1 }
        #expect(Documents.configurations.count == marks.reduce(0, +))
        #expect(Documents.configurations.count >= 12)
    }

    @Test(arguments: Documents.configurations) func configurationLoads(_ block: Documents.Block) {
        let error = errorText(block.wrapped, ["sites/one.conf": ""])
        #expect(error == nil, "\(block): \(error ?? "")")
    }

    // MARK: The reference

    @Test(arguments: DirectiveTable.all) func directiveHasItsEntry(_ directive: Directive) {
        let entries = Documents.entries.filter { $0.name == directive.name && $0.contexts == directive.contexts.names }
        #expect(entries.count == 1, "docs/configuration.md needs one entry of \(directive.name) with its contexts")
        #expect(entries.allSatisfy { $0.syntax.contains { $0.hasPrefix(directive.name) } })
    }

    /// `scripts/reference.py` writes a missing line, and finds a missing example.
    @Test(arguments: DirectiveTable.all) func entryHasItsVersionAndAnExample(_ directive: Directive) throws {
        let entry = try #require(
            Documents.entries.first { $0.name == directive.name && $0.contexts == directive.contexts.names })
        #expect(entry.since == directive.since)
        let examples = entry.body.matches(of: /(?ms)^```nginx\n(.*?)^```/).map(\.1)
        let use = try Regex("(?m)(^|[{;])\\s*\(directive.name)\\b")
        #expect(examples.contains { $0.contains(use) }, "\(directive.name) has no example")
    }

    @Test func everyEntryIsADirective() {
        let names = Documents.entries.map(\.name)
        #expect(Set(names) == Set(DirectiveTable.all.map(\.name)))
        #expect(names.count == DirectiveTable.all.count)
    }

    /// A default that is written out changes nothing; another value would.
    @Test(arguments: Documents.entries.filter { $0.defaultLine != nil })
    func defaultIsTheDefault(_ entry: Documents.Entry) throws {
        let line = try #require(entry.defaultLine)
        #expect(line.hasPrefix("\(entry.name) "))
        let plain = Documents.site()
        let written =
            switch entry.contexts.first {
            case "main": Documents.site(main: line)
            case "upstream": Documents.site(upstream: line)
            default: Documents.site(server: line)
            }
        #expect(errorText(plain) == nil)
        #expect(load(written) == load(plain), "\(line) is not the default")
    }

    @Test func everyPrintedSettingShowsItsDefault() throws {
        let printed = render(try load(Documents.site(server: Documents.methods)).get())
        let names = printed.split(separator: "\n").compactMap { $0.split(separator: " ").first.map(String.init) }
        let withDefault = Documents.entries.filter { $0.defaultLine != nil }.map(\.name)
        let given =
            ["upstream", "hash", "server", "listen", "location", "mqtt_pass", "root", "metrics;", "deny", "}"]
            + Documents.methods.split(separator: "\n").compactMap { $0.split(separator: " ").first.map(String.init) }
        let certificates = ["ssl_certificate", "ssl_certificate_key"]
        #expect(Set(names).subtracting(given).subtracting(certificates) == Set(withDefault).subtracting(given))
    }

    @Test(arguments: Variable.names) func variableIsListed(_ name: String) {
        #expect(Documents.text("docs/configuration.md").contains("`$\(name)`"))
    }

    @Test(arguments: Documents.matches(of: /`\$([A-Za-z0-9_]+)`/, in: "docs/configuration.md"))
    func listedVariableIsThere(_ name: String) {
        #expect(name == "name" || Variable.names.contains(name) || Variable(name: name) != nil)
    }

    // MARK: Operations

    static let causes = Documents.matches(of: /case \w+ = "(\w+)"/, in: "Sources/Tunnel/EndCause.swift")

    @Test func causesAndRowsAreTheSame() {
        let section = Documents.section("## Status reasons", of: "docs/logs.md")
        let rows = section.matches(of: /(?m)^\| `(\w+)` \|/).map { String($0.1) }
        #expect(rows == Self.causes)
        #expect(rows.count >= 30)
    }

    @Test(arguments: causes) func causeIsInThePhaseChart(_ cause: String) {
        #expect(Documents.section("## Phases", of: "docs/architecture.md").contains("`\(cause)`"))
    }

    @Test func fieldsOfTheAccessLogAndRowsAreTheSame() {
        let fields = Documents.matches(of: /object\.field\("(\w+)"/, in: "Sources/Gateway/Log/AccessLogLine.swift")
        let section = Documents.section("## The access log", of: "docs/logs.md")
        let rows = section.split(separator: "\n").filter { $0.hasPrefix("| `") }.flatMap { row in
            row.dropFirst(2).prefix { $0 != "|" }.matches(of: /`(\w+)`/).map { String($0.1) }
        }
        #expect(rows == fields)
        #expect(fields.count >= 25)
    }

    // MARK: Names

    /// `Sources/…`, `docs/…` and their like in prose, and the targets of links.
    @Test(arguments: Documents.paths) func namedFileExists(_ path: String) {
        #expect(FileManager.default.fileExists(atPath: Documents.root.appendingPathComponent(path).path))
    }

    @Test func everyTargetHasItsRow() {
        let declared = Documents.text("Package.swift").matches(of: Documents.targetDeclaration).map { String($0.1) }
        let ours = declared.filter { !$0.hasSuffix("Tests") && $0 != "TestSupport" }
        #expect(ours.sorted() == Documents.targetRows.map(\.name).sorted())
    }

    @Test(arguments: Documents.targetRows) func targetMayImportWhatThePackageSays(_ row: Documents.TargetRow) throws {
        let package = Documents.text("Package.swift")
        let match = try #require(package.matches(of: Documents.targetDeclaration).first { $0.1 == row.name })
        let rest = package[match.range.upperBound...]
        let declaration = rest[..<(rest.range(of: "\n        .")?.lowerBound ?? rest.endIndex)]
        let list = declaration.firstMatch(of: /dependencies: \[([^\]]*)\]/).map { String($0.1) } ?? ""
        #expect(list.matches(of: /"(\w+)"/).map { String($0.1) } == row.imports)
    }
}
