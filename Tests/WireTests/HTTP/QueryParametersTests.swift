import Testing

@testable import Wire

@Suite("Query parameters")
struct QueryParametersTests {
    private static let known = ["client_id", "limit", "q"]

    @Test("Names and values are decoded; a plus is a space")
    func decoding() throws {
        let parameters = try QueryParameters("client%5Fid=a%2Bb+c%20d&limit=5&q", known: Self.known)
        #expect(parameters["client_id"] == "a+b c d")
        #expect(parameters["limit"] == "5")
        #expect(parameters["q"]?.isEmpty == true)
    }

    @Test("No query, an empty one, and ampersands alone", arguments: [nil, "", "&", "&&"])
    func none(query: String?) throws {
        let parameters = try QueryParameters(query, known: Self.known)
        #expect(Self.known.allSatisfy { parameters[$0] == nil })
    }

    @Test(
        "What is refused, and why",
        arguments: [
            ("clientid=a", "unknown parameter \"clientid\"; known: client_id, limit, q"),
            ("=a", "unknown parameter \"\"; known: client_id, limit, q"),
            ("q=a&q=a", "the parameter \"q\" is there twice; give it once"),
            ("q=a&%71=b", "the parameter \"q\" is there twice; give it once"),
            ("q=100%", "a \"%\" without two hexadecimal digits after it; a percent sign is %25"),
            ("q=%zz", "a \"%\" without two hexadecimal digits after it; a percent sign is %25"),
            ("q=%FF", "a name or value that is not UTF-8 text without NUL"),
            ("q=%00", "a name or value that is not UTF-8 text without NUL"),
        ])
    func refused(query: String, detail: String) {
        #expect(throws: QueryError(detail)) { try QueryParameters(query, known: Self.known) }
    }

    @Test("Where no parameter is known, the message says so")
    func noneKnown() {
        #expect(throws: QueryError("unknown parameter \"a\"; there are none here")) {
            try QueryParameters("a=b", known: [])
        }
    }

    @Test("More parameters than anyone needs are refused")
    func tooMany() {
        let query = Array(repeating: "q=1", count: 65).joined(separator: "&")
        #expect(throws: QueryError("more than 64 parameters")) { try QueryParameters(query, known: Self.known) }
    }
}
