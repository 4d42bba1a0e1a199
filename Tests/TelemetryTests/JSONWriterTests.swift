import Foundation
import Testing

@testable import Telemetry

@Suite("JSON writer")
struct JSONWriterTests {
    @Test("Objects and arrays in each other, with their commas")
    func nesting() {
        var writer = JSONWriter()
        writer.object { writer in
            writer.field("a", 1)
            writer.array("list") { writer in
                writer.object { $0.field("b", "c") }
                writer.object { _ in }
                writer.value(2)
                writer.null()
            }
            writer.array("none", [])
            writer.array("texts", ["x", "y"])
            writer.object("inner") { $0.nullField("nothing") }
            writer.field("last", true)
        }
        #expect(
            writer.text
                == #"{"a":1,"list":[{"b":"c"},{},2,null],"none":[],"texts":["x","y"],"inner":{"nothing":null},"last":true}"#
        )
    }

    @Test(
        "Thousandths have as many places as they need",
        arguments: [
            (0, "0"), (1, "0.001"), (10, "0.01"), (100, "0.1"), (1000, "1"), (12_500, "12.5"), (-1, "-0.001"),
            (1_000_001, "1000.001"), (Int64.max, "9223372036854775.807"), (Int64.min, "-9223372036854775.808"),
        ] as [(Int64, String)])
    func thousandths(value: Int64, text: String) {
        var writer = JSONWriter()
        writer.value(thousandths: value)
        #expect(writer.text == text)
    }

    @Test("Microseconds become seconds")
    func microseconds() {
        var writer = JSONWriter()
        writer.object { writer in
            writer.field("time", microseconds: 1200)
            writer.field("none", microseconds: nil)
            writer.field("age", milliseconds: 12_500)
        }
        #expect(writer.text == #"{"time":0.0012,"none":null,"age":12.5}"#)
    }

    @Test(
        "Whole numbers",
        arguments: [0, 9, 10, 99, 100, 1_000_000, UInt64.max / 10, UInt64.max] as [UInt64])
    func numbers(value: UInt64) {
        var writer = JSONWriter()
        writer.value(value)
        #expect(writer.text == String(value))
        writer = JSONWriter()
        writer.value(-Int64(truncatingIfNeeded: value / 2))
        #expect(writer.text == String(-Int64(truncatingIfNeeded: value / 2)))
    }

    @Test("Fractions; what has no text is null")
    func fractions() throws {
        var writer = JSONWriter()
        writer.object { writer in
            writer.field("half", 0.5)
            writer.field("small", 1e-9)
            writer.field("nan", Double.nan)
            writer.field("infinite", Double.infinity)
        }
        let parsed = try #require(try JSONSerialization.jsonObject(with: Data(writer.bytes)) as? NSDictionary)
        #expect(parsed["half"] as? Double == 0.5)
        #expect(parsed["small"] as? Double == 1e-9)
        #expect(parsed["nan"] is NSNull && parsed["infinite"] is NSNull)
    }

    @Test("Every character comes back, and none can steer a terminal")
    func strings() throws {
        let scalars =
            (Array(0 as UInt32..<0x300) + Array(0x2000..<0x2100)).compactMap(Unicode.Scalar.init) + [
                "\u{FFFD}", "\u{1F600}",
            ]
        for scalar in scalars {
            let text = "a\(Character(scalar))b\(Character(scalar))"
            var writer = JSONWriter()
            writer.object { $0.field("value", text) }
            let parsed = try #require(try JSONSerialization.jsonObject(with: Data(writer.bytes)) as? NSDictionary)
            #expect((parsed["value"] as? String)?.unicodeScalars.elementsEqual(text.unicodeScalars) == true)
            #expect(!writer.text.unicodeScalars.contains(where: LogText.isUnsafe))
        }
    }

    @Test("A name from outside is escaped")
    func names() {
        var writer = JSONWriter()
        writer.object { writer in
            writer.name("a\"b")
            writer.value(1)
        }
        #expect(writer.text == #"{"a\"b":1}"#)
    }
}
