import Control
import Telemetry

extension AuthHTTP {
    /// What the service is told about a CONNECT.
    package struct Question: Sendable {
        package var clientID: String
        package var username: String?
        package var password: Secret?
        package var remoteAddress: String
        package var remotePort: UInt16
        package var certificateCN: String?
        /// "3.1", "3.1.1" or "5.0".
        package var protocolVersion: String
        /// Empty: not known.
        package var serverName: String
        /// Fields of the upgrade request that the configuration has chosen.
        package var headers: [(name: String, value: String)] = []

        package init(
            clientID: String, username: String?, password: Secret?, remoteAddress: String, remotePort: UInt16,
            certificateCN: String?, protocolVersion: String, serverName: String
        ) {
            self.clientID = clientID
            self.username = username
            self.password = password
            self.remoteAddress = remoteAddress
            self.remotePort = remotePort
            self.certificateCN = certificateCN
            self.protocolVersion = protocolVersion
            self.serverName = serverName
        }

        /// What the service receives: one JSON object. What is not known is null.
        var body: HTTPBody {
            let (head, tail) = text(withPort: true)
            let field = PasswordField(password)
            return HTTPBody(count: head.utf8.count + 1 + field.count + 1 + tail.utf8.count) { bytes in
                let start = head.utf8.count + 1
                let end = start + field.count
                bytes.copyBytes(from: head.utf8)
                bytes[start - 1] = UInt8(ascii: ",")
                field.write(to: UnsafeMutableRawBufferPointer(rebasing: bytes[start..<end]))
                bytes[end] = UInt8(ascii: ",")
                UnsafeMutableRawBufferPointer(rebasing: bytes[(end + 1)...]).copyBytes(from: tail.utf8)
            }
        }

        /// What an answer depends on, for the key of a cache. Not on the port: every connection has another.
        var cacheParts: [[UInt8]] {
            let (head, tail) = text(withPort: false)
            let secret = password.map { $0.withBytes { Array($0) } }
            return [Array(head.utf8), Array(tail.utf8), secret == nil ? [0] : [1], secret ?? []]
        }

        /// The fields before and after the password.
        private func text(withPort: Bool) -> (head: Substring, tail: Substring) {
            var head = JSONObject()
            head.field("client_id", clientID)
            field("username", username, &head)
            var tail = JSONObject()
            tail.field("remote_addr", remoteAddress)
            if withPort { tail.field("remote_port", remotePort) }
            field("ssl_client_cn", certificateCN, &tail)
            tail.field("protocol_version", protocolVersion)
            field("server_name", serverName.isEmpty ? nil : serverName, &tail)
            var fields = JSONObject()
            for (name, value) in headers { fields.field(name, value) }
            tail.field("headers", object: fields)
            return (head.closed.dropLast(), tail.closed.dropFirst())
        }

        private func field(_ name: StaticString, _ value: String?, _ object: inout JSONObject) {
            if let value { object.field(name, value) } else { object.field(name, number: "null") }
        }
    }
}
