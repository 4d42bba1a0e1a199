import Configuration
import Gateway
import Glibc

extension Sluice.Order {
    /// Signals the gateway that holds `pid_file`. Before a reload or an upgrade the configuration is tested, so that whoever asks for it is
    /// told what is wrong.
    func send(_ snapshot: Snapshot) throws(Failure) {
        guard let path = snapshot.process.pidFile else {
            throw Failure(description: "-s needs a pid_file in the configuration to find the running process")
        }
        let number: Int32
        switch self {
        case .stop: number = SIGTERM
        case .quit: number = SIGQUIT
        case .reopen: number = SIGUSR1
        case .upgrade:
            try Failure.wrap { () throws(StartError) in try Gateway.test(snapshot) }
            number = SIGUSR2
        case .reload:
            try Failure.wrap { () throws(StartError) in try Gateway.test(snapshot) }
            number = SIGHUP
        }
        let process = try Failure.wrap { () throws(StartError) in try PidFile.holder(of: path) }
        guard kill(process, number) == 0 else {
            let reason = String(cString: strerror(errno))
            throw Failure(description: "process \(process), which holds \(path), cannot be signalled: \(reason)")
        }
    }
}
