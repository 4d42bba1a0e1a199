import Testing

@testable import Top

@Suite struct KeyDecoderTests {
    private func keys(_ text: String) -> [Key] {
        var decoder = KeyDecoder()
        return decoder.decode(text.utf8) + decoder.flush()
    }

    @Test(
        "Keys as terminals send them",
        arguments: [
            ("q", [.character("q")]), ("\r", [.enter]), ("\n", [.enter]), ("\u{1B}[A\u{1B}OB", [.up, .down]),
            ("\u{1B}[5~\u{1B}[6~", [.pageUp, .pageDown]),
            ("\u{1B}[H\u{1B}[4~\u{1B}[1~\u{1B}OF", [.home, .end, .home, .end]),
            ("\u{1B}[1;5C", [.right]), ("\u{1B}", [.escape]), ("\u{1B}\u{1B}", [.escape, .escape]),
            ("\u{1B}q", [.escape, .character("q")]), ("\u{3}\u{1A}", [.control("c"), .control("z")]),
            ("\u{7F}", [.backspace]),
            ("ü你😀", [.character("ü"), .character("你"), .character("😀")]), ("\u{1B}[<0;1;1M", [.enter]),
            ("\u{1B}[200~x", [.character("x")]), ("\u{1B}[Z", []), ("\u{1B}[?1;2c", []), ("\u{9B}A", [.character("A")]),
        ] as [(String, [Key])])
    func keys(text: String, expected: [Key]) {
        #expect(keys(text) == expected)
        // The same when it comes byte by byte.
        var decoder = KeyDecoder()
        var found: [Key] = []
        for byte in text.utf8 { found += decoder.decode([byte]) }
        #expect(found + decoder.flush() == expected)
        #expect(!decoder.isPending)
    }

    @Test("Rubbish gives no key that was not pressed, takes no memory, and ends")
    func rubbish() {
        var decoder = KeyDecoder()
        #expect(decoder.decode([0xFF, 0xC0, 0x80, 0xF5, 0xE2, 0x41]) == [.character("A")])
        #expect(decoder.decode([0xED, 0xA0, 0x80]) == [])
        #expect(decoder.decode([0x1B, 0x5B] + [UInt8](repeating: 0x31, count: 100_000)) == [])
        #expect(decoder.isPending)
        #expect(decoder.decode([0x7E, 0x71]) == [.character("q")])
        #expect(decoder.flush() == [] && !decoder.isPending)
    }
}

@Suite struct TopMachineTests {
    private func filled(_ count: Int = 30, columns: Int = 80, rows: Int = 12) throws -> TopMachine {
        var machine = machine(columns, rows)
        machine.arrived(
            try look(connections: (1...count).map { connectionText($0, client: $0 < 10 ? "c0\($0)" : "c\($0)") }))
        return machine
    }

    private func press(_ machine: inout TopMachine, _ text: String) {
        for scalar in text.unicodeScalars { _ = machine.press(.character(scalar)) }
    }

    @Test("q and Ctrl-C quit, Ctrl-Z suspends; q in a filter is a letter")
    func quit() throws {
        var machine = try filled()
        #expect(machine.press(.control("z")) == .suspend)
        #expect(machine.press(.character("/")) == .none && machine.press(.character("q")) == .none)
        #expect(machine.editing == "q" && machine.press(.control("c")) == .quit)
        _ = machine.press(.escape)
        #expect(machine.press(.character("q")) == .quit)
    }

    @Test("The mark moves, stays inside, and takes the table with it")
    func moving() throws {
        var machine = try filled()
        #expect(machine.selectedIndex == 0 && machine.press(.up) == .none && machine.selectedIndex == 0)
        press(&machine, "jj")
        #expect(machine.selectedIndex == 2 && machine.first == 0)
        _ = machine.press(.end)
        #expect(machine.selectedIndex == 29 && machine.first == 30 - Screen.tableRoom(machine))
        _ = machine.press(.pageUp)
        #expect(machine.selectedIndex == 29 - (Screen.tableRoom(machine) - 1))
        for _ in 0..<10 { _ = machine.press(.pageDown) }
        #expect(machine.selectedIndex == 29)
        _ = machine.press(.home)
        #expect(machine.selectedIndex == 0 && machine.first == 0)
    }

