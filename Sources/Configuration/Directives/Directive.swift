/// Where a directive is allowed.
struct Contexts: OptionSet, Sendable {
    let rawValue: UInt8

    static let main = Contexts(rawValue: 1)
    static let upstream = Contexts(rawValue: 2)
    static let server = Contexts(rawValue: 4)
    static let location = Contexts(rawValue: 8)
    /// What applies to a location, and may be given for its server or the whole file.
    static let inherited: Contexts = [.main, .server, .location]

    var names: [String] {
        [(Contexts.main, "main"), (.upstream, "upstream"), (.server, "server"), (.location, "location")]
            .filter { contains($0.0) }.map(\.1)
    }
}

/// One line of the directive table.
struct Directive: Sendable {
    /// The order in which the directives of one block take effect; their order in the file does not matter.
    enum Phase: CaseIterable {
        /// What others refer to by name.
        case definition
        /// What blocks inside inherit.
        case setting
        /// Blocks that inherit.
        case block
    }

    let name: String
    let contexts: Contexts
    /// How many arguments it takes, and what it does with them.
    let action: Action
    let meaning: String
    /// The first version that has it: `0.1`.
    let since: String
    let isRepeatable: Bool
    let phase: Phase
    /// The context of the block that it opens, nil when it ends with `;`.
    let opens: Contexts?
    /// Whether its block has entries of its own, which are no directives.
    let hasEntries: Bool

    init(
        _ name: String, _ contexts: Contexts, _ action: Action, _ meaning: String,
        repeatable: Bool = false, phase: Phase = .setting, opens: Contexts? = nil, hasEntries: Bool = false,
        since: String = "0.1"
    ) {
        self.name = name
        self.contexts = contexts
        self.action = action
        self.meaning = meaning
        self.since = since
        self.isRepeatable = repeatable
        self.phase = phase
        self.opens = opens
        self.hasEntries = hasEntries
    }
}

/// What a directive does: it reads the arguments of a statement into the builder.
struct Action: Sendable {
    typealias Apply = @Sendable (Statement, inout Builder) throws(ConfigurationError) -> Void

    let arguments: ClosedRange<Int>
    let apply: Apply

    init(_ arguments: ClosedRange<Int>, _ apply: @escaping Apply) {
        self.arguments = arguments
        self.apply = apply
    }
}

extension Statement {
    /// `fault` as an error of this directive, at one of its arguments.
    func error(_ fault: ValueFault, at word: Word? = nil) -> ConfigurationError {
        error(fault.message, at: word ?? argument, hint: fault.hint)
    }

    /// An error of this directive, at its name or at one of its arguments.
    func error(_ message: String, at word: Word? = nil, hint: String? = nil) -> ConfigurationError {
        ConfigurationError(
            at: (word ?? name).position, "\"\(name.text)\" \(message)", hint: missingSemicolon ?? hint)
    }

    /// The usual cause of an error in a statement that continues on a line which begins with a directive's name.
    private var missingSemicolon: String? {
        let line = name.position.line
        guard let next = arguments.first(where: { $0.position.line > line && DirectiveTable.isKnown($0.text) })
        else { return nil }
        return "is a \";\" missing before \(quoted(next.text)) in line \(next.position.line)?"
    }
}
