import CShims
import Reactor

/// A new process of the gateway's own program, which has been given the listening sockets (USR2): an upgrade without a gap.
/// Both accept until the new one says that it serves; then this one gives up its sockets and drains.
struct Successor: ~Copyable {
    /// What has become of it.
    enum State: Equatable {
        case starting
        case serving
        /// It is not there any longer, or has not served in time; in words.
        case failed(String)
    }

    /// Milliseconds that it has to read its configuration, which may ask a resolver.
    static let patience: Int64 = 60_000
    /// Names the descriptor on which a successor says that it serves.
    static let variable = "SLUICE_READY_FD"
    /// Tells a successor that its calls are filtered already, in the way that this number stands for: filters are inherited, and
    /// would add up.
    static let filterVariable = "SLUICE_SECCOMP"
    static let filter = "1"

    let process: pid_t
    /// Readable when it has something to say.
    let descriptor: Int32
    /// On the monotonic clock.
    let deadline: Int64

    /// Starts `command` with these listening sockets. `isFiltered`: this process's calls are.
    init(_ command: Command, sockets: [ListeningSockets.Passed], isFiltered: Bool) throws(SystemError) {
        var ends: (Int32, Int32) = (-1, -1)
        try SystemError.check("pipe2", CShims_pipe(&ends.0, &ends.1))
        defer { Socket.close(ends.1) }
        let first: Int32 = 3
        let own = [
            "LISTEN_FDS=\(sockets.count)", "LISTEN_FDNAMES=" + sockets.map(\.name).joined(separator: ":"),
            "\(Self.variable)=\(first + Int32(sockets.count))",
        ]
        let filter = isFiltered ? ["\(Self.filterVariable)=\(Self.filter)"] : []
        // The number of the process is filled in by itself.
        let environment = command.environment + filter + own + ["LISTEN_PID=0000000000"]
        let result = CStrings.with(command.arguments) { arguments in
            CStrings.with(environment) { environment in
                CShims_start_successor(
                    command.program, arguments, environment, Int32(environment.count - 2),
                    sockets.map(\.descriptor) + [ends.1], Int32(sockets.count + 1))
            }
        }
        do throws(SystemError) { process = try SystemError.check("fork", result) } catch {
            Socket.close(ends.0)
            throw error
        }
        descriptor = ends.0
        deadline = monotonicMilliseconds() + Self.patience
    }

    deinit { Socket.close(descriptor) }

    /// Ends it, whatever it does.
    func end() { CShims_end(process) }

    /// What it has said so far. Does not wait.
    func state() -> State {
        var word: Int32 = 0
        let count = CShims_read(descriptor, &word, MemoryLayout.size(ofValue: word))
        switch count {
        case Int(-EAGAIN):
            guard monotonicMilliseconds() >= deadline else { return .starting }
            end()
            return .failed("it does not serve after \(Self.patience / 1000) s, and was stopped")
        case MemoryLayout.size(ofValue: word):
            if word == 0 { return .serving }
            end()
            return .failed("it cannot be run: \(SystemError.text(word))")
        default:
            end()
            return .failed("it has ended before it served; its own log says why")
        }
    }

    /// How this process was started.
    struct Command: Sendable {
        /// The absolute path of the program: where it was called by, so that what has taken its place since is found.
        let program: String
        let arguments: [String]
        let environment: [String]

        /// Of the running process. Before anything changes the folder or the environment.
        static func current() -> Command {
            let arguments = CommandLine.arguments
            let own = CStrings.list(CShims_environment()).filter { entry in
                !variables.contains { entry.hasPrefix($0 + "=") }
            }
            return Command(program: program(arguments.first ?? ""), arguments: arguments, environment: own)
        }

        /// What every process is told in words of its own.
        private static let variables = [
            "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "WATCHDOG_PID", variable, filterVariable,
        ]

        private static func program(_ called: String) -> String {
            if called.hasPrefix("/") { return called }
            var path = [CChar](repeating: 0, count: Int(PATH_MAX))
            if called.contains("/"), let folder = getcwd(&path, path.count) {
                return String(cString: folder) + "/" + called
            }
            let count = readlink("/proc/self/exe", &path, path.count - 1)
            return String(decoding: path.prefix(max(0, count)).map(UInt8.init(bitPattern:)), as: UTF8.self)
        }
    }
}

/// The process that this one was started by to succeed it; the other end of a `Successor`.
struct Predecessor {
    private let descriptor: Int32
    /// The calls of this process are filtered as it would do it itself.
    let hasFilteredCalls: Bool

    /// nil: there is none. Before the first thread, as the environment is changed.
    init?() {
        guard let descriptor = Environment[Successor.variable].flatMap({ Int32($0) }) else { return nil }
        hasFilteredCalls = Environment[Successor.filterVariable] == Successor.filter
        Environment.remove(Successor.variable)
        Environment.remove(Successor.filterVariable)
        _ = CShims_close_on_exec(descriptor)
        self.descriptor = descriptor
    }

    /// It may give up what it holds. Once only.
    func reportServing() {
        var word: Int32 = 0
        _ = CShims_write(descriptor, &word, MemoryLayout.size(ofValue: word))
        Socket.close(descriptor)
    }
}

/// Lists of C strings, as execve(2) takes them.
enum CStrings {
    /// Calls `body` with a list that ends with nil.
    static func with<Result>(
        _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
    ) -> Result {
        let list: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) } + [nil]
        defer { for string in list { free(string) } }
        return body(list)
    }

    static func list(_ strings: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) -> [String] {
        var found: [String] = []
        var next = strings
        while let place = next, let string = place.pointee {
            found.append(String(cString: string))
            next = place + 1
        }
        return found
    }
}
