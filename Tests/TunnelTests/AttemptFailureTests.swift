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

    @Test("What a client can bring about by its CONNECT is not the peer's fault alone")
    func blame() {
        let peer: [AttemptFailure] = [.connectRefused, .connectTimeout, .connectFailed, .queueFull]
        let both: [AttemptFailure] = [.reset, .closed, .connackTimeout, .connackInvalid, .unavailable]
        for failure in AttemptFailure.allCases {
            let expected: AttemptFailure.Blame =
                peer.contains(failure) ? .peer : both.contains(failure) ? .peerOrClient : .nobody
            #expect(failure.blame == expected, "\(failure.rawValue)")
        }
    }
}
