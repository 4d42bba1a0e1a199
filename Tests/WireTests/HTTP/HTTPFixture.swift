import Testing

@testable import Wire

/// Request heads as clients really send them, and short ways to feed them.
enum HTTPFixture {
    /// A head of these lines: CRLF after each, and the empty line.
    static func head(_ lines: String...) -> String {
        lines.map { $0 + "\r\n" }.joined() + "\r\n"
    }

    /// A valid GET of `target` with these fields.
    static func get(_ target: String, _ fields: String...) -> String {
        let lines = ["GET \(target) HTTP/1.1", "Host: example.com"] + fields
        return lines.map { $0 + "\r\n" }.joined() + "\r\n"
    }

    static func parse(_ text: String) throws(HTTPError) -> RequestHead {
        try parse([UInt8](text.utf8))
    }

    static func parse(_ bytes: [UInt8]) throws(HTTPError) -> RequestHead {
        try RequestHead.parse(bytes.span)
    }

    /// The error that parsing ends with, or nil.
    static func failure(_ text: String) -> HTTPError? {
        failure([UInt8](text.utf8))
    }

    static func failure(_ bytes: [UInt8]) -> HTTPError? {
        do throws(HTTPError) {
            _ = try parse(bytes)
            return nil
        } catch {
            return error
        }
    }

    static let chrome = head(
        "GET /mqtt?token=a%2Bb HTTP/1.1",
        "Host: broker.example.com",
        "Connection: Upgrade",
        "Pragma: no-cache",
        "Cache-Control: no-cache",
        "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
            + "Chrome/141.0.0.0 Safari/537.36",
        "Upgrade: websocket",
        "Origin: https://app.example.com",
        "Sec-WebSocket-Version: 13",
        "Accept-Encoding: gzip, deflate, br, zstd",
        "Accept-Language: en-US,en;q=0.9",
        "Cookie: _ga=GA1.1.1; session=abc=def; theme=dark",
        "Sec-WebSocket-Key: 0vVYN4Yh3vJ4kPrX3T0IsQ==",
        "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
        "Sec-WebSocket-Protocol: mqtt")

    static let firefox = head(
        "GET /mqtt HTTP/1.1",
        "Host: broker.example.com:8084",
        "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0",
        "Accept: */*",
        "Accept-Language: en-US,en;q=0.5",
        "Accept-Encoding: gzip, deflate, br, zstd",
        "Sec-WebSocket-Version: 13",
        "Origin: https://app.example.com",
        "Sec-WebSocket-Protocol: mqtt",
        "Sec-WebSocket-Extensions: permessage-deflate",
        "Sec-WebSocket-Key: Mz1S1zYx1xN2Rl7i6vN9Tg==",
        "Connection: keep-alive, Upgrade",
        "Sec-Fetch-Dest: empty",
        "Sec-Fetch-Mode: websocket",
        "Sec-Fetch-Site: same-site",
        "Pragma: no-cache",
        "Cache-Control: no-cache",
        "Upgrade: websocket")

    /// MQTT.js in Node, by way of the ws package: Host comes last.
    static let mqttJS = head(
        "GET /mqtt HTTP/1.1",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: 7S3yqQ5x5m4Oe3fYv0zqgA==",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
        "Sec-WebSocket-Protocol: mqtt",
        "Host: localhost:8083")

    /// Paho Python: "Websocket" in two names, an Origin that it makes up from its peer's address.
    static let pahoPython = head(
        "GET /mqtt HTTP/1.1",
        "Host: broker.example.com:443",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Origin: https://broker.example.com:443",
        "Sec-WebSocket-Key: u0hZ3yM8SPiqk0DZ2FQp9w==",
        "Sec-Websocket-Version: 13",
        "Sec-Websocket-Protocol: mqtt")

    /// Paho Python where the application adds the subprotocol again under its usual name.
    static let pahoPythonTwice = String(pahoPython.dropLast()) + head("Sec-WebSocket-Protocol: mqtt")

    static let all = [chrome, firefox, mqttJS, pahoPython, pahoPythonTwice]
}
