import Foundation
import Testing

@testable import Configuration

/// `golden/NAME.conf` loads to what `NAME.expected` shows, or fails with the text of `NAME.error`.
///
/// With SLUICE_UPDATE_GOLDENS set the results are written instead, and each changed one is reported as a failure.
@Suite struct GoldenTests {
    static let names = Folder.names(in: Folder.golden, endingIn: ".conf").map { String($0.dropLast(5)) }.sorted()

    @Test func everyResultHasItsText() {
        let results =
            Folder.names(in: Folder.golden, endingIn: ".expected").map { $0.dropLast(9) }
            + Folder.names(in: Folder.golden, endingIn: ".error").map { $0.dropLast(6) }
        #expect(results.map(String.init).sorted() == Self.names)
        #expect(Self.names.count >= 60)
    }

    @Test(arguments: names) func golden(name: String) throws {
        let result = Result { () throws(ConfigurationError) in
            try Snapshot.load(path: "\(name).conf", prefix: "/etc/sluice", source: .folder(Folder.golden))
        }
        switch result {
        case .success(let snapshot):
            let text = render(snapshot)
            expect(text, in: "\(name).expected")
            #expect(load(text) == .success(snapshot), "what is rendered loads to another snapshot")
        case .failure(let error):
            expect("\(error)\n", in: "\(name).error")
        }
    }

    private func expect(_ text: String, in file: String) {
        let url = Folder.golden.appendingPathComponent(file)
        let expected = try? String(contentsOf: url, encoding: .utf8)
        #expect(text == expected)
        if text != expected, ProcessInfo.processInfo.environment["SLUICE_UPDATE_GOLDENS"] != nil {
            #expect(throws: Never.self) { try text.write(to: url, atomically: true, encoding: .utf8) }
        }
    }

    /// Each line of the table is in a text that loads, and in a text that fails because of it.
    @Test(arguments: Set(DirectiveTable.all.map(\.name)).sorted()) func directiveIsCovered(name: String) {
        let works = Self.names.contains { golden in
            contents("\(golden).error") == nil && words(contents("\(golden).conf")).contains(name[...])
        }
        let fails = Self.names.contains { golden in
            words(contents("\(golden).error")).contains("\"\(name)\"")
                && words(contents("\(golden).conf")).contains(name[...])
        }
        #expect(works, "no golden file uses \(name) rightly")
        #expect(fails, "no golden file uses \(name) wrongly")
    }

    private func contents(_ file: String) -> String? {
        try? String(contentsOf: Folder.golden.appendingPathComponent(file), encoding: .utf8)
    }

    private func words(_ text: String?) -> Set<Substring> {
        Set(text?.split { $0.isWhitespace || $0 == ";" } ?? [])
    }
}
