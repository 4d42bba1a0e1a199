import Foundation
import TestSupport
import Testing

@testable import Telemetry

@Suite("JSON object")
struct JSONObjectTests {
    private func parse(_ object: JSONObject) throws -> NSDictionary {
        let value = try JSONSerialization.jsonObject(with: Data(object.closed.utf8))
        return try #require(value as? NSDictionary)
    }

    private func json(_ value: String) -> JSONObject {
        var object = JSONObject()
        object.field("value", value)
        return object
    }

    @Test("No field, and fields in the order of the calls")
    func fields() throws {
        #expect(JSONObject().closed == "{}")
        var object = JSONObject()
        object.field("text", "a")
        object.field("whole", UInt64.max)
        object.field("negative", Int64.min)
        object.field("yes", true)
        object.field("no", false)
        object.field("number", number: "1.250")
        let text =
            #"{"text":"a","whole":18446744073709551615,"negative":-9223372036854775808,"#
            + #""yes":true,"no":false,"number":1.250}"#
        #expect(object.closed == text)
        let parsed = try parse(object)
        #expect(parsed["number"] as? Double == 1.25)
        #expect(parsed["yes"] as? Bool == true)
        #expect(parsed.count == 6)
    }

    @Test(
        "RFC 8259 §7: strings that must be escaped",
        arguments: [
            ("\"", #"\""#), ("\\", #"\\"#), ("\n", #"\n"#), ("\r", #"\r"#), ("\t", #"\t"#), ("\r\n", #"\r\n"#),
            ("\0", #"\u0000"#), ("\u{1B}[31m", #"\u001B[31m"#), ("\u{1F}", #"\u001F"#), ("\u{7F}", #"\u007F"#),
            ("\u{9B}31m", #"\u009B31m"#), ("\u{80}", #"\u0080"#),
            ("\u{2028}\u{202E}", #"\u2028\u202E"#), ("/", "/"), ("é", "é"), ("\u{A0}", "\u{A0}"), ("😀", "😀"), ("", ""),
            (#"","admin":"yes"#, #"\",\"admin\":\"yes"#),
        ])
    func escapes(value: String, escaped: String) throws {
        #expect(json(value).closed == "{\"value\":\"\(escaped)\"}")
        #expect(try parse(json(value))["value"] as? String == value)
    }

    @Test(
        "A string that is too long is cut, between two characters and escapes",
        arguments: [
            ("12345678", "12345678"), ("123456789", "12345678…"), ("1234567é", "1234567…"), ("éééé", "éééé"),
            (#"1234567""#, "1234567…"), (#"123456""#, #"123456\""#), ("\u{1}\u{2}", #"\u0001…"#),
            ("ab\u{1}", #"ab\u0001"#),
            ("abc\u{1}", "abc…"),
        ])
    func limit(value: String, written: String) throws {
        var object = JSONObject(stringLimit: 8)
        object.field("v", value)
        #expect(object.closed == "{\"v\":\"\(written)\"}")
        _ = try parse(object)
    }

    @Test("Any text comes back from a parser as it was, on one line", arguments: 1...20 as ClosedRange<UInt64>)
    func roundTrip(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let ranges: [ClosedRange<UInt32>] = [0...0x20, 0x20...0x7F, 0x7F...0xFF, 0x2000...0x2100, 0x1F600...0x1F64F]
        for _ in 0..<200 {
            var text = ""
            for _ in 0..<Int.random(in: 0...20, using: &random) {
                let range = ranges.randomElement(using: &random) ?? 0...0
                if let scalar = Unicode.Scalar(UInt32.random(in: range, using: &random)) {
                    text.unicodeScalars.append(scalar)
                }
            }
            let object = json(text)
            let parsed = try #require(try parse(object)["value"] as? String)
            // Scalars, as strings are equal to their other forms.
            #expect(Array(parsed.unicodeScalars) == Array(text.unicodeScalars), "seed \(seed): \(object.closed)")
            #expect(!object.closed.unicodeScalars.contains { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) })
        }
    }
}
