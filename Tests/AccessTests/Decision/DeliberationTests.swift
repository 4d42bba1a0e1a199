import Testing

@testable import Access

@Suite("Deliberation: which methods are asked, and what their verdicts come to")
struct DeliberationTests {
    /// One client at one location.
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var needsAll = false
        /// What each configured method would say, in the order of asking.
        var verdicts: [(Deliberation.Method, Verdict)]
        var isAnonymous = false
        var allowsAnonymous = false
        /// `method` of `.allow`, or the kind of `.refuse`.
        var expected: String
        /// How many methods are asked.
        var asked: Int
        var testDescription: String { name }
    }

    static let yes = Verdict.allow(Identity())
    static let wrong = Verdict.deny(Denial(.credentials, "wrong password"))
    static let forged = Verdict.deny(Denial(.token, "signature"))
    static let barred = Verdict.deny(Denial(.notAuthorized, "claim"))
    static let broken = Verdict.unavailable("timeout")

    static let cases: [Case] = [
        Case(name: "the only one allows", verdicts: [(.jwt, yes)], expected: "jwt", asked: 1),
        Case(
            name: "any: the first that allows ends it", verdicts: [(.jwt, yes), (.http, wrong)], expected: "jwt",
            asked: 1),
        Case(
            name: "any: the next is asked when one denies", verdicts: [(.jwt, forged), (.passwordFile, yes)],
            expected: "password_file", asked: 2),
        Case(
            name: "any: the next is asked when one is out of order", verdicts: [(.passwordFile, broken), (.http, yes)],
            expected: "http", asked: 2),
        Case(
            name: "any: of equal refusals the later counts", verdicts: [(.jwt, forged), (.passwordFile, wrong)],
            expected: "badCredentials", asked: 2),
        Case(
            name: "any: one that is out of order could have allowed",
            verdicts: [(.passwordFile, broken), (.http, wrong)], expected: "unavailable", asked: 2),
        Case(
            name: "any: busy weighs as much as out of order", verdicts: [(.passwordFile, .busy), (.http, barred)],
            expected: "busy", asked: 2),
        Case(
            name: "any: what is missing weighs least",
            verdicts: [(.certificate, .missing), (.jwt, forged), (.http, .ignore)],
            expected: "badToken", asked: 3),
        Case(
            name: "any: nothing brought", verdicts: [(.certificate, .missing), (.passwordFile, .missing)],
            isAnonymous: true, expected: "missingCredentials", asked: 2),
        Case(
            name: "anonymous: nothing brought", verdicts: [(.certificate, .missing), (.passwordFile, .missing)],
            isAnonymous: true, allowsAnonymous: true, expected: "anonymous", asked: 2),
        Case(
            name: "anonymous: not with a user name", verdicts: [(.jwt, .missing)], allowsAnonymous: true,
            expected: "missingCredentials", asked: 1),
        Case(
            name: "anonymous: not with a forged token in a header", verdicts: [(.jwt, forged)], isAnonymous: true,
            allowsAnonymous: true, expected: "badToken", asked: 1),
        Case(
            name: "anonymous: not past a service that is out of order", verdicts: [(.http, broken)], isAnonymous: true,
            allowsAnonymous: true, expected: "unavailable", asked: 1),
        Case(
            name: "anonymous: with a service that has no opinion", verdicts: [(.http, .ignore)], isAnonymous: true,
            allowsAnonymous: true, expected: "anonymous", asked: 1),
        Case(
            name: "all: every one allows", needsAll: true, verdicts: [(.certificate, yes), (.jwt, yes), (.http, yes)],
            expected: "certificate+jwt+http", asked: 3),
        Case(
            name: "all: the first that denies ends it", needsAll: true,
            verdicts: [(.certificate, yes), (.jwt, forged), (.http, yes)], expected: "badToken", asked: 2),
        Case(
            name: "all: what is missing does not allow", needsAll: true,
            verdicts: [(.certificate, .missing), (.jwt, yes)],
            expected: "missingCredentials", asked: 1),
        Case(
            name: "all: no opinion does not allow", needsAll: true, verdicts: [(.jwt, yes), (.http, .ignore)],
            expected: "missingCredentials", asked: 2),
        Case(
            name: "all: anonymous needs every one to find nothing", needsAll: true,
            verdicts: [(.certificate, .missing), (.jwt, .missing)], isAnonymous: true, allowsAnonymous: true,
            expected: "anonymous", asked: 2),
        Case(
            name: "all: half a proof is not anonymous", needsAll: true,
            verdicts: [(.certificate, yes), (.jwt, .missing)],
            isAnonymous: true, allowsAnonymous: true, expected: "missingCredentials", asked: 2),
        Case(
            name: "all: half a proof after nothing is not anonymous", needsAll: true,
            verdicts: [(.certificate, .missing), (.jwt, yes)], isAnonymous: true, allowsAnonymous: true,
            expected: "missingCredentials", asked: 2),
        Case(
            name: "all: out of order", needsAll: true, verdicts: [(.passwordFile, .busy), (.http, yes)],
            expected: "busy",
            asked: 1),
    ]

    @Test("The outcome, and how many are asked", arguments: cases)
    func outcome(_ test: Case) {
        var deliberation = Deliberation(
            test.verdicts.map(\.0), needsAll: test.needsAll, isAnonymous: test.isAnonymous,
            allowsAnonymous: test.allowsAnonymous)
        var asked: [Deliberation.Method] = []
        var outcome = ""
        while outcome.isEmpty, asked.count < 10 {
            switch deliberation.next() {
            case .ask(let method):
                asked.append(method)
                deliberation.answered(test.verdicts.first { $0.0 == method }?.1 ?? .missing)
            case .allow(_, let method): outcome = method
            case .refuse(let refusal): outcome = "\(refusal.kind)"
            }
        }
        #expect(outcome == test.expected)
        #expect(asked == test.verdicts.prefix(test.asked).map(\.0))
    }

    @Test("Methods are asked in their own order, however they are given")
    func order() {
        var deliberation = Deliberation(
            [.http, .jwt, .passwordFile, .certificate], needsAll: true, isAnonymous: false, allowsAnonymous: false)
        for method in Deliberation.Method.allCases {
            #expect(deliberation.next() == .ask(method))
            deliberation.answered(Self.yes)
        }
    }

    @Test("What several methods know is put together: the later wins, and the earlier end")
    func identities() {
        var (first, second) = (Identity(), Identity())
        (first.username, first.clientID, first.expiresAt, first.claims) = (
            "cn", "device", 2000, ["sub": "a", "x": "1"]
        )
        (second.username, second.expiresAt, second.claims) = ("mapped", 3000, ["sub": "b"])
        var deliberation = Deliberation(
            [.certificate, .http], needsAll: true, isAnonymous: false, allowsAnonymous: false)
        for identity in [first, second] {
            _ = deliberation.next()
            deliberation.answered(.allow(identity))
        }
        var expected = Identity()
        (expected.username, expected.clientID, expected.expiresAt) = ("mapped", "device", 2000)
        expected.claims = ["sub": "b", "x": "1"]
        #expect(deliberation.next() == .allow(expected, method: "certificate+http"))
    }

    @Test("A verdict that nobody asked for changes nothing")
    func unasked() {
        var deliberation = Deliberation([.http], needsAll: false, isAnonymous: false, allowsAnonymous: false)
        deliberation.answered(Self.yes)
        #expect(deliberation.next() == .ask(.http))
        deliberation.answered(Self.wrong)
        deliberation.answered(Self.yes)
        #expect(deliberation.next() == .refuse(Refusal(.badCredentials, "http: wrong password")))
    }
}
