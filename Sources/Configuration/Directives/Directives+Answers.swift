extension DirectiveTable {
    static let answers: [Directive] = [
        Directive(
            "return", [.server, .location], .fixedAnswer,
            "Answers every request with a status, and a text or the URL that the client is sent to."),
        Directive(
            "health", .location,
            Action(0...0) { (statement, builder) throws(ConfigurationError) in
                builder.location?.health = statement.name
            },
            "Answers 200 while clients are to be sent here, 503 while draining or without a usable broker."),
        Directive(
            "error_page", .inherited, .errorPage,
            "Page that takes the place of answers with these statuses; =STATUS changes the status.", repeatable: true),
        Directive(
            "add_header", .inherited, .addHeader,
            "Field of answers with files, of return and of health; always: of errors, too.", repeatable: true),
        Directive(
            "expires", .inherited, .expires,
            "How long browsers and caches may keep a file: a time, epoch, max or off."),
    ]
}

// MARK: - return

extension Action {
    static var fixedAnswer: Action {
        Action(1...2) { (statement, builder) throws(ConfigurationError) in
            let answer = (statement.name, try fixedAnswer(statement))
            if builder.context == .server { builder.server?.fixed = answer } else { builder.location?.fixed = answer }
        }
    }

    /// `CODE`, `CODE TEXT`, `CODE URL` or `URL`.
    private static func fixedAnswer(_ statement: Statement) throws(ConfigurationError) -> FixedAnswer {
        let first = statement.argument
        guard let code = Value.integer(first.text[...]) else {
            let isURL = ["http://", "https://", "$scheme", "/"].contains(where: first.text.hasPrefix)
            guard statement.arguments.count == 1, isURL else {
                throw statement.error(
                    "needs a status, and perhaps a text or a URL, not \(quoted(first.text))", at: first)
            }
            return FixedAnswer(code: 302, content: .location(try Template.ofRequest(first.text, first, statement)))
        }
        guard (200...599).contains(code), code != 444 else {
            throw statement.error(
                "needs a status from 200 to 599, not \(quoted(first.text))", at: first,
                hint: code == 444 ? "closing the connection without an answer is not supported: write 404 or 421" : nil)
        }
        guard let second = statement.arguments.dropFirst().first else {
            guard !FixedAnswer.redirects.contains(code) else {
                throw statement.error("needs a URL after \(code), for the client to go to", at: first)
            }
            return FixedAnswer(code: code, content: .none)
        }
        let template = try Template.ofRequest(second.text, second, statement)
        guard FixedAnswer.redirects.contains(code) else {
            guard ![204, 304].contains(code) else {
                throw statement.error("has no text with \(code): its answer has no content", at: second)
            }
            return FixedAnswer(code: code, content: .text(template))
        }
        guard !second.text.isEmpty else { throw statement.error("needs a URL that is not empty", at: second) }
        return FixedAnswer(code: code, content: .location(template))
    }
}

// MARK: - error_page

extension Action {
    static var errorPage: Action {
        Action(2...64) { (statement, builder) throws(ConfigurationError) in
            guard let target = statement.arguments.last else { return }
            var words = statement.arguments.dropLast()
            var status = ErrorPage.Status.kept
            if let word = words.last, word.text.hasPrefix("=") {
                words.removeLast()
                status = try changed(word, statement)
            }
            let isURL = target.text.hasPrefix("http://") || target.text.hasPrefix("https://")
            guard target.text.hasPrefix("/") || isURL, isPrintable(target.text) else {
                throw statement.error(
                    "must end with a path that begins with \"/\", or a URL, not \(quoted(target.text))", at: target,
                    hint: target.text.hasPrefix("@") ? "locations with names are not supported" : nil)
            }
            if let variable = variableReference(in: target.text) {
                throw statement.error("takes no variables: \(quoted(variable)) would not be replaced", at: target)
            }
            var codes: [Int] = []
            for word in words {
                guard let code = Value.integer(word.text[...]), (300...599).contains(code) else {
                    throw statement.error("needs statuses from 300 to 599, not \(quoted(word.text))", at: word)
                }
                codes.append(code)
            }
            guard !codes.isEmpty else { throw statement.error("needs a status before the page", at: target) }
            builder.scope.web.errorPages.append(
                ErrorPage(codes: codes, status: status, target: target.text), in: builder.context)
        }
    }

