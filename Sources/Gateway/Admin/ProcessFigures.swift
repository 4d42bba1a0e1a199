import CShims
import Reactor

/// What the system knows of the process; nil: it does not say.
struct ProcessFigures: Sendable {
    /// User and system time, in microseconds.
    var cpuMicroseconds: Int64?
    /// Bytes.
    var residentMemory: Int?
    var virtualMemory: Int?
    var openDescriptors: Int?
    var descriptorLimit: Int?
}

/// Asks the system about the process. Any thread.
final class ProcessProbe: Sendable {
    /// The last count of descriptors, when it was made and how long it took, in microseconds.
    private let descriptors = Lock((count: Int?.none, countedAt: Int64(0), took: Int64(0)))

    func read() -> ProcessFigures {
        let pages = Self.pages()
        let pageSize = Int(getpagesize())
        return ProcessFigures(
            cpuMicroseconds: Self.known(CShims_cpu_microseconds()),
            residentMemory: pages.map { $0.resident * pageSize },
            virtualMemory: pages.map { $0.total * pageSize }, openDescriptors: countDescriptors(),
            descriptorLimit: Self.known(CShims_descriptor_limit()).map { Int($0) })
    }

    /// Bytes; nil: the system does not say.
    func residentMemory() -> Int? { Self.pages().map { $0.resident * Int(getpagesize()) } }

    /// proc_pid_statm(5)
    private static func pages() -> (total: Int, resident: Int)? {
        guard let bytes = try? File.read("/proc/self/statm", limit: 256) else { return nil }
        let fields = bytes.split(separator: UInt8(ascii: " ")).prefix(2).map {
            Int(String(decoding: $0, as: UTF8.self))
        }
        guard fields.count == 2, let total = fields[0], let resident = fields[1] else { return nil }
        return (total, resident)
    }

    /// An older kernel has to list them all, which takes its time when there are a hundred thousand: the last count stands for
    /// a hundred times as long as it took.
    private func countDescriptors() -> Int? {
        descriptors.withLock { last in
            let now = Kernel.microseconds()
            guard now - last.countedAt >= last.took * 100 else { return last.count }
            let count = Self.known(CShims_count_descriptors()).map { Int($0) }
            last = (count, now, Kernel.microseconds() - now)
            return count
        }
    }

    private static func known(_ result: Int64) -> Int64? { result < 0 ? nil : result }
}
