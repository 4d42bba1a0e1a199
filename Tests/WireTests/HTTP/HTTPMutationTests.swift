import TestSupport
import Testing

@testable import Wire

@Suite("HTTP mutations")
struct HTTPMutationTests {
    private static let seeds: [[UInt8]] = [
        "GET /a/../b%2e?x=%41&y HTTP/1.1\r\nHost: [::1]:80\r\nX: y\r\n\r\n",
        "\r\nGET wss://a.example:1/%c3%a9/./c HTTP/1.0\r\nCookie: a=b; c=d\r\n\r\n",
        HTTPFixture.head(
            "GET /a HTTP/1.1", "Host: a", "Upgrade: websocket", "Connection: a, upgrade", "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Origin: https://a.b", "Sec-WebSocket-Protocol: x, mqtt"),
    ].map { [UInt8]($0.utf8) }

    private static let interesting = [UInt8]("\r\n\0\t :%/.\\?#&=,;[]@*+-09azAZ".utf8) + [0x10, 0x16, 0x7F, 0x80, 0xFF]

    private static func mutate(_ bytes: inout [UInt8], with generator: inout SeededGenerator) {
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
            let index = Int.random(in: 0...bytes.count, using: &generator)
            let byte = interesting.randomElement(using: &generator) ?? 0
            let end = min(bytes.count, index + Int.random(in: 0...6, using: &generator))
            switch Int.random(in: 0..<5, using: &generator) {
            case 0 where index < bytes.count: bytes[index] = byte
            case 1: bytes.insert(byte, at: index)
            case 2: bytes.removeSubrange(index..<end)
            case 3: bytes.insert(contentsOf: bytes[index..<end], at: index)
            default: bytes.insert(contentsOf: "%2e%2E/../".utf8.prefix(end - index + 4), at: index)
            }
        }
    }

    @Test("50,000 mutated requests: no trap, and what is accepted keeps its promises", arguments: [1, 2, 3, 4, 5])
    func mutations(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let rules = HandshakeRules(origins: ["https://*.b", "https://a.b"])
        var accepted = 0
        for round in 0..<10_000 {
            var bytes = Self.seeds[round % Self.seeds.count]
            Self.mutate(&bytes, with: &generator)
            let whole = scan(bytes, chunk: bytes.count)
            let chunk = Int.random(in: 1...40, using: &generator)
            #expect(whole == scan(bytes, chunk: chunk), "seed \(seed) round \(round): \(bytes)")
            guard let head = try? HTTPFixture.parse(bytes) else { continue }
            accepted += 1
            #expect(whole == .success(bytes.count), "seed \(seed) round \(round): \(bytes)")
            #expect(isSound(head), "seed \(seed) round \(round): \(bytes)")
            _ = try? Handshake.evaluate(head, rules: rules)
        }
        // A generator that breaks every request would prove nothing about accepted ones, and neither would the reverse.
        #expect((500...9_500).contains(accepted))
    }

    private func scan(_ bytes: [UInt8], chunk: Int) -> Result<Int?, HTTPError> {
        var scanner = RequestHeadScanner(limit: 4096)
        var count = 0
        do throws(HTTPError) {
            while count < bytes.count {
                count = min(count + chunk, bytes.count)
                if let end = try scanner.end(in: bytes.span.extracting(..<count)) { return .success(end) }
            }
            return .success(nil)
        } catch {
            return .failure(error)
        }
    }

    private func isSound(_ head: RequestHead) -> Bool {
        let path = [UInt8](head.path.utf8)
        let segments = path.split(separator: UInt8(ascii: "/"))
        return path.first == UInt8(ascii: "/")
            && !path.contains { HTTPCharacter.isControl($0) || $0 == UInt8(ascii: "\\") }
            && !segments.contains { $0.elementsEqual(".".utf8) || $0.elementsEqual("..".utf8) }
            && !zip(path, path.dropFirst()).contains { $0 == UInt8(ascii: "/") && $1 == UInt8(ascii: "/") }
            && head.fields.allSatisfy { field in
                HTTPCharacter.isToken(field.name.utf8)
                    && field.name.utf8.elementsEqual(HTTPCharacter.lowercased(field.name.utf8).utf8)
                    && field.value.utf8.allSatisfy(HTTPCharacter.isFieldValue)
            }
            && !(head.host ?? "").utf8.contains { "/@\\ :".utf8.contains($0) && head.host?.first != "[" }
    }
}
