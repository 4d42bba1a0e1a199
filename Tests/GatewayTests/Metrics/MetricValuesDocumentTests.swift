import Access
import Configuration
import Foundation
import Testing
import Tunnel
import Wire

@testable import Gateway

@Suite("Values of labels in docs/metrics.md")
struct MetricValuesDocumentTests {
    private static let values: [(row: String, values: [String])] = [
        ("connection states", ConnectionState.allCases.map(\.rawValue)),
        ("handshake failures", HandshakeFailure.allCases.map(\.rawValue)),
        ("upgrade refusals", HandshakeRefusal.Kind.allCases.map(\.rawValue)),
        ("limits", LimitRefusal.Limit.allCases.map(\.rawValue)),
        ("keys of limits", LimitSettings.Key.allCases.map(\.rawValue)),
        ("authentication methods", Deliberation.Method.allCases.map(\.rawValue)),
        ("authentication results", AuthResult.allCases.map(\.rawValue)),
        ("attempt failures", AttemptFailure.allCases.map(\.rawValue)),
        ("causes of an end", EndCause.allCases.map(\.rawValue)),
    ]

    @Test("Each list has all values, and no other", arguments: values.map(\.row))
    func list(row: String) throws {
        let path = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../../docs/metrics.md")
        let text = try String(contentsOf: path, encoding: .utf8)
        let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("| \(row) | ") })
        let found = line.matches(of: /`([a-z0-9_]+)`/).map { String($0.output.1) }
        #expect(found == Self.values.first { $0.row == row }?.values)
    }
}
