extension TopMachine {
    /// What somebody has to do after a key.
    package enum Effect: Sendable, Equatable {
        /// Show the screen again, if anything.
        case none
        /// Ask the gateway now.
        case refresh
        /// Give the terminal back until SIGCONT.
        case suspend
        case quit
    }

    package mutating func press(_ key: Key) -> Effect {
        switch key {
        case .control("c"): return .quit
        case .control("z"): return .suspend
        default: break
        }
        if editing != nil { return edit(key) }
        if isHelp || detail != nil { return read(key) }
        if let effect = choose(key) { return effect }
        return move(key)
    }

    // MARK: Help and detail

    /// Pages to read: they only scroll, and go.
    private mutating func read(_ key: Key) -> Effect {
        let page = max(1, size.rows - 2)
        switch key {
        case .up, .character("k"): firstLine -= 1
        case .down, .character("j"): firstLine += 1
        case .pageUp: firstLine -= page
        case .pageDown, .character(" "): firstLine += page
        case .home, .character("g"): firstLine = 0
        case .end, .character("G"): firstLine = .max
        case .character("p") where !isHelp: return pause()
        case .character("q") where !isHelp: return .quit
        case .character("h"), .character("?"): (isHelp, firstLine) = (!isHelp, 0)
        case _ where isHelp: (isHelp, firstLine) = (false, 0)
        case .escape, .enter, .left: (detail, firstLine) = (nil, 0)
        default: break
        }
        firstLine = min(max(0, firstLine), Screen.lastFirstLine(self))
        return .none
    }

    // MARK: The filter

    private mutating func edit(_ key: Key) -> Effect {
        guard var text = editing else { return .none }
        switch key {
        case .enter:
            (filter, editing) = (text, nil)
            arrange()
            return .refresh
        case .escape:
            editing = nil
            return .none
        case .backspace: if !text.isEmpty { text.unicodeScalars.removeLast() }
        case .control("u"): text = ""
        case .character(let scalar) where text.utf8.count < Self.longestFilter: text.unicodeScalars.append(scalar)
        default: break
        }
        editing = text
        return .none
    }

    // MARK: What is shown

    private mutating func choose(_ key: Key) -> Effect? {
        switch key {
        case .character("q"): return .quit
        case .character("h"), .character("?"): (isHelp, firstLine) = (true, 0)
        case .character("c"): return show(.connections)
        case .character("u"): return show(.upstreams)
        case .character("e"): return show(.ended)
        case .character("p"): return pause()
        case .character("/"): editing = filter
        case .character("s"), .character(">"), .right: return sort(by: 1)
        case .character("S"), .character("<"), .left: return sort(by: -1)
        case .character("r"):
            order.isDescending.toggle()
            return rearrange()
        case .character("+"): return change(Self.intervals.first { $0 > interval })
        case .character("-"): return change(Self.intervals.last { $0 < interval })
        case .character(" "), .control("l"): return .refresh
        case .escape where !filter.isEmpty:
            filter = ""
            return rearrange()
        case .enter where view != .upstreams:
            guard let selected else { return Effect.none }
            (detail, firstLine) = (selected, 0)
            return asked
        default: return nil
        }
        return Effect.none
    }

    private mutating func show(_ view: View) -> Effect {
        guard self.view != view else { return .none }
        (self.view, first, selected) = (view, 0, nil)
        arrange()
        // Also while it is paused: there is nothing to show else.
        return .refresh
    }

    private mutating func pause() -> Effect {
        isPaused.toggle()
        return isPaused ? .none : .refresh
    }

    /// While it is paused nothing is asked: what is there has to do.
    private var asked: Effect { isPaused ? .none : .refresh }

    /// The next column that is on the screen, and can be sorted by.
    private mutating func sort(by step: Int) -> Effect {
        guard view == .connections else { return .none }
        let fields = Screen.sortFields(self)
        guard !fields.isEmpty else { return .none }
        let index = fields.firstIndex(of: order.field).map { ($0 + step + fields.count) % fields.count }
        let field = fields[index ?? (step > 0 ? 0 : fields.count - 1)]
        order = SortOrder(field, isDescending: field.descendsAtFirst)
        return rearrange()
    }

    private mutating func rearrange() -> Effect {
        (first, selected) = (0, nil)
        arrange()
        return asked
    }

    private mutating func change(_ interval: Int64?) -> Effect {
        if let interval { self.interval = interval }
        return .none
    }

    // MARK: The mark

    private mutating func move(_ key: Key) -> Effect {
        let page = max(1, Screen.tableRoom(self) - 1)
        let count = view == .upstreams ? (look?.upstreams.count ?? 0) : rows.count
        let index = view == .upstreams ? first : selectedIndex ?? 0
        let target: Int
        switch key {
        case .up, .character("k"): target = index - 1
        case .down, .character("j"): target = index + 1
        case .pageUp: target = index - page
        case .pageDown: target = index + page
        case .home, .character("g"): target = 0
        case .end, .character("G"): target = count - 1
        default: return .none
        }
        if view == .upstreams {
            first = min(max(0, target), max(0, count - Screen.tableRoom(self)))
        } else if !rows.isEmpty {
            selected = rows[min(max(0, target), rows.count - 1)].id
            scroll()
        }
        return .none
    }
}
