import Configuration
import Reactor
import TLS

/// What is made once when the process starts, and serves every generation: threads, files, and what was learnt of peers.
struct Services: Sendable {
    /// How many loops there are.
    let loops: Int
    let resumption = Resumption()
    let logs: Logs
    let access: AccessServices
    let upstreams: UpstreamServices
    let process: ProcessHistory
    let admin: AdminService
    let traces = RunningTraces()
    let limits: LimitService

    /// Starts no thread yet.
    init(_ process: ProcessSettings) throws(StartError) {
        loops = process.workerThreads ?? processorCount()
        logs = try Logs(process.errorLog)
        access = try AccessServices(hashThreads: process.hashThreads, log: logs.error)
        upstreams = try UpstreamServices(control: access.control, log: logs.error)
        limits = LimitService(log: logs.error)
        self.process = ProcessHistory()
        admin = try StartError.wrap { [logs] () throws(SystemError) in try AdminService(log: logs.error) }
    }
}
