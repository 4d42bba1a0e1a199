import Telemetry
import Wire

/// Answers one request to the operator's side. The admin thread's.
struct AdminDesk {
    let world: AdminWorld
    let log: ErrorLog

    func answer(_ job: AdminJob) {
        do throws(Problem) {
            switch job.admit() {
            case .refused(let status, let detail, let fields)?:
                throw Problem(status: status, detail: detail, fields: fields)
            case .admitted(let who)?: try answer(job, who: who)
            case nil: try answer(job, who: "")
            }
        } catch {
            send(error.response, job)
        }
    }

    /// The client is allowed in. `who`: what it has proved to be, for the log; empty: nobody was asked.
    private func answer(_ job: AdminJob, who: String) throws(Problem) {
        switch job.route.location.action {
        case .api where job.request.path == "trace" && job.request.method == "POST": try trace(job, who: who)
        case .metrics: send(try metrics(job.request), job)
        case .api(let isWritable): send(API(world: world, log: log).answer(job.apiRequest(who, isWritable)), job)
        case .dashboard: send(try dashboard(job), job)
        case .mqtt, .files, .fixed, .health: throw .notFound("There is nothing at this path.")
        }
    }

    /// Sends a whole answer, with what protects browsers; the dashboard brings its own.
    private func send(_ response: AdminResponse, _ job: AdminJob) {
        var response = response
        if !response.fields.contains(where: { $0.isNamed("content-security-policy") }) {
            response.fields += AdminGate.securityFields
        }
        job.reply(.whole(response))
    }
}
