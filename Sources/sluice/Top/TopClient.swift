import CShims
import Control
import Reactor
import Text
import Top

/// Asks the API: a round of questions at a time, one after the other on a kept connection, on the control thread.
final class TopClient: Sendable {
    /// What a round came to.
    enum Outcome: Sendable {
        case answered(Look, bodies: [(query: Query, body: [UInt8])])
        /// In words for the operator.
        case failed(String)
    }

    /// Gets what each round comes to.
    let outcomes: Mailbox<Outcome>
    private let address: APIAddress
    private let authorization: String?
    private let authorities: String?
    private let verifiesServer: Bool
    private let control: ControlLoop
    /// One connection: what is asked is on the screen itself, as a row for each.
    private let pool = HTTPPool(connections: 1, queue: 16)

    /// Bytes of an answer: 1000 connections of which each has long names.
    private static let largestAnswer = 64 << 20

    init(
        _ address: APIAddress, authorization: String?, authorities: String?, verifiesServer: Bool
    ) throws(Failure) {
        self.address = address
        self.authorization = authorization
        self.authorities = authorities
        self.verifiesServer = verifiesServer
        do throws(HTTPLibrary.Fault) { try HTTPLibrary.load() } catch {
            throw Failure(description: "\(error)")
        }
        do throws(SystemError) {
            outcomes = try Mailbox()
            control = try ControlLoop()
        } catch {
            throw Failure(description: "\(error)")
        }
    }

    /// To be called when the signals have been blocked that the thread must not get.
    func start() throws(Failure) {
        do throws(SystemError) { try control.start() } catch { throw Failure(description: "\(error)") }
    }

    func stop() { control.stop() }

    /// Begins a round; `outcomes` gets one outcome for it.
    func ask(_ queries: [Query]) {
        let round = Round(queries)
        for (index, query) in queries.enumerated() {
            control.fetch(request(query)) { result in
                guard let outcome = round.take(index, self.answer(query, result)) else { return }
                self.outcomes.post(outcome)
            }
        }
    }

    /// A round, and its outcome: nil when a signal has come while it waited.
    func askAndWait(_ queries: [Query]) -> Outcome {
        ask(queries)
        while true {
            if let outcome = outcomes.take().last { return outcome }
            _ = CShims_wait_readable(outcomes.descriptor, 1000)
        }
    }

    private func request(_ query: Query) -> HTTPRequest {
        var request = HTTPRequest(url: address.url + query.path, pool: pool)
        request.headers = [("Accept", "application/json")]
        if let authorization { request.headers.append(("Authorization", authorization)) }
        request.largestAnswer = Self.largestAnswer
        request.authorities = authorities
        request.verifiesServer = verifiesServer
        return request
    }

    private enum Answer {
        case body([UInt8], JSONValue)
        /// The API does not know the connection that was asked for.
        case none
        case failed(String)
    }

    private func answer(_ query: Query, _ result: Result<HTTPAnswer, HTTPFailure>) -> Answer {
        let url = address.url + query.path
        let answer: HTTPAnswer
        switch result {
        case .success(let value): answer = value
        case .failure(let failure):
            return .failed(
                Refusal.noAnswer(
                    url: url, detail: failure.detail, isUnreachable: failure.kind == .unreachable,
                    isHTTPS: address.isHTTPS))
        }
        if case .connection = query, answer.status == 404 { return .none }
        if let reason = Refusal.reason(
            url: url, status: answer.status, contentType: answer.contentType, body: answer.body,
            hasCredentials: authorization != nil)
        {
            return .failed(reason)
        }
        guard let json = try? JSONParser.parse(answer.body) else {
            return .failed("\(url): the answer is not valid JSON")
        }
        return .body(answer.body, json)
    }

    /// The answers of one round, as they come.
    private final class Round: Sendable {
        private let queries: [Query]
        private let answers: Lock<[Answer?]>

        init(_ queries: [Query]) {
            self.queries = queries
            answers = Lock(Array(repeating: nil, count: queries.count))
        }

        /// The outcome, if it was the last one that was missing.
        func take(_ index: Int, _ answer: Answer) -> Outcome? {
            let all = answers.withLock { answers -> [Answer]? in
                answers[index] = answer
                let there = answers.compactMap(\.self)
                return there.count == answers.count ? there : nil
            }
            return all.map(outcome)
        }

        private func outcome(_ answers: [Answer]) -> Outcome {
            var bodies: [(query: Query, body: [UInt8])] = []
            var values: [(query: Query, json: JSONValue)] = []
            for (query, answer) in zip(queries, answers) {
                switch answer {
                case .failed(let reason): return .failed(reason)
                case .none: break
                case .body(let body, let json):
                    bodies.append((query, body))
                    values.append((query, json))
                }
            }
            do throws(AnswerError) {
                return .answered(try Look(values), bodies: bodies)
            } catch {
                return .failed("the answer to \"\(error.query.path)\" is not what this version of sluice top knows")
            }
        }
    }
}