    @Test("The mark stays with its connection when others come and go")
    func stays() throws {
        var machine = try filled()
        press(&machine, "jjj")
        let marked = machine.selected
        machine.arrived(try look(connections: (3...9).map { connectionText($0, client: "c0\($0)") }))
        #expect(machine.selected == marked && machine.selectedIndex == 1)
        machine.arrived(try look(connections: [connectionText(8)]))
        #expect(machine.selected == "0000000000000008")
        machine.arrived(try look(connections: []))
        #expect(machine.selected == nil && machine.press(.enter) == .none && machine.press(.down) == .none)
    }

    @Test("s and S go through the columns on the screen; r turns the order")
    func sorting() throws {
        var machine = try filled()
        let fields = Screen.sortFields(machine)
        #expect(fields.first == .clientID && fields.contains(.receivedRate) && !fields.contains(.id))
        for field in fields.dropFirst() + [.clientID] {
            #expect(machine.press(.character("s")) == .refresh && machine.order.field == field)
        }
        #expect(machine.press(.character("<")) == .refresh && machine.order.field == fields.last)
        let before = machine.order.isDescending
        _ = machine.press(.character("r"))
        #expect(machine.order.isDescending != before)
        _ = machine.press(.character(">"))
        #expect(machine.order == SortOrder(.clientID, isDescending: false) && machine.rows.first?.clientID == "c01")
        _ = machine.press(.character("r"))
        #expect(machine.rows.first?.clientID == "c30")
    }

    @Test("Rates are sorted here, from those with the most bytes; without rates by bytes")
    func rateOrder() throws {
        var machine = machine(order: SortOrder(.receivedRate, isDescending: true))
        #expect(machine.queries.map(\.path).contains("connections?sort=-received_bytes&limit=1000"))
        machine.arrived(
            try look(connections: [
                connectionText(1, bytes: 100), connectionText(2, bytes: 900), connectionText(3, bytes: 500),
            ]))
        #expect(machine.rows.map(\.clientID) == ["client-2", "client-3", "client-1"])
        machine.arrived(
            try look(
                status: statusText(uptime: 101),
                connections: [
                    connectionText(1, age: 51, bytes: 600), connectionText(2, age: 51, bytes: 900),
                    connectionText(3, age: 51, bytes: 700),
                ]))
        #expect(machine.rows.map(\.clientID) == ["client-1", "client-3", "client-2"])
    }

    @Test("A filter is typed, changed, applied, and taken away")
    func filter() throws {
        var machine = try filled()
        press(&machine, "/c02x")
        _ = machine.press(.backspace)
        #expect(machine.filter.isEmpty && machine.press(.enter) == .refresh)
        #expect(machine.filter == "c02" && machine.rows.map(\.clientID) == ["c02"])
        #expect(machine.queries.map(\.path).contains("connections?sort=client_id&limit=200&q=c02"))
        press(&machine, "/zz")
        _ = machine.press(.escape)
        #expect(machine.filter == "c02" && machine.editing == nil)
        #expect(machine.press(.escape) == .refresh && machine.filter.isEmpty && machine.rows.count == 30)
        press(&machine, "/" + String(repeating: "x", count: 1000))
        #expect(machine.editing?.utf8.count == 256)
        _ = machine.press(.control("u"))
        #expect(machine.editing?.isEmpty == true)
    }

    @Test(
        "A filter looks where the API's q does",
        arguments: [("client-7", 1), ("alice", 3), ("192.0.2.8", 1), ("nobody", 0)])
    func filterFields(text: String, count: Int) throws {
        var machine = machine(filter: text)
        machine.arrived(try look(connections: [7, 8, 9].map { connectionText($0) }))
        #expect(machine.rows.count == count)
    }

