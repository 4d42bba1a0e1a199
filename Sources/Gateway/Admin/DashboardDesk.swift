import Configuration
import Wire

/// Answers a request for the dashboard. The admin thread's.
extension AdminDesk {
    func dashboard(_ job: AdminJob) throws(Problem) -> AdminResponse {
        guard job.request.path.isEmpty else { throw .notFound("The dashboard is at the path above.") }
        let page = DashboardPage.document(apiPrefix: job.route.site.apiPrefix)
        return AdminResponse(
            status: .ok,
            fields: [HTTPField("Content-Type", "text/html; charset=utf-8")]
                + AdminGate.securityFields(scripts: [page.scriptHash], styles: [page.styleHash]),
            body: page.html)
    }
}

extension Site {
    /// Where the server has its API; where it has none, where the shipped configuration has it.
    fileprivate var apiPrefix: String {
        for location in settings.locations {
            guard case .api = location.action else { continue }
            return location.match.path.hasSuffix("/") ? location.match.path : location.match.path + "/"
        }
        return "/api/"
    }
}
