import Control
import Testing

@testable import Access

@Suite("What the answer of auth_http's service means")
struct AuthHTTPAnswerTests {
    /// What stands for a verdict in the table.
    enum Expected: Sendable, Equatable {
        case allow, credentials, notAuthorized, ignore, failure
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let status: Int
        let type: String
        let body: String
        let expected: Expected

        init(_ status: Int, _ type: String, _ body: String, _ expected: Expected) {
            (self.status, self.type, self.body, self.expected) = (status, type, body, expected)
        }

        var testDescription: String { "\(status) \(type) \(body.prefix(60))" }

        func verdict(now: Int64) throws -> Verdict {
            try AuthHTTPAnswer.verdict(
                HTTPAnswer(status: status, contentType: type, body: Array(body.utf8)), now: now)
        }
    }

    private static let json = "application/json"
    private static let now: Int64 = 1_000_000_000_000

    @Test("verdict", arguments: bare + words + objects + malformed + wrongTypes)
    func verdict(_ row: Row) {
        let found: Expected
        do {
            found =
                switch try row.verdict(now: Self.now) {
                case .allow: .allow
                case .deny(let denial): denial.kind == .notAuthorized ? .notAuthorized : .credentials
                case .ignore: .ignore
                default: .failure
                }
        } catch {
            found = .failure
        }
        #expect(found == row.expected)
    }

