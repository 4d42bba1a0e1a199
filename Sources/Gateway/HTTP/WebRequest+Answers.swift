import Configuration
import Tunnel
import Wire

/// Answers without a file, and the pages of errors.
extension WebRequest {
    /// What `return` says. Whoever asks such a location whether all is well, as load balancers do, is to send no more clients
    /// once a drain has begun or was announced.
    func fixed(_ answer: FixedAnswer, _ path: String, _ route: Route) -> Outcome {
        if routing.loop.pointee.isDraining, (200...299).contains(answer.code) {
            return .refusal(Refusal(status: .serviceUnavailable, detail: "The gateway is draining."), route)
        }
        guard let status = HTTPStatus(code: answer.code) else { return .refusal(.notFound, route) }
        if case .none = answer.content, answer.code >= 300 { return .refusal(Refusal(status: status), route) }
        return .answer(.response(response(answer, status, path, route), answer.code < 400 ? .served : .requestRefused))
    }

    /// What `health` says: whether load balancers are to send clients here, as this loop sees it. To answer that is to serve,
    /// whatever the answer: probes that come every second are no news for who looks for failures.
    func health(_ path: String, _ route: Route) -> Answer {
        let readiness = routing.loop.pointee.readiness(pools: server.pools)
        let status = readiness == .ready ? HTTPStatus.ok : .serviceUnavailable
        let fields =
            added(route, status, path) + [
                HTTPField("Content-Type", "text/plain; charset=utf-8"), HTTPField("X-Content-Type-Options", "nosniff"),
                HTTPField("Cache-Control", "no-store"),
            ]
        return .response(HTTPResponse(status: status, fields: fields, body: readiness.text), .served)
    }

    private func response(
        _ answer: FixedAnswer, _ status: HTTPStatus, _ path: String, _ route: Route
    ) -> HTTPResponse {
        var fields = added(route, status, path)
        if AddedHeader.applies(to: answer.code),
            let freshness = Freshness(route.location.web.expires, now: now, modified: nil)
        {
            fields += freshness.fields
        }
        switch answer.content {
        case .none: return HTTPResponse(status: status, fields: fields)  // 204, or a success without content
        case .location(let template):
            let url = location(template, path)
            return HTTPResponse(
                status: status, detail: "It is at \(url).", fields: [HTTPField("Location", url)] + fields)
        case .text(let template):
            let text = WebVariables(self, path: path).text(template)
            var type = type(of: path, route)
            if type == WebSettings.binary { type = "text/plain; charset=utf-8" }  // it is a text
            fields += [HTTPField("Content-Type", type), HTTPField("X-Content-Type-Options", "nosniff")]
            return HTTPResponse(status: status, fields: fields, body: [UInt8](text.utf8))
        }
    }

    /// A target that begins with two slashes would be another host's: only the operator may write one.
    private func location(_ template: Template, _ path: String) -> String {
        let text = URIText.encoded(reference: WebVariables(self, path: path).text(template))
        if case .text? = template.segments.first { return text }
        return text.hasPrefix("//") ? "/" + text.drop { $0 == "/" } : text
    }

    /// Sends a client to a folder by its slash.
    func redirect(toFolder path: String, _ route: Route) -> Answer {
        // One slash only, as above.
        let folder = "/" + URIText.encoded(path: path).drop { $0 == "/" } + "/" + (head.query.map { "?\($0)" } ?? "")
        let fields = [HTTPField("Location", folder)] + added(route, .movedPermanently, path)
        return .response(
            HTTPResponse(status: .movedPermanently, detail: "The folder is at \(folder).", fields: fields), .served)
    }
}

// MARK: - Errors

extension WebRequest {
    /// The answer to a request that is not served: the `error_page` of the location, or one line. Without a location, the
    /// server's.
    func refuse(_ refusal: Refusal, _ route: Route?) -> Answer {
        let status = refusal.status
        routing.log(request, "request refused: \(status.code), \(refusal.detail)")
        let pages = route.map(\.location.web.errorPages) ?? server.site.settings.errorPages
        if let page = pages.first(where: { $0.codes.contains(status.code) }),
            let answer = answer(page, refusal, route)
        {
            return answer
        }
        let fields = refusal.fields + added(route, status, head.path)
        return .response(HTTPResponse(status: status, detail: refusal.detail, fields: fields), refusal.cause)
    }

    private func answer(_ page: ErrorPage, _ refusal: Refusal, _ route: Route?) -> Answer? {
        var status = refusal.status
        if case .changed(let code) = page.status { status = HTTPStatus(code: code) ?? status }
        guard page.target.hasPrefix("/") else {
            if !FixedAnswer.redirects.contains(status.code) { status = .found }
            let fields = [HTTPField("Location", URIText.encoded(reference: page.target))]
            return .response(
                HTTPResponse(
                    status: status, detail: "It is at \(page.target).",
                    fields: fields + added(route, status, head.path)), refusal.cause)
        }
        let path = String(page.target.prefix { $0 != "?" })
        return answer(path, status, ofPage: page.status == .ofPage, refusal)
    }

    /// The page at a path, with the status of its error or of `error_page`; nil: it is not there.
    private func answer(_ path: String, _ status: HTTPStatus, ofPage: Bool, _ refusal: Refusal) -> Answer? {
        var path = path
        for _ in 0...Self.redirects {
            guard let route = server.route(for: path), isAllowed(route) else { return nil }
            switch route.location.action {
            case .fixed(let answer):
                guard let own = HTTPStatus(code: answer.code), answer.content != .none else { return nil }
                return .response(response(answer, ofPage ? own : status, path, route), refusal.cause)
            case .files(let root):
                switch found(path, route, root) {
                case .file(let file, let validators, let path, let coding):
                    return self.page(file, validators, path, coding, ofPage ? .ok : status, refusal, route)
                case .elsewhere(let next): path = next
                case .folder, .failure: return nil
                }
            case .mqtt, .health, .metrics, .api, .dashboard: return nil
            }
        }
        return nil
    }

    private func page(
        _ file: OpenFile, _ validators: Validators, _ path: String, _ coding: FileAnswer.Coding, _ status: HTTPStatus,
        _ refusal: Refusal, _ route: Route
    ) -> Answer {
        // An error that becomes a success is one: `error_page 404 =200 /index.html`.
        if status == .ok, case .answer(let answer) = answer(file, validators, path, coding, route) { return answer }
        let freshness =
            AddedHeader.applies(to: status.code)
            ? Freshness(route.location.web.expires, now: now, modified: validators.modified) : nil
        return .file(
            FileAnswer(
                status: status, cause: refusal.cause, file: file, offset: 0, length: validators.size,
                type: type(of: path, route),
                validators: nil, coding: coding, freshness: freshness,
                added: refusal.fields + added(route, status, path)))
    }
}
