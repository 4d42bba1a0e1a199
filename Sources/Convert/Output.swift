import Configuration

/// The lines of the result, before they are text.
struct Output {
    enum Kind {
        case blank
        /// A comment.
        case note(String)
        /// A directive with its arguments.
        case directive([String])
        /// The beginning of a block.
        case open([String])
        case close
        /// What is not carried over, as nginx's file has it, and why.
        case dropped(String, reason: String)
    }

    struct Line {
        var kind: Kind
        var depth: Int
        /// What it was made from; nil: it was added.
        var origin: Statement?
    }

    private(set) var lines: [Line] = []
    private var depth = 0

    mutating func blank() {
        switch lines.last?.kind {
        case nil, .blank, .open: break
        default: add(.blank)
        }
    }

    mutating func note(_ text: String) { add(.note(text)) }

    /// A directive; what nginx's file says is beside it if it is something else.
    mutating func directive(_ words: [String], from origin: Statement? = nil) {
        add(.directive(words), origin)
    }

    /// Begins a block; `closeBlock` ends it.
    mutating func openBlock(_ words: [String], from origin: Statement? = nil) {
        blank()
        add(.open(words), origin)
        depth += 1
    }

    mutating func closeBlock() {
        depth -= 1
        add(.close)
    }

    mutating func drop(_ statement: Statement, _ reason: String) {
        let reason = reason.replacing("; remove it", with: "")
        add(.dropped(statement.summary, reason: reason), statement)
    }

    private mutating func add(_ kind: Kind, _ origin: Statement? = nil) {
        lines.append(Line(kind: kind, depth: depth, origin: origin))
    }

    /// Takes out the directive, or the whole block, at `index`, and says why.
    mutating func remove(at index: Int, _ reason: String) {
        let line = lines[index]
        guard case .open(let words) = line.kind else {
            guard case .directive(let words) = line.kind else { return }
            lines[index].kind = .dropped(line.origin?.summary ?? written(words), reason: reason)
            return
        }
        let end = lines[index...].firstIndex { $0.depth == line.depth && $0.isClose } ?? lines.endIndex - 1
        let text = line.origin?.summary ?? "\(written(words)) { … }"
        // A server may be gone because its "listen" was.
        let inner = lines[index...end].compactMap { line -> String? in
            guard case .dropped(let text, let reason) = line.kind, text.hasPrefix("listen ") else { return nil }
            return "; its \(quoted(listen: text)) was refused: \(reason)"
        }
        let dropped = Line(
            kind: .dropped(text, reason: reason + inner.joined()), depth: line.depth, origin: line.origin)
        let isGuarded = lines[index...end].contains { $0.isDeny }
        lines.replaceSubrange(index...end, with: [dropped])
        // Without it another location would answer.
        if words.first == "location", isGuarded {
            let inner = Line(kind: .directive(["return", "403"]), depth: line.depth + 1)
            let block = [Line(kind: .open(words), depth: line.depth), inner, Line(kind: .close, depth: line.depth)]
            lines.insert(contentsOf: block, at: index + 1)
        }
    }

    /// What a line that was refused has kept out.
    enum Guard {
        /// Addresses: its place in its list denies everybody.
        case rule
        /// Whoever is not known: its block denies everybody, also by the lists of the blocks in it, which replace that of the block.
        case identity
        /// It tells whose address rules are about: the lists of its block, and of those in it, deny everybody.
        case address
    }

    /// Denies everybody where rules that limit access could not be carried over.
    mutating func close(_ refused: [(index: Int, guard: Guard)]) {
        var places: Set<Int> = []
        for (index, kind) in refused {
            guard kind != .rule else {
                places.insert(index)
                continue
            }
            let lists = lists(around: index)
            places.formUnion(lists)
            let hasOwn = lists.contains { lines[$0].depth == lines[index].depth }
            if kind == .identity, !hasOwn { places.insert(index) }
        }
        for place in places.sorted().reversed() where !lines[place].deniesAll {
            lines.insert(Line(kind: .directive(["deny", "all"]), depth: lines[place].depth, origin: nil), at: place)
        }
    }

