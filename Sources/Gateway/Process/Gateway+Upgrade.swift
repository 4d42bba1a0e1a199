import CShims
import Configuration
import Reactor

/// An upgrade without a gap (USR2): a new process of the program, which may be another version by now, gets the listening
/// sockets and serves beside this one, which then drains. Until the new one serves nothing changes here.
extension Gateway {
    mutating func beginUpgrade() {
        let log = services.logs.error
        guard !isEnding else { return log.write(.warn, "upgrade: the gateway is stopping, nothing is started") }
        guard successor == nil else { return log.write(.warn, "upgrade: a new process gets ready already") }
        do throws(SystemError) {
            let successor = try Successor(command, sockets: sockets.passed, isFiltered: process.filtersCalls)
            try poller.add(
                successor.descriptor, Events(reading: true, writing: false), word: Self.successorWord)
            log.write(.notice, "upgrade: process \(successor.process) of \(command.program) gets ready to take over")
            self.successor = consume successor
        } catch {
            log.write(.error, "upgrade: \(error); this process goes on")
        }
    }

    /// Looks at what has become of the new process.
    mutating func advanceUpgrade() {
        guard let state = successor?.state(), let process = successor?.process else { return }
        switch state {
        case .starting: return
        case .failed(let reason):
            successor = nil
            services.logs.error.write(.error, "upgrade: process \(process): \(reason); this process goes on")
        case .serving:
            successor = nil
            services.logs.error.write(.notice, "upgrade: process \(process) has taken over")
            // Its own from now on.
            sockets.abandonUnixFiles()
            pidFile?.release()
            pidFile = nil
            drain()
        }
    }

    /// The operator ends the gateway: a new process that has not taken over yet is not to stay.
    mutating func abandonUpgrade() {
        guard let process = successor?.process else { return }
        successor?.end()
        successor = nil
        services.logs.error.write(.notice, "upgrade: process \(process) is stopped, too")
    }

    /// In the new process: the pid file, once the old one has let go of it.
    mutating func takePidFile() {
        guard let limit = pidFileWanted else { return }
        guard let path = process.pidFile, !isEnding else {
            pidFileWanted = nil
            return
        }
        do throws(StartError) {
            pidFile = try Privileges.withSecrets { () throws(StartError) in try PidFile(path) }
            pidFileWanted = nil
        } catch {
            guard monotonicMilliseconds() >= limit else { return }
            pidFileWanted = nil
            services.logs.error.write(.error, "\(error): sluice -s does not find this process")
        }
    }
}
