import Reactor
import TestSupport
import Testing

@testable import Gateway

@Suite("Connection queries")
struct ConnectionQueryTests {
    static func connection(_ id: UInt64, client: String = "", user: String = "", host: String = "10.0.0.1")
        -> APIConnection
    {
        var connection = APIConnection(id: id, state: "open", listener: "127.0.0.1:8083")
        connection.address = CompactAddress(literal: host, port: 1) ?? CompactAddress()
        connection.mqtt = APIConnection.MQTT(clientID: client, username: user)
        connection.upstream = APIConnection.Upstream(name: "brokers", peer: "10.1.0.1:1883", tries: 1)
        return connection
    }

    private func ids(_ query: String?, _ connections: [APIConnection]) throws -> [UInt64] {
        var selection = ConnectionSelection(try ConnectionQuery(query))
        for connection in connections { selection.consider(connection) }
        return selection.page.map(\.id)
    }

    @Test(
        "Filters",
        arguments: [
            ("client_id=sensor-1", [1]), ("client_id=sensor-*", [1, 2]), ("client_id=*", [1, 2, 3, 4]),
            ("client_id=", [4]), ("client_id=Sensor-*", []), ("username=alice", [1, 3]),
            ("username=alice&client_id=sensor-*", [1]), ("address=10.0.0.*", [1, 2]), ("address=2001:db8::1", [3]),
            ("upstream=brokers", [1, 2, 3, 4]), ("upstream=broker", []), ("peer=10.1.0.1:*", [1, 2, 3, 4]),
            ("state=open", [1, 2, 3, 4]), ("state=closing", []), ("listener=127.0.0.1:8083", [1, 2, 3, 4]),
            ("q=SENSOR", [1, 2]), ("q=lic", [1, 3]), ("q=db8", [3]), ("q=zzz", []), ("q=", [1, 2, 3, 4]),
            ("q=sensor-12345", []),
        ] as [(String, [UInt64])])
    func filters(query: String, expected: [UInt64]) throws {
        let connections = [
            Self.connection(1, client: "sensor-1", user: "alice"), Self.connection(2, client: "sensor-2", user: "Bob"),
            Self.connection(3, client: "phone", user: "alice", host: "2001:db8::1"),
            Self.connection(4, host: "10.0.1.9"),
        ]
        #expect(try ids(query, connections) == expected)
    }

    @Test("Two texts that only look alike are two client identifiers")
    func normalization() throws {
        let connections = [Self.connection(1, client: "caf\u{E9}"), Self.connection(2, client: "cafe\u{301}")]
        #expect(try ids("client_id=caf%C3%A9", connections) == [1])
        #expect(try ids("client_id=cafe*", connections) == [2])
    }

    @Test("Addresses are sorted as numbers, ties by id")
    func addresses() throws {
        let hosts = ["10.0.0.10", "10.0.0.2", "2001:db8::1", "10.0.0.2", "9.255.0.0"]
        let connections = hosts.enumerated().map { Self.connection(UInt64($0), host: $1) }
        #expect(try ids("sort=address", connections) == [4, 1, 3, 0, 2])
        #expect(try ids("sort=-address", connections) == [2, 0, 1, 3, 4])
    }

    @Test(
        "What is refused",
        arguments: [
            "sort=colour", "sort=", "sort=--age", "limit=0", "limit=1001", "limit=-1", "limit=+5", "limit=1e3",
            "limit=",
            "offset=100001", "offset=99999999999999999999", "state=opened", "state=open*", "client=a", "q=a&q=b",
        ])
    func refused(query: String) {
        let problem = #expect(throws: Problem.self) { try ConnectionQuery(query) }
        #expect(problem?.status == .badRequest && problem?.detail.isEmpty == false)
    }

    @Test("Any part of any order is what sorting everything gives", arguments: 1...40 as ClosedRange<UInt64>)
    func oracle(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let connections = (0..<UInt64.random(in: 0...300, using: &random)).map { id in
            var connection = Self.connection(
                id, client: "c\(Int.random(in: 0...20, using: &random))",
                host: "10.0.0.\(Int.random(in: 0...30, using: &random))")
            connection.age = Int64.random(in: 0...50, using: &random)
            connection.received.bytes = UInt64.random(in: 0...50, using: &random)
            connection.sent.waiting = Int.random(in: 0...5, using: &random)
            return connection
        }
        for key in ConnectionOrder.Key.allCases {
            for sign in ["", "-"] {
                let offset = Int.random(in: 0...120, using: &random)
                let limit = Int.random(in: 1...120, using: &random)
                let order = try ConnectionOrder(sign + key.rawValue)
                let expected = connections.filter { $0.clientID.hasPrefix("c1") }.sorted {
                    let (one, other) = (order.value(of: $0), order.value(of: $1))
                    return one == other ? $0.id < $1.id : (one < other) != order.isDescending
                }
                let query = "client_id=c1*&sort=\(sign)\(key.rawValue)&offset=\(offset)&limit=\(limit)"
                var selection = ConnectionSelection(try ConnectionQuery(query))
                for connection in connections.shuffled(using: &random) { selection.consider(connection) }
                #expect(selection.page.map(\.id) == expected.dropFirst(offset).prefix(limit).map(\.id))
                #expect(selection.total == expected.count)
            }
        }
    }
}
