import ArgumentParser
import Configuration
import Glibc
import Top

/// `sluice top`: connections and upstreams of a running gateway, live in the terminal or as text.
struct TopCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sluice top",
        abstract: "Shows connections and upstreams of a running gateway, from its API.",
        usage: "sluice top [URL] [options]",
        discussion: """
            URL is that of a location with `api;`, http or https. Default: \(APIAddress.standard), or SLUICE_API from the \
            environment. A host and a port are enough: the path is /api/ then.

            In the terminal, ? shows the keys: c connections, u upstreams, e those that have ended, Enter all of a \
            connection, s and r sort, / filters, p pauses, q quits.

            Credentials, where the location wants them: --user, whose password is asked for (or is one line of standard \
            input when that is no terminal), or a token from --token-file or from SLUICE_TOKEN in the environment. They are \
            never arguments, which other users could see.

            Examples:
              sluice top
              sluice top https://gateway.example.com/api/ --user operator
              sluice top --filter sensor- --sort -sent_bytes
              sluice top --once --limit 10
              sluice top --once --ended
              sluice top --json --interval 10s >> figures.jsonl

            Exit status: 0; 1 when the gateway cannot be reached or refuses; 64 when the command line is wrong.
            """)

    @Argument(help: ArgumentHelp("The API's URL.", valueName: "URL"))
    var url: String?

    @Flag(help: "Print plain text once, without control sequences. With --interval it looks twice, and has rates, too.")
    var once = false

    @Flag(help: "Print a JSON object on a line of its own: one with --once, else one for each interval.")
    var json = false

    @Flag(help: "Begin with the connections that have ended recently, and why.")
    var ended = false

    @Option(help: ArgumentHelp("How often to ask, such as 500ms, 2s or 1m. Default: 2s.", valueName: "time"))
    var interval: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            """
            Sort by a field, from the largest down with a - before it: \
            \(SortField.allCases.map(\.rawValue).joined(separator: ", ")). Default: -received_rate; with --once and \
            no --interval, -received_bytes.
            """, valueName: "field"))
    var sort: String?

    @Option(help: ArgumentHelp("List at most so many connections, 1 to 1000.", valueName: "number"))
    var limit = 200

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Only connections with this text in client identifier, user name or address.", valueName: "text"))
    var filter = ""

    @Option(help: ArgumentHelp("The user for basic authentication.", valueName: "name"))
    var user: String?

    @Option(help: ArgumentHelp("A file with the token, alone.", valueName: "file"))
    var tokenFile: String?

    @Option(help: ArgumentHelp("PEM file of the authorities for https. Default: the system's.", valueName: "file"))
    var cacert: String?

    @Flag(help: "Do not check the server's certificate.")
    var insecure = false

    func validate() throws {
        _ = try options()
        if user != nil, tokenFile != nil { throw ValidationError("--user and --token-file cannot be combined.") }
        if let user, user.isEmpty || user.contains(":") {
            throw ValidationError("--user must be a name without a colon, not \"\(user)\".")
        }
    }

    func run() throws {
        do throws(Failure) {
            let options: TopOptions
            do { options = try self.options() } catch { throw Failure(description: "\(error)") }
            if !once, !json { try TopTerminal.check() }
            let credentials = try TopCredentials.find(user: user, tokenFile: tokenFile)
            let client = try TopClient(
                options.address, authorization: credentials, authorities: cacert, verifiesServer: !insecure)
            defer { client.stop() }
            if once || json {
                try TopStream(client: client, options: options, isOnce: once, isJSON: json).run()
            } else {
                try TopSession.run(client, options)
            }
        } catch {
            // Some of it may be the words of the other side.
            Sluice.complain(TerminalText.prefix(error.description, 2000).text)
            throw ExitCode(1)
        }
    }

    private func options() throws -> TopOptions {
        let text = url ?? environment("SLUICE_API") ?? APIAddress.standard
        let address: APIAddress
        do { address = try APIAddress(text) } catch {
            // Not what it is: there may be a password in it.
            throw ValidationError("the API's URL cannot be used: \(error.reason).")
        }
        guard (1...1000).contains(limit) else { throw ValidationError("--limit must be 1 to 1000, not \(limit).") }
        let hasRates = !once || interval != nil
        let order = try order(hasRates: hasRates)
        return TopOptions(
            address: address, order: order, limit: limit, filter: filter, interval: try milliseconds(),
            isEnded: ended, hasRates: hasRates)
    }

    private func milliseconds() throws -> Int64 {
        guard let interval else { return 2000 }
        guard let time = Value.time(interval), time >= .milliseconds(100), time <= .seconds(3600) else {
            throw ValidationError("--interval must be a time from 100ms to 1h, such as 2s, not \"\(interval)\".")
        }
        return Int64(time / .milliseconds(1))
    }

    private func order(hasRates: Bool) throws -> SortOrder {
        guard let sort else { return SortOrder(hasRates ? .receivedRate : .receivedBytes, isDescending: true) }
        guard let order = SortOrder(sort) else {
            throw ValidationError("--sort: there is no field \"\(sort)\"; see --help for their names.")
        }
        guard hasRates || !order.field.isRate else {
            throw ValidationError("--sort \(sort): a rate needs two looks; say how far apart with --interval.")
        }
        return order
    }
}

/// What the command line says, understood.
struct TopOptions {
    let address: APIAddress
    let order: SortOrder
    let limit: Int
    let filter: String
    /// In milliseconds.
    let interval: Int64
    let isEnded: Bool
    /// Whether it looks more than once.
    let hasRates: Bool
}

/// nil: it is not there, or empty.
func environment(_ name: String) -> String? {
    guard let value = getenv(name) else { return nil }
    let text = String(cString: value)
    return text.isEmpty ? nil : text
}
