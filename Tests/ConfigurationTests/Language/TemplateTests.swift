import Testing

@testable import Configuration

@Suite struct TemplateTests {
    @Test(
        arguments: [
            ("", []), ("plain", [.text("plain")]), ("$uri", [.variable(.uri)]), ("${uri}", [.variable(.uri)]),
            ("a${uri}b$scheme-c", [.text("a"), .variable(.uri), .text("b"), .variable(.scheme), .text("-c")]),
            ("$uri$uri", [.variable(.uri), .variable(.uri)]),
            ("$http_X_Real_IP", [.variable(.http("x-real-ip"))]),
            ("$cookie_Sid $arg_Token", [.variable(.cookie("Sid")), .text(" "), .variable(.argument("Token"))]),
        ] as [(String, [Template.Segment])]) func parsed(text: String, segments: [Template.Segment]) throws
    {
        let template = try Template.parsed(text)
        #expect(template.segments == segments)
        #expect(try Template.parsed(template.source) == template)
    }

    @Test(arguments: [
        "$", "a$ b", "$$uri", "${", "${}", "${uri", "${uri b}", "$-", "$nothing", "$http_", "$cookie_", "$é",
    ]) func noTemplate(text: String) {
        #expect(throws: ValueFault.self) { try Template.parsed(text) }
    }

    @Test func textsThatMeetBecomeOne() throws {
        var template = try Template.parsed("a")
        template.append(try Template.parsed("b$uri"))
        template.append(try Template.parsed("c"))
        #expect(template.segments == [.text("ab"), .variable(.uri), .text("c")])
        #expect(template.source == "ab${uri}c")
    }

    /// A mark that would join the last letter of a name leaves the name alone.
    @Test func combiningMarkAfterVariable() throws {
        let template = Template(segments: [.variable(.uri), .text("\u{301}")])
        #expect(try Template.parsed(template.source) == template)
    }

    @Test(arguments: Variable.names.filter { !$0.hasSuffix("NAME") }) func variableHasItsName(name: String) {
        #expect(Variable(name: name)?.name == name)
    }

    @Test(arguments: ["http_user_agent", "cookie_A", "arg_b_c"]) func variableKeepsItsOwnName(name: String) {
        #expect(Variable(name: name)?.name == name)
    }

    @Test(arguments: [
        ("/srv/www", nil), ("a$", nil), ("$ a", nil), ("$$", nil), ("/srv/$uri/x", "$uri"), ("${a}", "$a"),
        ("$1", "$1"),
    ]) func reference(text: String, expected: String?) {
        #expect(variableReference(in: text) == expected)
    }
}
