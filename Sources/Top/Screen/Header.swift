/// The lines on top: the process, what it carries, and its loops.
enum Header {
    /// One line to five, depending on the room.
    static func lines(_ machine: TopMachine) -> [Line] {
        guard let look = machine.look else { return [Line("sluice top: waiting for \(machine.url)")] }
        let (width, height) = (machine.size.columns, machine.size.rows)
        var lines = [process(look.status, machine, width), traffic(look.status, machine.rates, width)]
        if height >= 14 { lines.append(loops(look.status, machine.rates, width)) }
        if height >= 14, let warning = warning(look) { lines.append(Line.joined(warning, width: width)) }
        return lines
    }

    private static func process(_ status: GatewayStatus, _ machine: TopMachine, _ width: Int) -> Line {
        Line.joined(
            [
                Piece("sluice \(status.version)", .bold), Piece("up \(Figures.time(status.uptime))"),
                Piece("\(status.sessions) sessions"), Piece("\(status.connections) connections"),
                Piece(machine.isPaused ? "PAUSED" : "", .alarm), Piece(Figures.clock(status.now)),
                Piece("every \(Figures.time(Double(machine.interval) / 1000))", .dim), Piece(machine.url, .dim),
            ], width: width)
    }

    private static func traffic(_ status: GatewayStatus, _ rates: Rates?, _ width: Int) -> Line {
        func flow(_ name: String, _ flow: Rates.Flow?) -> [Piece] {
            guard let flow else { return [Piece("\(name) -")] }
            return [
                Piece("\(name) \(Figures.bytes(flow.bytes))B/s"), Piece("\(Figures.count(flow.packets)) packets/s"),
            ]
        }
        var pieces = flow("in", rates?.gateway.received) + flow("out", rates?.gateway.sent)
        if width < 60 { pieces = pieces.filter { !$0.text.hasSuffix("packets/s") } }
        if let rates { pieces.append(Piece("cpu \(Figures.percent(rates.cpu))")) }
        if status.memory > 0 { pieces.append(Piece("memory \(Figures.bytes(Double(status.memory)))B")) }
        if status.mostFiles > 0 {
            let isTight = status.openFiles * 10 > status.mostFiles * 9
            pieces.append(Piece("files \(status.openFiles)/\(status.mostFiles)", isTight ? .bad : .plain))
        }
        pieces.append(Piece("generation \(status.generation)", .dim))
        return Line.joined(pieces, width: width)
    }

    /// `loops busy 12%  0 20%  1 4%`: the mean, then as many as fit.
    private static func loops(_ status: GatewayStatus, _ rates: Rates?, _ width: Int) -> Line {
        guard let rates, !rates.busy.isEmpty else {
            return Line.joined([Piece("\(status.loops.count) loops, busy -")], width: width)
        }
        let mean = rates.busy.values.reduce(0, +) / Double(rates.busy.count)
        var pieces = [
            Piece("\(status.loops.count) loops, busy \(Figures.percent(mean))"),
            Piece("most \(Figures.percent(rates.busy.values.max() ?? 0))"),
        ]
        for (index, share) in rates.busy.sorted(by: { $0.key < $1.key }) {
            let style: Style = share >= 0.9 ? .bad : share >= 0.6 ? .warning : .plain
            pieces.append(Piece("\(index):\(bar(share)) \(Figures.percent(share))", style))
        }
        return Line.joined(pieces, width: width)
    }

    private static func bar(_ share: Double) -> String {
        let count = Int((min(max(0, share), 1) * 10).rounded())
        return "[" + String(repeating: "#", count: count) + String(repeating: ".", count: 10 - count) + "]"
    }

    /// What somebody should look at.
    private static func warning(_ look: Look) -> [Piece]? {
        var pieces: [Piece] = []
        if let reason = look.status.reloadFailure { pieces.append(Piece("the last reload failed: \(reason)", .bad)) }
        for certificate in (look.certificates ?? []).sorted(by: { $0.expiresIn < $1.expiresIn }) {
            guard certificate.expiresIn < 14 * 86_400 else { break }
            let name = certificate.serverName.isEmpty ? certificate.file : certificate.serverName
            let isOver = certificate.expiresIn <= 0
            let text = isOver ? "has expired" : "expires in \(Figures.time(certificate.expiresIn))"
            pieces.append(Piece("certificate of \(name) \(text)", isOver ? .bad : .warning))
        }
        if look.status.logLinesDropped > 0 {
            pieces.append(Piece("\(look.status.logLinesDropped) log lines dropped", .warning))
        }
        return pieces.isEmpty ? nil : pieces
    }
}
