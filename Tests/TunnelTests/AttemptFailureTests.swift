import Testing

@testable import Tunnel

@Suite("AttemptFailure")
struct AttemptFailureTests {
    @Test("Each has a name of its own, in the form of the logs")
    func names() {
        let names = AttemptFailure.allCases.map(\.rawValue)
        #expect(Set(names).count == names.count)
        #expect(names.allSatisfy { $0.allSatisfy { $0.isLowercase || $0 == "_" } })
    }

    @Test("What may be one client's doing is no fault of the peer")
    func faults() {
        let innocent: [AttemptFailure] = [.sourcePortsExhausted, .shortage, .closed, .busy, .redirected, .outOfTime]
        for failure in AttemptFailure.allCases {
            #expect(failure.isFault == !innocent.contains(failure), "\(failure.rawValue)")
        }
    }
}
