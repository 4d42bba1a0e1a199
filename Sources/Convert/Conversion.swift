import Configuration

/// What `sluice convert` is told beside the file.
package struct ConversionOptions: Sendable {
    /// The TCP port of brokers whose WebSocket port nginx names.
    package var brokerPort = 1883
    /// Where relative includes start, with a final "/"; nil: the folder of the file.
    package var folder: String?

    package init() {}
}

/// A configuration of nginx's as one of ours, and what became of its directives.
package struct Conversion: Sendable {
    /// A directive that was not carried over.
    package struct Rest: Sendable {
        package var name: String
        package var position: Position
    }

    /// The configuration: it loads, apart from files and names that are not on this machine.
    package var text: String
    /// Number of directives that have a counterpart in `text`.
    package var carried = 0
    /// Number of directives that nothing is needed for.
    package var unneeded = 0
    /// What is left for the operator, in the order of `text`.
    package var rest: [Rest] = []
    /// Rules that kept requests out and are left, too: what they were for may be open now.
    package var guards: [Position] = []
    /// Included files of servers and locations that could not be read: such rules may be in them.
    package var unread: [String] = []

    /// Reads the nginx configuration at `path`, with its includes, and converts it.
    ///
    /// - Throws: An error of syntax, a main file that cannot be read, or that nothing of it is for Sluice.
    package static func convert(
        path: String, source: ConfigurationSource, options: ConversionOptions
    ) throws(ConfigurationError) -> Conversion {
        let statements = try NginxSyntax.parse(
            path: path, folder: options.folder, source: MissingInclude.tolerant(source, main: path)
        ).map(\.flattened)
        var converter = Converter(statements, options)
        converter.convert(statements)
        try converter.output.settle(path: path)
        return Conversion(converter.output)
    }

    private init(_ output: Output) {
        text = output.text.text
        // What `stream` says is written into each of its servers.
        var seen: Set<Position> = []
        for line in output.lines {
            guard let origin = line.origin, seen.insert(origin.name.position).inserted else { continue }
            switch line.kind {
            case .directive, .open: carried += 1
            case .dropped(_, let reason):
                if reason.contains(mayKeepOut) { unread.append(origin.name.position.file) }
                if reason.contains(keptOut) { guards.append(origin.name.position) }
                if isUnneeded(reason) {
                    unneeded += 1
                } else {
                    let name = origin.name.text == MissingInclude.name ? "include" : origin.name.text
                    rest.append(Rest(name: name, position: origin.name.position))
                }
            case .blank, .note, .close: break
            }
        }
    }
}

/// What is said of a rule that limited access and cannot be carried over.
let keptOut = "This rule kept requests out"

/// What is said of a file that could not be read, where rules about access may be in it.
let mayKeepOut = "It may say who is kept out"

/// Whether a reason says that nothing has to be done.
func isUnneeded(_ reason: String) -> Bool {
    reason.hasPrefix("not needed") || reason.hasSuffix("nothing in it needs tuning")
}

/// An included file that cannot be read is a line of the result, not an error: nginx's own files and certbot's are often
/// not where the conversion is done.
enum MissingInclude {
    /// A statement of this name, with the path and the reason, stands for such a file.
    static let name = "include_that_cannot_be_read"

    /// Whether a file of this name says nothing about access, as those that come with nginx and with certbot.
    static func isHarmless(_ path: String) -> Bool {
        let file = path.split(separator: "/").last.map(String.init) ?? path
        return ["mime.types", "proxy_params", "fastcgi_params", "fastcgi.conf"].contains(file)
            || file.hasPrefix("options-ssl") || file.hasPrefix("ssl-")
    }

    static func tolerant(_ source: ConfigurationSource, main: String) -> ConfigurationSource {
        ConfigurationSource(
            read: { path, limit throws(ConfigurationSource.ReadFailure) in
                guard path != main else { return try source.read(path, limit) }
                do throws(ConfigurationSource.ReadFailure) {
                    return try source.read(path, limit)
                } catch {
                    let words = [name, path, error.reason].map(NginxSyntax.word)
                    return Array("\(words.joined(separator: " "));".utf8)
                }
            },
            glob: source.glob, exists: { _ in true })
    }
}
