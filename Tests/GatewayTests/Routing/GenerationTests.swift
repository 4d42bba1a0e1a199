import Access
import Configuration
import Foundation
import Testing

@testable import Gateway

@Suite("Generations: what stays the same from one to the next, and what goes")
struct GenerationTests {
    private let folder: TemporaryFolder
    private let services: Services

    init() throws {
        folder = try TemporaryFolder()
        var process = ProcessSettings()
        process.workerThreads = 2
        process.errorLog.target = .file(folder.path + "/error.log")
        services = try Services(process)
    }

    private func draft(_ text: String, known: Identities = Identities()) throws -> GenerationDraft {
        let main = try folder.write("sluice.conf", "error_log error.log;\n" + text)
        let snapshot = try Snapshot.load(path: main, prefix: folder.path, source: ConfigurationFiles.source)
        return try GenerationDraft(snapshot, services: services, known: known)
    }

    private func server(_ pass: String, _ more: String = "", port: Int = 1) -> String {
        "server { listen 127.0.0.1:\(port); location / { mqtt_pass \(pass); \(more) } }\n"
    }

    private func policy(_ draft: GenerationDraft) -> AccessPolicy? {
        draft.listeners.first?.defaultServer.route(for: "/")?.policy
    }

    @Test("Pools keep their identities in whatever order the file has them; routes lead to them")
    func pools() throws {
        let first = try draft(server("127.0.0.1:11") + server("127.0.0.1:12", port: 2))
        #expect(first.listeners.map { $0.defaultServer.route(for: "/")?.pool } == [0, 1])
        let second = try draft(
            server("127.0.0.1:13") + server("127.0.0.1:12", port: 2) + server("127.0.0.1:11", port: 3),
            known: first.identities)
        #expect(second.listeners.map { $0.defaultServer.route(for: "/")?.pool } == [2, 1, 0])
        #expect(second.upstreams.mapValues(\.name) == [0: "127.0.0.1:11", 1: "127.0.0.1:12", 2: "127.0.0.1:13"])
        #expect(second.listeners.first?.defaultServer.route(for: "/")?.upstreamName == "127.0.0.1:13")
    }

    @Test("Listeners keep their identities, and what is gone keeps its own")
    func listeners() throws {
        let first = try draft(server("127.0.0.1:11") + server("127.0.0.1:12", port: 2))
        #expect(first.listeners.map(\.identity) == [0, 1])
        let second = try draft(
            server("127.0.0.1:11", port: 3) + server("127.0.0.1:12", port: 2), known: first.identities)
        #expect(second.listeners.map(\.port) == [3, 2] && second.listeners.map(\.identity) == [2, 1])
        let third = try draft(server("127.0.0.1:11"), known: second.identities)
        #expect(third.listeners.map(\.identity) == [0])
        #expect(third.identities.listeners.names == [1, 2, 3].map { .inet(host: "127.0.0.1", port: $0) })
    }

    @Test("A generation is gone with the last that uses something of it; a session's route keeps no more than its site")
    func freed() throws {
        var route: Route?
        weak var generation: Generation?
        weak var listener: Listener?
        do {
            let draft = try draft(server("127.0.0.1:11"))
            let made = draft.generation(number: 1, upstreams: draft.upstreams)
            (generation, listener) = (made, made.listeners.first)
            route = made.listeners.first?.defaultServer.route(for: "/")
        }
        #expect(generation == nil && listener == nil)
        #expect(route?.site.headLimit == 16 * 1024)
    }

    @Test("The same password file, key file and service serve the next generation; what none uses is let go")
    func access() throws {
        try folder.write("users", "alice:$2y$04$WBVhnDEPqPJ0lFOW1L6hGuGh2aDLrg2KQ0fjm8PYGkqDzSvx4TmVi\n")
        let lines = "auth_password_file users; auth_http http://127.0.0.1:1/;"
        let policies = [
            try draft(server("127.0.0.1:11", lines)), try draft(server("127.0.0.1:12", lines + "auth_timeout 9s;")),
        ].compactMap(policy)
        #expect(policies.count == 2 && policies[0] !== policies[1])
        #expect(policies[0].passwords === policies[1].passwords && policies[0].passwords != nil)
        #expect(policies[0].http === policies[1].http && policies[0].http != nil)
        let other = try draft(server("127.0.0.1:11", "auth_password_file users; auth_password_cache 5s;"))
        #expect(policy(other)?.passwords !== policies[0].passwords)
    }

    @Test("Two hundred generations one after the other leave one of everything")
    func manyGenerations() throws {
        try folder.write("users", "alice:$2y$04$WBVhnDEPqPJ0lFOW1L6hGuGh2aDLrg2KQ0fjm8PYGkqDzSvx4TmVi\n")
        weak var first: PasswordChecker?
        weak var service: AuthHTTP?
        var current = try draft(server("127.0.0.1:11", "auth_password_file users; auth_http http://127.0.0.1:1/0;"))
        first = policy(current)?.passwords
        service = policy(current)?.http
        for round in 1...200 {
            current = try draft(
                server("127.0.0.1:11", "auth_password_file users; auth_http http://127.0.0.1:1/\(round);"))
        }
        #expect(first != nil && policy(current)?.passwords === first)
        #expect(service == nil)
    }

    @Test("A file that was there before and cannot be read now refuses the draft, each time")
    func unreadable() throws {
        let file = try folder.write("users", "alice:$2y$04$WBVhnDEPqPJ0lFOW1L6hGuGh2aDLrg2KQ0fjm8PYGkqDzSvx4TmVi\n")
        let text = server("127.0.0.1:11", "auth_password_file users;")
        let first = try draft(text)
        try FileManager.default.removeItem(atPath: file)
        for _ in 0..<2 { #expect(throws: StartError.self) { try draft(text) } }
        #expect(policy(first)?.passwords != nil)
    }

    // MARK: What only a restart changes

    @Test("Directives that take a restart are named when they differ")
    func directives() {
        let old = ProcessSettings()
        var new = old
        #expect(old.fixedDirectives(unlike: new) == [])
        (new.errorLog.level, new.shutdownTimeout) = (.debug, .seconds(1))
        #expect(old.fixedDirectives(unlike: new) == [])
        (new.workerThreads, new.hashThreads, new.pidFile, new.descriptorLimit) = (3, 1, "/run/a.pid", 9)
        new.user = Written("nobody", at: Position(file: "a", line: 1, column: 1))
        #expect(
            old.fixedDirectives(unlike: new) == [
                "worker_threads", "auth_hash_threads", "user", "pid_file", "worker_rlimit_nofile",
            ])
    }
}
