import CShims
import Configuration
import Control
import Reactor
import Synchronization

/// `memory_limit`: looks each second at how much memory the process has. While it is more than that, nothing new begins, so
/// that what is there goes on, instead of all being killed.
final class MemoryWatch: Sendable {
    private struct State {
        /// Bytes; nil: there is no limit.
        var limit: Int?
        var isWatching = false
        /// Looks until memory that is free may be given back again.
        var trimIn = 0
    }

    private let state = Lock(State())
    private let isAbove = Atomic(false)
    private let probe = ProcessProbe()
    private let log: ErrorLog

    /// Looks between two trims: each stops the loops' allocations for a moment.
    private static let trimInterval = 10
    /// Between two looks, in milliseconds.
    private static let interval: Int64 = 1000

    init(log: ErrorLog) { self.log = log }

    /// Whether the process has more memory than it is to have. Any thread.
    var isShort: Bool { isAbove.load(ordering: .relaxed) }

    /// Another limit counts from now on; nil: none. The main thread's.
    func adopt(_ limit: MemoryLimit?, on control: ControlLoop) throws(StartError) {
        let bytes = limit.map { $0.bytes(of: MemoryOfSystem.available()) }
        let begins = state.withLock { state in
            state.limit = bytes
            defer { state.isWatching = state.isWatching || bytes != nil }
            return bytes != nil && !state.isWatching
        }
        guard begins else { return }
        try StartError.wrap { () throws(SystemError) in try control.start() }
        control.every(milliseconds: Self.interval) { [weak self] in self?.look() }
        control.post { [weak self] in self?.look() }
    }

    /// The control thread's.
    private func look() {
        guard let limit = state.withLock(\.limit) else { return isAbove.store(false, ordering: .relaxed) }
        guard var memory = probe.residentMemory() else { return }
        let wasAbove = isShort
        // Not to and fro at the limit itself.
        let bound = wasAbove ? limit / 20 * 19 : limit
        // What clients have left behind is the heap's still: only what is in use counts.
        if memory > bound, mayTrim() {
            CShims_trim_allocator()
            memory = probe.residentMemory() ?? memory
        }
        let isAbove = memory > bound
        guard isAbove != wasAbove else { return }
        self.isAbove.store(isAbove, ordering: .relaxed)
        func text(_ bytes: Int) -> String { "\(bytes >> 20) MiB" }
        if isAbove {
            log.write(
                .error, "memory_limit: the process has \(text(memory)) of \(text(limit)): new connections are refused")
        } else {
            log.write(
                .notice, "memory_limit: the process has \(text(memory)) of \(text(limit)): connections are taken again")
        }
    }
}

extension MemoryWatch {
    private func mayTrim() -> Bool {
        state.withLock { state in
            state.trimIn -= 1
            guard state.trimIn <= 0 else { return false }
            state.trimIn = Self.trimInterval
            return true
        }
    }
}

extension MemoryLimit {
    fileprivate func bytes(of available: Int) -> Int {
        switch self {
        case .bytes(let bytes): bytes
        case .percent(let share): available / 100 * share
        }
    }
}

/// How much memory there is for the process at all.
enum MemoryOfSystem {
    /// Bytes: the smallest limit of its cgroups, or else the machine's memory.
    static func available() -> Int {
        var bytes = meminfo() ?? .max / 2
        for path in cgroupFiles() {
            if let limit = number(path) { bytes = min(bytes, limit) }
        }
        return bytes
    }

    /// cgroups(7): "0::/system.slice/sluice.service" for version 2, "4:memory:/…" for version 1.
    private static func cgroupFiles() -> [String] {
        var paths = ["/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory.max"]
        for line in text("/proc/self/cgroup").split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { continue }
            let isSecond = parts[0] == "0" && parts[1].isEmpty
            guard isSecond || parts[1].split(separator: ",").contains("memory") else { continue }
            let (root, file) =
                isSecond ? ("/sys/fs/cgroup", "memory.max") : ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
            var folder = root
            for name in parts[2].split(separator: "/") where name != ".." {
                folder += "/\(name)"
                paths.append("\(folder)/\(file)")
            }
        }
        return paths
    }

    /// nil: there is none, or it says "max".
    private static func number(_ path: String) -> Int? {
        Int(text(path).prefix { $0.isASCII && $0.isNumber })
    }

    private static func meminfo() -> Int? {
        guard let line = text("/proc/meminfo").split(separator: "\n").first(where: { $0.hasPrefix("MemTotal:") }),
            let kibibytes = line.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
        else { return nil }
        return kibibytes * 1024
    }

    private static func text(_ path: String) -> String {
        guard let bytes = try? File.read(path, limit: 64 * 1024) else { return "" }
        return String(decoding: bytes, as: UTF8.self)
    }
}
