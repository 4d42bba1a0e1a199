import Foundation
import TestSupport
import Testing

@testable import Configuration

/// The files that operators start from.
@Suite struct ExampleTests {
    static let examples = Folder.names(in: Folder.conf.appendingPathComponent("examples"), endingIn: ".conf")
    static let files = ["sluice.conf"] + examples.map { "examples/\($0)" }

    @Test func thereAreExamples() {
        #expect(Self.files.count >= 10)
    }

    @Test(arguments: files) func loadsAndComesBackFromItsText(file: String) throws {
        let snapshot = try Snapshot.load(path: file, prefix: "/etc/sluice", source: .folder(Folder.conf))
        let text = render(snapshot)
        #expect(load(text) == .success(snapshot))
        #expect(text == render(try load(text).get()))
    }
}

/// In `sluice.conf` a `#` that touches a directive takes it out: those lines are right too.
@Suite struct CommentedDirectiveTests {
    @Test func loadsWithAllOfThem() throws {
        let text = try String(contentsOf: Folder.conf.appendingPathComponent("sluice.conf"), encoding: .utf8)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            let body = line.drop { $0 == " " }
            return body.hasPrefix("#") && body.dropFirst().first?.isLetter == true ? body.dropFirst() : line
        }
        let all = lines.joined(separator: "\n")
        let snapshot = try load(all).get()
        #expect(snapshot.servers.first?.tls != nil)
        #expect(snapshot.process.pidFile == "/etc/sluice/run/sluice.pid")
        #expect(snapshot.servers.first?.locations.count == 4)
    }
}

/// Random edits of the examples and the golden files: whatever an operator's file holds, the loader answers.
@Suite struct MutationTests {
    static let seeds: [UInt64] = [1, 2, 3, 4, 5, 6, 7, 8]

    @Test(arguments: seeds) func anyTextGivesASnapshotOrAnErrorWithAPosition(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let texts = try Self.texts()
        for round in 0..<250 {
            var bytes = texts[Int.random(in: texts.indices, using: &random)]
            for _ in 0..<Int.random(in: 1...6, using: &random) { mutate(&bytes, with: texts, &random) }
            switch load(bytes) {
            case .success(let snapshot):
                #expect(load(render(snapshot)) == .success(snapshot), "seed \(seed), round \(round)")
            case .failure(let error):
                let lines = bytes.count { $0 == 0x0A } + 1
                let isWhole = error.position == Position(file: "a.conf", line: 0, column: 0)
                let isInside =
                    error.position.file == "a.conf" && (1...lines).contains(error.position.line)
                    && (1...bytes.count + 1).contains(error.position.column)
                #expect(isWhole || isInside, "seed \(seed), round \(round): \(error)")
                #expect(!error.message.isEmpty)
            }
        }
    }

    private static func texts() throws -> [[UInt8]] {
        let examples = ExampleTests.files.map { Folder.conf.appendingPathComponent($0) }
        let golden = GoldenTests.names.map { Folder.golden.appendingPathComponent("\($0).conf") }
        return try (examples + golden).map { Array(try Data(contentsOf: $0)) }.filter { !$0.isEmpty }
    }

    private func mutate(_ bytes: inout [UInt8], with texts: [[UInt8]], _ random: inout SeededGenerator) {
        let at = Int.random(in: 0...bytes.count, using: &random)
        let end = min(bytes.count, at + Int.random(in: 0...12, using: &random))
        switch Int.random(in: 0..<6, using: &random) {
        case 0 where at < bytes.count: bytes[at] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes.removeSubrange(at..<end)
        case 2: bytes.insert(contentsOf: bytes[at..<end], at: Int.random(in: 0...bytes.count, using: &random))
        case 3:
            let other = texts[Int.random(in: texts.indices, using: &random)]
            bytes.insert(contentsOf: other.dropFirst(Int.random(in: other.indices, using: &random)).prefix(40), at: at)
        case 4:
            let marks = Array(";{}\"'\\#$ \n\t0:*=-é99999999999".utf8)
            bytes.insert(marks[Int.random(in: marks.indices, using: &random)], at: at)
        default: bytes.replaceSubrange(at..<end, with: [UInt8]("9999999999".utf8))
        }
    }
}
