import Access
import Glibc

/// Reads a password from the terminal, or from standard input.
enum PasswordPrompt {
    /// In bytes, with the end of the line: more than any hash takes.
    private static let longestLine = 4096

    /// A new one: twice and without echo from a terminal; otherwise the first line of standard input.
    static func read(for user: String) throws(Failure) -> Secret {
        guard isatty(STDIN_FILENO) == 1 else { return try line() }
        let first = try unseen("Password for \(user): ")
        let second = try unseen("Repeat the password: ")
        guard first.equals(second) else { throw Failure(description: "the two passwords differ") }
        return first
    }

    /// Once, of a password that exists already.
    static func readExisting(for user: String) throws(Failure) -> Secret {
        isatty(STDIN_FILENO) == 1 ? try unseen("Password for \(user): ") : try line()
    }

    /// Reads one line while the terminal shows nothing of it.
    private static func unseen(_ prompt: String) throws(Failure) -> Secret {
        var terminal = termios()
        guard tcgetattr(STDIN_FILENO, &terminal) == 0 else {
            throw Failure(description: "the terminal cannot be opened: \(String(cString: strerror(errno)))")
        }
        let handlers = Interruption.catchAll()
        var silent = terminal
        silent.c_lflag &= ~tcflag_t(ECHO)
        silent.c_lflag |= tcflag_t(ECHONL)
        guard tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) == 0 else {
            handlers.restore()
            throw Failure(description: "the terminal's echo cannot be turned off: \(String(cString: strerror(errno)))")
        }
        defer {
            tcsetattr(STDIN_FILENO, TCSANOW, &terminal)
            handlers.restore()
        }
        let text = Array(prompt.utf8)
        _ = write(STDERR_FILENO, text, text.count)
        return try line()
    }

    /// Reads one line, without its end, byte by byte: what follows it is somebody else's.
    private static func line() throws(Failure) -> Secret {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: longestLine, alignment: 1)
        defer {
            if let start = buffer.baseAddress { explicit_bzero(start, buffer.count) }
            buffer.deallocate()
        }
        var count = 0
        while count < buffer.count {
            guard let start = buffer.baseAddress else { break }
            let got = Glibc.read(STDIN_FILENO, start + count, 1)
            guard got >= 0 else {
                let reason = errno == EINTR ? "interrupted" : String(cString: strerror(errno))
                throw Failure(description: "no password: \(reason)")
            }
            guard got > 0 else {
                guard count > 0 else { throw Failure(description: "no password on standard input") }
                return secret(buffer, count)
            }
            if buffer[count] == UInt8(ascii: "\n") { return secret(buffer, count) }
            count += 1
        }
        throw Failure(description: "the password is longer than \(longestLine) bytes")
    }

    private static func secret(_ buffer: UnsafeMutableRawBufferPointer, _ count: Int) -> Secret {
        let bytes = buffer.prefix(count)
        let isCRLF = bytes.last == UInt8(ascii: "\r")
        return Secret(UnsafeRawBufferPointer(rebasing: isCRLF ? bytes.dropLast() : bytes))
    }
}

/// Signals that would leave the terminal without echo: caught while a password is read, so that the read ends instead.
private struct Interruption {
    private var old: [(signal: Int32, action: sigaction)] = []

    static func catchAll() -> Interruption {
        var all = Interruption()
        for signal in [SIGINT, SIGTERM, SIGHUP, SIGQUIT] {
            var (action, former) = (sigaction(), sigaction())
            action.__sigaction_handler.sa_handler = { _ in }  // without SA_RESTART: read returns EINTR
            if sigaction(signal, &action, &former) == 0 { all.old.append((signal, former)) }
        }
        return all
    }

    func restore() {
        for (signal, action) in old {
            var action = action
            sigaction(signal, &action, nil)
        }
    }
}
