import Configuration
import Reactor
import Testing
import Wire

@testable import Gateway

@Suite("Admission to the operator's side: files, threads, log")
struct AdminAdmissionTests {
    /// A location with a user, "bob" with the password "U*U", and a token.
    private final class Bench {
        let folder: TemporaryFolder
        let writer: LogWriter
        let services: AccessServices
        let admission: AdminAdmission
        let address = CompactAddress(literal: "192.0.2.1", port: 50_000) ?? CompactAddress()

        init() throws {
            folder = try TemporaryFolder()
            writer = try LogWriter()
            let log = ErrorLog(file: try writer.file(.file(folder.path + "/error.log")), level: .info)
            services = try AccessServices(hashThreads: 1, log: log)
            var settings = AdminSettings()
            settings.realm = "Sluice"
            let hash = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"
            settings.passwordFile = PasswordFileSettings(path: try folder.write("users", "bob:\(hash)\n"))
            settings.tokenFile = try folder.write("tokens", "0123456789abcdef\n")
            var location = LocationSettings(match: .prefix("/api/"), action: .api(isWritable: true))
            location.admin = settings
            var read: Set<String> = []
            admission = try #require(try services.admission(location, read: &read))
            #expect(read == [folder.path + "/users", folder.path + "/tokens"])
            try services.start()
        }

        deinit { services.stop() }

        /// "admitted WHO", or the status.
        func admit(_ authorization: String?, host: String = "localhost") throws -> String {
            let lines =
                ["DELETE /api/ HTTP/1.1", "Host: \(host)"] + (authorization.map { ["Authorization: \($0)"] } ?? [])
            let head = try RequestHead.parse(Array((lines.map { $0 + "\r\n" }.joined() + "\r\n").utf8).span)
            let facts = AdminRequestFacts(head: head, isTLS: false, serverNames: [])
            return switch admission.admit(facts, from: address) {
            case .admitted(let who): "admitted \(who)"
            case .refused(let status, _, _): "\(status.code)"
            }
        }

        func log() throws -> String {
            try writer.start()
            writer.stop()
            return try folder.read("error.log")
        }
    }

    @Test("Passwords and tokens, right and wrong")
    func admit() throws {
        let bench = try Bench()
        #expect(try bench.admit("Basic Ym9iOlUqVQ==") == "admitted user bob")
        #expect(try bench.admit("Basic Ym9iOlUqVQ==") == "admitted user bob", "remembered")
        #expect(try bench.admit("Bearer 0123456789abcdef") == "admitted token in line 1")
        #expect(try bench.admit("Basic Ym9iOldST05H") == "401")
        #expect(try bench.admit("Bearer 0123456789abcdeg") == "401")
        #expect(try bench.admit(nil) == "401")
        #expect(try bench.admit("Basic Ym9iOlUqVQ==", host: "evil.example") == "421")
    }

    @Test("Those who guess are told to wait; a token is admitted all the same")
    func guess() throws {
        let bench = try Bench()
        for _ in 0..<AdminAttempts.burst { #expect(try bench.admit("Basic Ym9iOldST05H") == "401") }
        #expect(try bench.admit("Basic Ym9iOldST05H") == "429")
        #expect(try bench.admit("Basic Ym9iOlUqVQ==") == "429")
        #expect(try bench.admit("Bearer 0123456789abcdef") == "admitted token in line 1")
    }

    @Test("The log names address and user, and never a password or a token")
    func log() throws {
        let bench = try Bench()
        _ = try bench.admit("Basic Ym9iOldST05H")
        _ = try bench.admit("Basic YSIiYjpXUk9ORw==")  // a""b
        _ = try bench.admit("Bearer WRONGWRONGWRONGWRONG")
        _ = try bench.admit(nil)
        let log = try bench.log()
        #expect(log.contains("[warn] operator's side: refused, user bob, client 192.0.2.1, wrong password"))
        #expect(log.contains("refused, user a\\x22\\x22b, client 192.0.2.1, unknown user"))
        #expect(log.contains("[warn] operator's side: refused, 401, client 192.0.2.1, This token is not valid."))
        #expect(log.contains("[info] operator's side: refused, 401, client 192.0.2.1, This needs"))
        #expect(!log.contains("WRONG") && !log.contains("Ym9i"))
    }
}