    @Test("Views ask for what they show")
    func views() throws {
        var machine = try filled()
        #expect(machine.queries.contains(.certificates))
        machine.arrived(try look(connections: [], certificates: "{\"certificates\":[]}"))
        #expect(!machine.queries.contains(.certificates))
        #expect(machine.press(.character("u")) == .refresh && machine.queries == [.status, .upstreams])
        #expect(machine.press(.character("e")) == .refresh)
        #expect(machine.queries.last?.path == "connections?state=closed&limit=200")
        // What was there is not what has ended.
        machine.arrived(try look(connections: [connectionText(1)]))
        #expect(machine.rows.isEmpty)
        let end = { (at: Int) in
            "{\"at\":\"2026-11-21T09:29:0\(at).000Z\",\"cause\":\"client_lost\",\"side\":\"client\"}"
        }
        machine.arrived(
            try look(
                connections: [
                    connectionText(1, end: end(1)), connectionText(2, end: end(3)), connectionText(3, end: end(2)),
                ],
                isEnded: true))
        #expect(machine.rows.map(\.clientID) == ["client-2", "client-3", "client-1"])
        #expect(machine.press(.character("c")) == .refresh && machine.view == .connections && machine.rows.isEmpty)
    }

    @Test("The detail is asked for, and goes with Escape")
    func detail() throws {
        var machine = try filled()
        #expect(machine.press(.enter) == .refresh && machine.queries.contains(.connection(id: "0000000000000001")))
        #expect(machine.press(.character("s")) == .none && machine.detail != nil)
        #expect(machine.press(.escape) == .none && machine.detail == nil)
    }

    @Test("While it is paused nothing is asked, and p goes on")
    func pause() throws {
        var machine = try filled()
        #expect(machine.press(.character("p")) == .none && machine.isPaused)
        #expect(machine.press(.character("r")) == .none && machine.press(.enter) == .none)
        #expect(machine.detail != nil && machine.press(.escape) == .none)
        #expect(machine.press(.character("p")) == .refresh && !machine.isPaused)
    }

    @Test("+ and - go through the intervals, and stop at their ends")
    func intervals() throws {
        var machine = try filled()
        press(&machine, "+")
        #expect(machine.interval == 5000)
        press(&machine, "++++++++")
        #expect(machine.interval == 60_000)
        press(&machine, "-------------")
        #expect(machine.interval == 200)
    }

    @Test("A restart forgets the rates and certificates of the process before it")
    func restart() throws {
        var machine = machine()
        machine.arrived(try look(connections: [], certificates: "{\"certificates\":[]}"))
        machine.arrived(try look(status: statusText(uptime: 102), connections: []))
        #expect(machine.rates != nil && !machine.queries.contains(.certificates))
        machine.arrived(try look(status: statusText(started: "2026-11-21T10:00:00.000Z", uptime: 1), connections: []))
        #expect(machine.rates == nil && machine.queries.contains(.certificates))
    }

    @Test("Any keys, in any order, at any size: nothing traps, and the screen is whole")
    func anyKeys() throws {
        var generator = SystemRandomNumberGenerator()
        let keys: [Key] =
            "qjkcueps SrGgh?/+-<>xü".unicodeScalars.map { .character($0) }
            + [
                .enter, .escape, .backspace, .up, .down, .left, .right, .pageUp, .pageDown, .home, .end, .control("u"),
                .tab,
            ]
        var machine = machine(40, 10)
        for step in 0..<600 {
            let size = TopMachine.Size(columns: .random(in: 1...220), rows: .random(in: 1...60))
            if step % 5 == 0 { machine.size = size }
            _ = machine.press(keys.randomElement(using: &generator) ?? .tab)
            if step % 7 == 0 {
                machine.arrived(
                    try look(
                        status: statusText(uptime: Double(100 + step)),
                        connections: (0..<Int.random(in: 0...40)).map {
                            connectionText($0 + 1, age: Double(50 + step))
                        },
                        isEnded: machine.view == .ended))
            }
            if step % 11 == 0 { machine.failed("no answer", now: Int64(step)) }
            let lines = Screen.lines(machine, now: Int64(step))
            #expect(lines.count == machine.size.rows && lines.allSatisfy { $0.width <= machine.size.columns })
        }
    }
}
