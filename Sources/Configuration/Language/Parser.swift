/// One directive as written, with its arguments and, when it opened one, its block.
package struct Statement: Sendable {
    package var name: Word
    package var arguments: [Word]
    package var block: [Statement]?

    /// The first argument; the arity has been checked, so the fallback to the name is never used.
    var argument: Word { arguments.first ?? name }
}

/// Turns a file and what it includes into statements.
struct Parser {
    private let source: ConfigurationSource
    /// Folder of the main file: relative includes start there, from whichever file they are written in.
    private let folder: String
    /// Files being read now, outermost first.
    private var open: [String] = []
    private var filesRead = 0
    private var bytesRead = 0

    /// The statements of the file at `path`, with every `include` replaced by what it brings. `folder`, with a final "/", is
    /// where relative includes start; without it, the folder of the file.
    static func parse(
        path: String, folder: String? = nil, source: ConfigurationSource
    ) throws(ConfigurationError) -> [Statement] {
        let own = path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[...$0]) } ?? ""
        var parser = Parser(source: source, folder: folder ?? own)
        let whole = Position(file: path, line: 0, column: 0)
        return try parser.file(path, from: nil, at: whole, nesting: 0)
    }

    private init(source: ConfigurationSource, folder: String) {
        self.source = source
        self.folder = folder
    }
}

// MARK: - Files

extension Parser {
    /// Reads one file. `include` is the argument that named it, nil for the main file.
    private mutating func file(
        _ path: String, from include: Word?, at position: Position, nesting: Int
    ) throws(ConfigurationError) -> [Statement] {
        let name = cleaned(path)
        guard !open.contains(name) else {
            let chain = (open + [name]).joined(separator: " → ")
            throw ConfigurationError(at: position, "a file includes itself", hint: chain)
        }
        guard open.count <= Limits.includeDepth else {
            throw ConfigurationError(at: position, "more than \(Limits.includeDepth) levels of includes")
        }
        if include != nil, !source.exists(path) {
            throw ConfigurationError(
                at: position, "cannot include \(quoted(path, limit: 4096)): there is no such file",
                hint: "only a pattern such as *.conf may match nothing")
        }
        var lexer = Lexer(try bytes(path, from: include, at: position), file: path)
        open.append(name)
        defer { open.removeLast() }
        return try statements(&lexer, nesting: nesting)
    }

    private mutating func bytes(
        _ path: String, from include: Word?, at position: Position
    ) throws(ConfigurationError) -> [UInt8] {
        let prefix = include == nil ? "" : "cannot include \(quoted(path, limit: 4096)): "
        let bytes: [UInt8]
        do throws(ConfigurationSource.ReadFailure) {
            bytes = try source.read(path, Limits.fileSize)
        } catch {
            throw ConfigurationError(at: position, "\(prefix)the file cannot be read: \(error.reason)")
        }
        guard bytes.count <= Limits.fileSize else {
            throw ConfigurationError(at: position, "\(prefix)the file is larger than \(Limits.fileSize) bytes")
        }
        filesRead += 1
        bytesRead += bytes.count
        guard filesRead <= Limits.files, bytesRead <= Limits.totalSize else {
            throw ConfigurationError(
                at: position,
                "\(prefix)more than \(Limits.files) files, or than \(Limits.totalSize) bytes, in one configuration")
        }
        return bytes
    }

    /// `path` without `//` and `/./`, to tell whether two paths are the same.
    private func cleaned(_ path: String) -> String {
        let parts = path.split(separator: "/").filter { $0 != "." }
        return (path.hasPrefix("/") ? "/" : "") + parts.joined(separator: "/")
    }

    private mutating func include(
        _ statement: Statement, nesting: Int
    ) throws(ConfigurationError) -> [Statement] {
        let word = statement.argument
        guard statement.arguments.count == 1, statement.block == nil, !word.text.isEmpty else {
            throw ConfigurationError(
                at: statement.name.position, "\"include\" takes one argument, the name of a file or a pattern")
        }
        let pattern = word.text.hasPrefix("/") ? word.text : folder + word.text
        guard pattern.utf8.contains(where: { $0 == 0x2A || $0 == 0x3F || $0 == 0x5B }) else {  // * ? [
            return try file(pattern, from: word, at: word.position, nesting: nesting)
        }
        var result: [Statement] = []
        for path in source.glob(pattern).sorted() {
            result += try file(path, from: word, at: word.position, nesting: nesting)
        }
        return result
    }
}

// MARK: - Statements

extension Parser {
    /// A block whose `}` has not been read yet.
    private struct OpenBlock {
        var statement: Statement
        var brace: Position
        /// The statements around it so far.
        var outer: [Statement]
    }

    /// All statements of one file. Blocks are kept on a stack of its own, so that no text can exhaust the thread's.
    private mutating func statements(
        _ lexer: inout Lexer, nesting: Int
    ) throws(ConfigurationError) -> [Statement] {
        var blocks: [OpenBlock] = []
        var result: [Statement] = []
        while true {
            switch try lexer.next() {
            case .word(let name):
                var statement = Statement(name: name, arguments: [], block: nil)
                if let brace = try arguments(of: &statement, &lexer) {
                    guard nesting + blocks.count < Limits.nesting else {
                        throw ConfigurationError(at: brace, "more than \(Limits.nesting) levels of blocks")
                    }
                    blocks.append(OpenBlock(statement: statement, brace: brace, outer: result))
                    result = []
                } else if name.text == "include" {
                    result += try include(statement, nesting: nesting + blocks.count)
                } else {
                    result.append(statement)
                }
            case .close(let position):
                guard var block = blocks.popLast() else {
                    throw ConfigurationError(at: position, "unexpected \"}\": no block is open in this file")
                }
                block.statement.block = result
                result = block.outer
                block.outer = []  // so that the append below is in place
                result.append(block.statement)
            case .open(let position):
                throw ConfigurationError(at: position, "unexpected \"{\": a block starts with the name of a directive")
            case .semicolon(let position):
                throw ConfigurationError(at: position, "unexpected \";\": there is no directive before it")
            case .end:
                guard let block = blocks.last else { return result }
                throw ConfigurationError(
                    at: block.brace,
                    "the block of \(quoted(block.statement.name.text)) that opens here is never closed")
            }
        }
    }

    /// Reads up to `;` or `{`; the position of the brace when a block opens.
    private func arguments(
        of statement: inout Statement, _ lexer: inout Lexer
    ) throws(ConfigurationError) -> Position? {
        while true {
            switch try lexer.next() {
            case .word(let word): statement.arguments.append(word)
            case .semicolon: return nil
            case .open(let position): return position
            case .close, .end:
                throw ConfigurationError(
                    at: statement.name.position, "\(quoted(statement.name.text)) is not terminated by \";\"")
            }
        }
    }
}
