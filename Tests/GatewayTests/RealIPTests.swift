import Configuration
import Reactor
import Testing
import Wire

@testable import Gateway

@Suite("real_ip_header")
struct RealIPTests {
    private func settings(_ header: String?, recursive: Bool = false) -> RealIPSettings {
        var settings = RealIPSettings()
        settings.trusted = [.inet([10, 0, 0, 0], prefix: 8), .unix]
        settings.header = header
        settings.isRecursive = recursive
        return settings
    }

    private func head(_ values: [String]) throws -> RequestHead {
        let lines = values.map { "X-Forwarded-For: \($0)\r\n" }.joined()
        return try RequestHead.parse(Array("GET / HTTP/1.1\r\nHost: a\r\n\(lines)\r\n".utf8).span)
    }

    private func client(_ values: [String], recursive: Bool = false, front: String = "10.0.0.1") throws -> String? {
        let front = try #require(CompactAddress(literal: front))
        return settings("x-forwarded-for", recursive: recursive)
            .clientAddress(try head(values), sentBy: front)?.text
    }

    @Test(
        "The last entry counts, in every form that fronts write",
        arguments: [
            ("192.0.2.1", "192.0.2.1:0"), ("192.0.2.1:4711", "192.0.2.1:4711"), ("6.6.6.6,192.0.2.1", "192.0.2.1:0"),
            ("6.6.6.6 ,\t192.0.2.1 ", "192.0.2.1:0"), ("2001:db8::1", "[2001:db8::1]:0"),
            ("[2001:db8::1]", "[2001:db8::1]:0"), ("[2001:db8::1]:4711", "[2001:db8::1]:4711"),
        ])
    func forms(value: String, expected: String) throws {
        #expect(try client([value]) == expected)
    }

    @Test(
        "What is no address leaves that of the connection",
        arguments: [
            "", ",", "unknown", "_hidden", "192.0.2", "192.0.2.256", "192.0.2.1:x", "192.0.2.1:70000",
            "192.0.2.1:+4711", "[2001:db8::1]:+4711", "192.0.2.1:-1", "192.0.2.1:", "192.0.2.1 x",
            "[2001:db8::1", "[192.0.2.1]x", ":", "192.0.2.1,", "fe80::1%eth0", "2001:db8::1::2",
        ])
    func noAddress(value: String) throws {
        #expect(try client([value]) == nil)
        #expect(try client([value], recursive: true) == nil)
    }

    @Test("Recursive: trusted fronts at the end are skipped; the first of all when all are trusted")
    func recursive() throws {
        #expect(try client(["6.6.6.6, 192.0.2.1, 10.0.0.2"], recursive: true) == "192.0.2.1:0")
        #expect(try client(["6.6.6.6, 192.0.2.1, 10.0.0.2"]) == "10.0.0.2:0")
        #expect(try client(["192.0.2.1", "10.0.0.2, 10.0.0.3"], recursive: true) == "192.0.2.1:0")
        #expect(try client(["10.0.0.4, 10.0.0.3"], recursive: true) == "10.0.0.4:0")
        #expect(try client(["nonsense, 10.0.0.3"], recursive: true) == "10.0.0.3:0")
    }

    @Test("Only from a trusted front, and only where a field is named")
    func trust() throws {
        #expect(try client(["192.0.2.1"], front: "192.0.2.9") == nil)
        let unix = settings("x-forwarded-for").clientAddress(try head(["192.0.2.1"]), sentBy: CompactAddress())
        #expect(unix?.host == "192.0.2.1")
        let front = try #require(CompactAddress(literal: "10.0.0.1"))
        #expect(settings(nil).clientAddress(try head(["192.0.2.1"]), sentBy: front) == nil)
        #expect(settings("x-real-ip").clientAddress(try head(["192.0.2.1"]), sentBy: front) == nil)
    }
}