    /// Nothing but a status says something.
    private static let bare: [Row] = [
        Row(200, "", "", .allow),
        Row(204, "", "", .allow),
        Row(299, "", "", .allow),
        Row(200, json, "", .allow),
        Row(200, json, " \r\n", .allow),
        Row(200, "text/html", "<p>Welcome</p>", .failure),
        Row(200, "text/html", "<html><body><h1>502 Bad Gateway</h1></body></html>", .failure),
        Row(200, "text/plain", "denied", .failure),
        Row(200, "text/plain", "false", .failure),
        Row(200, "", "no", .failure),
        Row(200, "text/plain", "0", .failure),
        Row(401, "", "", .credentials),
        Row(401, json, #"{"result":"allow"}"#, .credentials),
        Row(403, "", "", .notAuthorized),
        Row(403, "", "allow", .notAuthorized),
        Row(300, "", "", .failure),
        Row(302, json, #"{"result":"allow"}"#, .failure),
        Row(304, "", "", .failure),
        Row(400, "", "", .failure),
        Row(404, json, #"{"result":"deny"}"#, .failure),
        Row(407, "", "", .failure),
        Row(429, "", "", .failure),
        Row(500, "", "allow", .failure),
        Row(503, "", "", .failure),
        Row(100, "", "", .failure),
        Row(0, "", "", .failure),
    ]

    private static let words: [Row] = [
        Row(200, "text/plain", "allow", .allow),
        Row(200, "text/plain", "deny", .credentials),
        Row(200, "", "deny\n", .credentials),
        Row(200, "text/html", " \tDeny\r\n", .credentials),
        Row(200, "text/plain", "\u{FEFF}deny", .credentials),
        Row(200, "text/plain", "ignore", .ignore),
        Row(200, "text/plain", "IGNORE", .ignore),
        Row(200, "text/plain", "ignore me", .failure),
        Row(200, "text/plain", "deny\(String(repeating: " ", count: 40))no", .failure),
        Row(200, "text/plain", "allowed", .failure),
        Row(200, "text/plain", "allow\u{0}", .failure),
        // Content that says JSON must be an object.
        Row(200, json, "deny", .failure),
        Row(200, json, "allow", .failure),
        Row(200, json, "\"allow\"", .failure),
    ]

    private static let objects: [Row] = [
        Row(200, json, #"{"result":"allow"}"#, .allow),
        Row(200, json, #"{"result":"deny"}"#, .credentials),
        Row(200, json, #"{"result":"ignore"}"#, .ignore),
        Row(200, "", #"{"result":"deny"}"#, .credentials),
        Row(200, "text/html; charset=utf-8", #"  {"result":"deny"} "#, .credentials),
        Row(200, "application/json; charset=utf-8", #"{"result":"ignore"}"#, .ignore),
        Row(200, "Application/JSON", #"{"result":"deny"}"#, .credentials),
        Row(200, "application/vnd.auth+json", #"{"result":"deny"}"#, .credentials),
        Row(200, "text/plain", "\u{FEFF}{\"result\":\"deny\"}", .credentials),
        Row(201, json, #"{"more":[{"a":1}],"result":"allow","username":null,"reason":null}"#, .allow),
        Row(200, json, #"{"result":"allow","expires_at":1000000001}"#, .allow),
        Row(200, json, #"{"result":"allow","expires_at":1000000000.5}"#, .allow),
        Row(200, json, #"{"result":"allow","expires_at":null}"#, .allow),
        Row(200, json, #"{"result":"allow","expires_at":1e300}"#, .allow),
        Row(200, json, #"{"result":"allow","expires_at":1000000000}"#, .credentials),
        Row(200, json, #"{"result":"allow","expires_at":0}"#, .credentials),
        Row(200, json, #"{"result":"allow","expires_at":-1e300}"#, .credentials),
        // A denial stays one: a failure may let in.
        Row(200, json, #"{"result":"deny","reason":5,"username":{}}"#, .credentials),
    ]

    private static let malformed: [Row] = [
        Row(200, json, "[]", .failure),
        Row(200, json, "null", .failure),
        Row(200, json, "true", .failure),
        Row(200, json, "{}", .failure),
        Row(200, "", "{", .failure),
        Row(200, "text/html", #"{"result":"allow""#, .failure),
        Row(200, json, #"{"result":"allow"} x"#, .failure),
        Row(200, json, #"{"result":"allow",}"#, .failure),
        Row(200, json, #"{'result':'allow'}"#, .failure),
        Row(200, json, #"{"result":"deny","result":"allow"}"#, .failure),
        Row(200, json, #"{"result":"allow","more":"# + String(repeating: "[", count: 60_000), .failure),
        Row(
            200, json, String(repeating: #"{"a":"#, count: 6000) + "1" + String(repeating: "}", count: 6000), .failure),
    ]

    private static let wrongTypes: [Row] = [
        Row(200, json, #"{"result":"Allow"}"#, .failure),
        Row(200, json, #"{"result":"yes"}"#, .failure),
        Row(200, json, #"{"result":true}"#, .failure),
        Row(200, json, #"{"result":1}"#, .failure),
        Row(200, json, #"{"result":null}"#, .failure),
        Row(200, json, #"{"result":["allow"]}"#, .failure),
        Row(200, json, #"{"Result":"allow"}"#, .failure),
        Row(200, json, #"{"result":"allow","username":5}"#, .failure),
        Row(200, json, #"{"result":"allow","username":"a\u0000b"}"#, .failure),
        Row(200, json, #"{"result":"allow","username":"\ud800"}"#, .failure),
        Row(200, json, #"{"result":"allow","client_id":false}"#, .failure),
        Row(200, json, #"{"result":"allow","client_id":"\#(String(repeating: "i", count: 65_536))"}"#, .failure),
        Row(200, json, #"{"result":"allow","reason":{}}"#, .failure),
        Row(200, json, #"{"result":"allow","expires_at":"2030"}"#, .failure),
        Row(200, json, #"{"result":"allow","expires_at":true}"#, .failure),
        Row(200, json, #"{"result":"allow","expires_at":[1]}"#, .failure),
        Row(200, json, #"{"result":"allow","expires_at":1e999}"#, .failure),
    ]

    @Test("whom the service allows: name, client identifier, end")
    func identity() throws {
        let body = #"{"result":"allow","username":"Zoë","client_id":"c1","expires_at":1000000060.25,"reason":"x"}"#
        var identity = Identity()
        (identity.username, identity.clientID, identity.expiresAt) = ("Zoë", "c1", 1_000_000_060_250)
        #expect(try Row(200, Self.json, body, .allow).verdict(now: Self.now) == .allow(identity))
    }

    @Test("65,535 bytes are a user name, [MQTT-1.5.4]")
    func longest() throws {
        let name = String(repeating: "u", count: 65_535)
        var identity = Identity()
        identity.username = name
        let row = Row(200, Self.json, #"{"result":"allow","username":"\#(name)"}"#, .allow)
        #expect(try row.verdict(now: Self.now) == .allow(identity))
    }

    @Test("the reason goes to the log, cut to 256 characters", arguments: [200, 401, 403])
    func reason(_ status: Int) throws {
        let reason = String(repeating: "é", count: 300)
        let row = Row(status, "", #"{"result":"deny","reason":"\#(reason)"}"#, .credentials)
        let kind: Denial.Kind = status == 403 ? .notAuthorized : .credentials
        #expect(try row.verdict(now: Self.now) == .deny(Denial(kind, String(reason.prefix(256)))))
    }

    @Test("bytes that are not UTF-8 are no JSON (RFC 8259 §8.1)")
    func notUTF8() {
        let body = Array(#"{"result":"allow","username":""#.utf8) + [0xFF] + Array("\"}".utf8)
        #expect(throws: AuthHTTPAnswer.Fault.self) {
            try AuthHTTPAnswer.verdict(HTTPAnswer(status: 200, contentType: "", body: body), now: Self.now)
        }
    }
}