    /// `=` or `=STATUS`.
    private static func changed(_ word: Word, _ statement: Statement) throws(ConfigurationError) -> ErrorPage.Status {
        let digits = word.text.dropFirst()
        if digits.isEmpty { return .ofPage }
        guard let code = Value.integer(digits), (200...599).contains(code) else {
            throw statement.error("needs a status from 200 to 599 after \"=\", not \(quoted(word.text))", at: word)
        }
        return .changed(code)
    }
}

// MARK: - add_header, expires

extension Action {
    static var addHeader: Action {
        Action(2...3) { (statement, builder) throws(ConfigurationError) in
            let name = statement.argument
            guard isToken(name.text) else {
                throw statement.error("needs the name of a field, not \(quoted(name.text))", at: name)
            }
            if let hint = reserved[name.text.lowercased()] {
                throw statement.error("cannot set \(name.text)", at: name, hint: hint)
            }
            let value = statement.arguments[1]
            let template = try Template.ofRequest(value.text, value, statement)
            let last = statement.arguments.dropFirst(2).first
            if let last, last.text != "always" {
                throw statement.error(
                    "takes only \"always\" after the value, not \(quoted(last.text))", at: last,
                    hint: "put a value with spaces in quotes")
            }
            builder.scope.web.headers.append(
                AddedHeader(name: name.text, value: template, always: last != nil), in: builder.context)
        }
    }

    /// Fields that the gateway answers for.
    private static let reserved: [String: String] = {
        let framing = "the gateway writes it itself"
        var hints = ["content-type": "use \"types\" or \"default_type\""]
        for name in [
            "content-length", "transfer-encoding", "connection", "keep-alive", "date", "server", "upgrade", "te",
            "trailer", "content-range", "content-encoding", "accept-ranges", "etag", "last-modified",
        ] { hints[name] = framing }
        return hints
    }()

    static var expires: Action {
        Action(1...2) { (statement, builder) throws(ConfigurationError) in
            let isModified = statement.argument.text == "modified"
            let count = isModified ? 2 : 1
            guard let word = statement.arguments.last, statement.arguments.count == count else {
                throw statement.error("takes one time, or \"modified\" and a time")
            }
            switch word.text {
            case "off" where !isModified: builder.scope.web.expires = .off
            case "epoch" where !isModified: builder.scope.web.expires = .epoch
            case "max" where !isModified: builder.scope.web.expires = .max
            default:
                guard let seconds = seconds(word.text) else {
                    let words = isModified ? "" : "off, epoch, max or "
                    throw statement.error(
                        "must be \(words)a time in whole seconds, such as 30s, 1h, 7d or -1, not \(quoted(word.text))",
                        at: word,
                        hint: word.text.hasPrefix("@") ? "a time of the day is not supported" : nil)
                }
                builder.scope.web.expires = isModified ? .afterChange(seconds) : .after(seconds)
            }
        }
    }

    /// A time with its sign, up to about thirty years.
    private static func seconds(_ text: String) -> Int? {
        let isNegative = text.hasPrefix("-")
        let digits = isNegative || text.hasPrefix("+") ? String(text.dropFirst()) : text
        guard let time = Value.time(digits), time <= .seconds(1_000_000_000) else { return nil }
        let (seconds, rest) = time.components
        guard rest == 0 else { return nil }
        return isNegative ? -Int(seconds) : Int(seconds)
    }
}

extension Template {
    /// A text with variables that are known of a request.
    static func ofRequest(_ text: String, _ word: Word, _ statement: Statement) throws(ConfigurationError) -> Template {
        guard isPrintable(text.filter { !$0.isNewline && $0 != "\t" }) else {
            throw statement.error("has a control character", at: word)
        }
        let template: Template
        do throws(ValueFault) { template = try parsed(text) } catch { throw statement.error(error, at: word) }
        for variable in template.variables where !variable.isKnownOfRequest {
            throw statement.error(
                "takes no $\(variable.name): it is not known when a request is answered", at: word)
        }
        return template
    }
}

extension Variable {
    /// Whether a request that is no upgrade has it before its answer.
    fileprivate var isKnownOfRequest: Bool {
        switch self {
        case .remoteAddr, .remotePort, .serverName, .serverPort, .scheme, .uri, .httpVersion, .http, .cookie, .argument,
            .listener, .sslProtocol, .sslCipher, .sslServerName, .sslSessionReused, .sslClientCN, .sslClientDN,
            .sslClientSerial, .sslClientFingerprint, .sslClientVerify, .connectionID, .host, .requestURI, .args,
            .isArgs,
            .requestMethod:
            true
        default: false
        }
    }
}
