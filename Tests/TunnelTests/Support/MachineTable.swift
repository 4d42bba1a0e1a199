import Testing

/// One event of a state machine: for each state the action, then `>` and the phase it leads to. A lone word is an action
/// that stays in the phase, `> phase` an event without an action; `-` is an event that changes nothing and asks for
/// nothing, and `wrong` one that cannot happen there.
struct MachineRow<Event: Sendable>: Sendable, CustomTestStringConvertible {
    let event: Event
    let cells: [String]
    var testDescription: String { "\(event)" }

    init(_ event: Event, _ cells: String...) {
        self.event = event
        self.cells = cells
    }
}

/// What a cell of the table says.
struct MachineCell {
    let isWrong: Bool
    let action: String
    /// nil: the phase stays.
    let phase: String?

    init(_ text: String) {
        isWrong = text == "wrong"
        let parts = text.split(separator: ">", omittingEmptySubsequences: false).map { part in
            String(part.drop { $0 == " " }.prefix { $0 != " " })
        }
        action = parts[0].isEmpty ? "-" : parts[0]
        phase = parts.count > 1 ? parts[1] : nil
    }
}
