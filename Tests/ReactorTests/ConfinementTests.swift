import CShims
import Synchronization
import TestSupport
import Testing

@testable import Reactor

/// Each in a thread of its own, which takes what it has given up with it.
@Suite("Confinement")
struct ConfinementTests {
    /// What a thread that has confined itself finds; errors as they are.
    private func confined(_ body: @escaping @Sendable () -> [Int]) throws -> [Int] {
        let found = Mutex<[Int]>([])
        let thread = try Thread.start(name: "confined") {
            let results = CShims_give_up_new_privileges() == 0 ? body() : [-1]
            found.withLock { $0 = results }
        }
        thread.join()
        return found.withLock { $0 }
    }

    /// The code of an error, or 0.
    private static func code(_ result: Int) -> Int { result < 0 ? -CShims_result(result) : 0 }

    private static func execute() -> Int {
        var arguments: [UnsafeMutablePointer<CChar>?] = [nil]
        return code(Int(execve("/nowhere/at/all", &arguments, &arguments)))
    }

    @Test("Another root folder and foreign socket families are refused, what the gateway uses is not")
    func calls() throws {
        let found = try confined {
            let installed = Int(CShims_filter_calls(0))
            let root = Self.code(Int(chroot("/")))
            let family = Self.code(Int(socket(AF_PACKET, Int32(SOCK_RAW.rawValue), 0)))
            let own = socket(AF_INET6, Int32(SOCK_STREAM.rawValue), 0)
            let unix = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
            defer { for descriptor in [own, unix] { close(descriptor) } }
            // A thread of a filtered one begins: clone3 is refused, and clone is not.
            let child = try? Thread.start(name: "child") {}
            child?.join()
            return [
                installed, root, family, own < 0 ? 1 : 0, unix < 0 ? 1 : 0, child == nil ? 1 : 0, Self.execute(),
            ]
        }
        #expect(found == [0, Int(EPERM), Int(EAFNOSUPPORT), 0, 0, 0, Int(ENOENT)])
    }

    @Test("A thread that may not execute programs")
    func execution() throws {
        let found = try confined { [Self.execute(), Int(CShims_forbid_execution()), Self.execute()] }
        #expect(found == [Int(ENOENT), 0, Int(EPERM)])
    }

    @Test("Capabilities are used within the body alone, and not by root's threads either way")
    func capabilities() throws {
        let before = try effective()
        Confinement.withCapabilities {}
        Confinement.restCapabilities()
        let after = try effective()
        #expect(geteuid() == 0 ? after == before : after & ~CShims_keepable_capabilities() == 0)
    }

    private func effective() throws -> UInt64 {
        let text = String(decoding: try File.read("/proc/thread-self/status", limit: 65_536), as: UTF8.self)
        let line = text.split(separator: "\n").first { $0.hasPrefix("CapEff:\t") }
        return UInt64(line?.dropFirst(8) ?? "", radix: 16) ?? .max
    }
}
