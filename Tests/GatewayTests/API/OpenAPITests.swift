import Foundation
import Testing
import Tunnel
import Upstream
import Wire

@testable import Gateway

/// What the end-to-end tests cannot find out from answers: that the description leaves out nothing that could be answered.
@Suite("The API's description and the program say the same")
struct OpenAPITests {
    private let document: [String: Any]

    init() throws {
        let value = try JSONSerialization.jsonObject(with: Data(OpenAPI.document))
        document = try #require(value as? [String: Any])
    }

    private func at(_ path: String...) throws -> Any {
        try path.reduce(document as Any) { value, name in try #require((value as? [String: Any])?[name], "\(name)") }
    }

    private func strings(_ value: Any) throws -> [String] { try #require(value as? [String]) }

    @Test("Every path takes the methods that the program takes there")
    func paths() throws {
        let paths = try #require(try at("paths") as? [String: [String: Any]])
        for (path, item) in paths {
            let concrete = path.replacing("{id}", with: "0123456789abcdef").replacing("{name}", with: "brokers")
                .replacing("{address}", with: "10.0.0.1:1883")
            let resource = try #require(APIResource(path: String(concrete.dropFirst())), "\(path)")
            let methods = item.keys.filter { $0 != "parameters" }.map { $0.uppercased() }
            #expect(methods.sorted() == resource.methods.sorted(), "\(path)")
        }
        #expect(paths.count == 10)
    }

    @Test("Every parameter of a list of connections")
    func parameters() throws {
        let list = try #require(try at("paths", "/connections", "get", "parameters") as? [[String: Any]])
        let named = list.compactMap {
            $0["name"] as? String ?? ($0["$ref"] as? String)?.split(separator: "/").last.map(String.init)
        }
        #expect(named == ConnectionQuery.names)
        let sort = try #require(list.first { $0["name"] as? String == "sort" }?["schema"] as? [String: Any])
        let keys = ConnectionOrder.Key.allCases.map(\.rawValue)
        #expect(try strings(sort["enum"] as Any) == keys + keys.map { "-\($0)" })
    }

    @Test("Every state of a connection and of a peer, and every type of packet")
    func names() throws {
        let states = ConnectionState.allCases.map(\.rawValue)
        let connection = ["components", "schemas", "Connection", "properties"]
        #expect(try strings(at(connection[0], connection[1], connection[2], connection[3], "state", "enum")) == states)
        #expect(try strings(at("components", "parameters", "state", "schema", "enum")) == states)
        let peer = try strings(at("components", "schemas", "Peer", "properties", "state", "enum"))
        #expect(peer == APIPeer.State.allCases.map(\.rawValue))
        let types = try strings(
            at("components", "schemas", "Direction", "properties", "by_type", "propertyNames", "enum"))
        let known = PacketKind.allCases.flatMap { [$0.name(.received), $0.name(.sent)] }
        #expect(Set(types) == Set(known) && types.count == Set(types).count)
        let versions = try strings(at("components", "schemas", "MQTT", "properties", "version", "enum"))
        #expect(versions == ProtocolVersion.allCases.map(\.name))
    }

    @Test("The version is the program's")
    func version() throws { #expect(try at("info", "version") as? String == Build.version) }
}
