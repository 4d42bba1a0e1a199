import Glibc
import Top

/// The terminal: raw and on its alternate screen while it is entered, as before otherwise.
struct TopTerminal: ~Copyable {
    private let former: termios
    private(set) var isEntered = false

    /// Whether a screen can be shown at all.
    static func check() throws(Failure) {
        guard isatty(STDIN_FILENO) == 1, isatty(STDOUT_FILENO) == 1 else {
            throw Failure(
                description: "standard input and output must be a terminal; for scripts, use --once or --json")
        }
        guard let name = environment("TERM"), name != "dumb" else {
            throw Failure(
                description: "the terminal cannot show a screen (TERM is not set, or \"dumb\"); use --once or --json")
        }
    }

    static var hasColor: Bool { environment("NO_COLOR") == nil }

    init() throws(Failure) {
        var former = termios()
        guard tcgetattr(STDIN_FILENO, &former) == 0 else {
            throw Failure(description: "the terminal cannot be opened: \(String(cString: strerror(errno)))")
        }
        self.former = former
    }

    deinit {
        if isEntered { Self.restore(former) }
    }

    /// Whether keys come to this process and not to a shell.
    private var isInForeground: Bool {
        let group = tcgetpgrp(STDIN_FILENO)
        // A terminal that controls nothing belongs to nobody else.
        return group < 0 || group == getpgrp()
    }

    /// Takes the terminal, or takes it again; not while it belongs to another job.
    mutating func enter() {
        isEntered = isInForeground
        guard isEntered else { return }
        var raw = former
        cfmakeraw(&raw)
        tcsetattr(STDIN_FILENO, TCSADRAIN, &raw)
        Self.write(Renderer.enter)
    }

    /// Gives it back as it was.
    mutating func leave() {
        guard isEntered else { return }
        isEntered = false
        if isInForeground { Self.restore(former) }
    }

    private static func restore(_ former: termios) {
        write(Renderer.leave)
        var former = former
        tcsetattr(STDIN_FILENO, TCSADRAIN, &former)
    }

    var size: TopMachine.Size {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
            return TopMachine.Size(columns: 80, rows: 24)
        }
        return TopMachine.Size(columns: Int(size.ws_col), rows: Int(size.ws_row))
    }

    /// What has been typed; nil: the terminal is gone.
    func read() -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 1024)
        let count = Glibc.read(STDIN_FILENO, &buffer, buffer.count)
        guard count != 0 else { return nil }
        guard count > 0 else { return errno == EINTR || errno == EAGAIN ? [] : nil }
        return Array(buffer[..<count])
    }

    /// False: the terminal is gone.
    @discardableResult static func write(_ text: String) -> Bool {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == EAGAIN {
                var wait = pollfd(fd: STDOUT_FILENO, events: Int16(POLLOUT), revents: 0)
                _ = poll(&wait, 1, 1000)
                continue
            }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }
}
