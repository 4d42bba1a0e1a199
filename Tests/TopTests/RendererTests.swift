import Testing

@testable import Top

@Suite struct RendererTests {
    @Test("Only lines that have changed are sent, each at its place")
    func differences() {
        var renderer = Renderer(hasColor: true)
        #expect(
            renderer.render([Line("one"), Line("two", .bold)], columns: 10)
                == "\u{1B}[0m\u{1B}[2J\u{1B}[1;1Hone\u{1B}[K\u{1B}[2;1H\u{1B}[1mtwo\u{1B}[0m\u{1B}[K")
        #expect(renderer.render([Line("one"), Line("two", .bold)], columns: 10) == "")
        #expect(renderer.render([Line("one"), Line("2")], columns: 10) == "\u{1B}[2;1H2\u{1B}[K")
        #expect(
            renderer.render([Line("one"), Line([Piece("你", width: 4), Piece("a"), Piece("é")])], columns: 10)
                == "\u{1B}[2;1H你  \u{1B}[5Gaé\u{1B}[7G\u{1B}[K")
        #expect(renderer.render([Line("one"), Line("2")], columns: 10) == "\u{1B}[2;1H2\u{1B}[K")
        renderer.forget()
        #expect(renderer.render([Line("one"), Line("2")], columns: 10).contains("\u{1B}[2J"))
        #expect(
            renderer.render([Line("one"), Line("2")], columns: 3)
                == "\u{1B}[0m\u{1B}[2J\u{1B}[1;1Hone\u{1B}[2;1H2\u{1B}[K")
    }

    @Test("Without colours there are none", arguments: [Style.good, .warning, .bad, .alarm])
    func noColor(style: Style) {
        var plain = Renderer(hasColor: false)
        var colored = Renderer(hasColor: true)
        #expect(!plain.render([Line("x", style)], columns: 1).contains(/\[[0-9;]*[34][0-9]/))
        #expect(colored.render([Line("x", style)], columns: 1).contains(/\[[0-9;]*[34][0-9]/))
    }
}

@Suite struct JSONLineTests {
    @Test("One line of valid JSON, whatever is in the answers")
    func line() throws {
        let body = "{\n \"a\" : \"x\u{7F}\u{9B}\u{E9}\u{202E}\\\\\",\r\n\"b\":[]}"
        let line = JSONLine.text(
            url: "http://a/\"\\", at: "now", [(.status, Array(body.utf8))],
            Rates(from: try look(), to: try look(status: statusText(uptime: 101))))
        #expect(line.hasSuffix("}\n") && line.utf8.count { $0 == 0x0A } == 1)
        #expect(!line.dropLast().unicodeScalars.contains { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) })
        let value = try json(line)
        #expect(value["status"] == (try json(body)) && value["api"]?.text == "http://a/\"\\")
        #expect(value["rates"]?["busy"]?["0"] != nil && value["rates"]?["received"]?["bytes"]?.number == 0)
        #expect(try json(JSONLine.failure(url: "u", at: "t", "\u{1B}\"\n"))["error"]?.text == "\u{1B}\"\n")
        #expect(try json(JSONLine.text(url: "u", at: "t", [], nil))["rates"] == .null)
    }
}