    /// Where the lists of `allow` and `deny` begin, of the block that a line is in, and of the blocks in it.
    private func lists(around index: Int) -> [Int] {
        let depth = lines[index].depth
        let start = lines[..<index].lastIndex { $0.depth < depth } ?? lines.startIndex
        let end = lines[index...].firstIndex { $0.depth < depth } ?? lines.endIndex
        var found: [Int] = []
        var isFirst = [Bool](repeating: true, count: depth + 1)
        for place in start..<end {
            switch lines[place].kind {
            case .open where lines[place].depth >= depth: isFirst.append(true)
            case .close: isFirst.removeLast()
            case .directive where lines[place].isRule && isFirst.last == true:
                isFirst[isFirst.count - 1] = false
                found.append(place)
            default: break
            }
        }
        return found
    }
}

extension Output.Line {
    var isClose: Bool { if case .close = kind { true } else { false } }

    /// Whether it begins a location that matches what no other one does.
    var isForTheRest: Bool {
        guard case .open(let words) = kind else { return false }
        return words == ["location", "/"] || words == ["location", "^~", "/"]
    }

    var isRoot: Bool { if case .directive(let words) = kind { words.first == "root" } else { false } }

    var isDeny: Bool { if case .directive(let words) = kind { words.first == "deny" } else { false } }

    /// Whether it says which addresses are allowed in.
    fileprivate var isRule: Bool {
        if case .directive(let words) = kind { ["allow", "deny"].contains(words.first) } else { false }
    }

    fileprivate var deniesAll: Bool { if case .directive(["deny", "all"]) = kind { true } else { false } }
}

// MARK: - Text

extension Output {
    /// The result as text, and for each line of the text the index of what it was made from.
    var text: (text: String, indices: [Int]) {
        var rows: [String] = []
        var indices: [Int] = []
        for (index, line) in lines.enumerated() {
            for row in self.rows(of: line, before: index + 1 < lines.count ? lines[index + 1] : nil) {
                // A path may contain anything; a comment ends with its line.
                let row = String(String.UnicodeScalarView(row.unicodeScalars.filter { $0.value >= 0x20 }))
                rows.append(row.isEmpty ? "" : String(repeating: " ", count: line.depth * 4) + row)
                indices.append(index)
            }
        }
        return (rows.joined(separator: "\n") + "\n", indices)
    }

    private func rows(of line: Line, before next: Line?) -> [String] {
        switch line.kind {
        case .blank: return [""]
        case .close: return ["}"]
        case .note(let text): return comment(text, indent: "")
        case .open(let words): return beside("\(written(words)) {", line, isSame: written(words))
        case .directive(let words): return beside("\(written(words));", line, isSame: "\(written(words));")
        case .dropped(let text, let reason):
            let own = "# \(line.origin.map { "\($0.name.position.place): " } ?? "")\(text)"
            // Neighbours with one reason share it.
            if case .dropped(_, reason) = next?.kind { return [own] }
            return [own] + comment(reason, indent: "    ")
        }
    }

    /// A row with nginx's line beside it, or above it where that is long.
    private func beside(_ row: String, _ line: Line, isSame: String) -> [String] {
        guard let origin = line.origin else { return [row] }
        let summary = origin.block == nil ? origin.summary : written([origin.name.text] + origin.arguments.map(\.text))
        guard summary != isSame else { return [row] }
        let note = "# nginx: \(summary)"
        return row.count + note.count + line.depth * 4 > 110 ? [note, row] : ["\(row)  \(note)"]
    }

    /// A comment in lines of some hundred characters.
    private func comment(_ text: String, indent: String) -> [String] {
        var rows: [String] = []
        var row = ""
        for word in text.split(separator: " ") {
            if !row.isEmpty, row.count + word.count > 100 {
                rows.append(row)
                row = ""
            }
            row += (row.isEmpty ? "# \(indent)" : " ") + word
        }
        return row.isEmpty ? rows : rows + [row]
    }
}

private func quoted(listen text: String) -> String { "\"\(text.dropLast())\"" }

/// Words as they are written in a file.
func written(_ words: [String]) -> String { words.map(NginxSyntax.word).joined(separator: " ") }

extension Position {
    /// The last part of the path, and the line: `nginx.conf:12`.
    var place: String { "\(file.split(separator: "/").last.map(String.init) ?? file):\(line)" }
}

extension Statement {
    /// One line that shows it; of a block no more than how it begins, and what it passes requests to.
    var summary: String {
        if name.text == MissingInclude.name {
            return "include \(NginxSyntax.word(arguments.first?.text ?? ""));"
        }
        let head = written([name.text] + arguments.map(\.text))
        guard let block else { return "\(head);" }
        let passes = block.filter { $0.name.text.hasSuffix("_pass") || $0.name.text == "return" }
        return "\(head) { \(passes.prefix(1).map { "\($0.summary) " }.joined())… }"
    }
}
