import Reactor
import Testing

@testable import Gateway

@Suite("Passwords are not tried without bound")
struct AdminAttemptsTests {
    private let attempts = AdminAttempts()
    private let address = CompactAddress(literal: "192.0.2.1", port: 1) ?? CompactAddress()

    private func tries(_ address: CompactAddress, at now: Int64, most: Int = 100) -> Int {
        for count in 0..<most {
            guard attempts.begin(address, now: now) == .granted else { return count }
            attempts.end()
            attempts.failed(address, now: now)
        }
        return most
    }

    @Test("A few at once, then one after each pause, whatever the port")
    func bucket() throws {
        #expect(tries(address, at: 1000) == Int(AdminAttempts.burst))
        #expect(attempts.begin(address, now: 1000) == .tooMany(wait: AdminAttempts.pause))
        let other = try #require(CompactAddress(literal: "192.0.2.1", port: 2))
        #expect(tries(other, at: 1000) == 0)
        #expect(tries(address, at: 1000 + AdminAttempts.pause) == 1)
        #expect(tries(address, at: 1000 + 1000 * AdminAttempts.pause) == Int(AdminAttempts.burst))
        #expect(
            attempts.refused == UInt64(2 * AdminAttempts.burst + 1 + 5), "each that failed, each that was not granted")
    }

    @Test("Addresses do not wait for each other; a network of IPv6 is one")
    func others() throws {
        #expect(tries(address, at: 0) == 10)
        #expect(tries(try #require(CompactAddress(literal: "192.0.2.2")), at: 0) == 10)
        #expect(tries(try #require(CompactAddress(literal: "2001:db8::1")), at: 0) == 10)
        #expect(tries(try #require(CompactAddress(literal: "2001:db8::ffff:1:2:3")), at: 0) == 0)
        #expect(tries(try #require(CompactAddress(literal: "2001:db8:0:1::1")), at: 0) == 10)
        #expect(tries(try #require(CompactAddress(literal: "::ffff:192.0.2.1")), at: 0) == 0)
        #expect(tries(try #require(CompactAddress(literal: "::ffff:192.0.2.3")), at: 0) == 10)
    }

    @Test("Right ones cost nothing, and few are checked at the same time")
    func right() {
        for _ in 0..<100 {
            #expect(attempts.begin(address, now: 0) == .granted)
            attempts.end()
        }
        for _ in 0..<AdminAttempts.concurrent { #expect(attempts.begin(address, now: 0) == .granted) }
        #expect(attempts.begin(address, now: 0) == .busy)
        attempts.end()
        #expect(attempts.begin(address, now: 0) == .granted)
    }

    @Test("Memory is bounded: the address that is forgiven next is forgotten first")
    func bounded() throws {
        #expect(tries(address, at: 0) == 10)
        for number in 0..<(AdminAttempts.mostAddresses + 100) {
            let bytes = [10, UInt8(number >> 16 & 0xFF), UInt8(number >> 8 & 0xFF), UInt8(number & 0xFF)]
            attempts.failed(try #require(CompactAddress(bytes: bytes, port: 0)), now: 0)
        }
        #expect(attempts.rememberedCount <= AdminAttempts.mostAddresses)
        #expect(tries(address, at: 0) == 0, "a worse one is remembered")
    }
}
