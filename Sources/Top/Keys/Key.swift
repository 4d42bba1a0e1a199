/// What somebody has pressed.
package enum Key: Sendable, Equatable {
    /// A printable character, ASCII or not.
    case character(Unicode.Scalar)
    case enter, escape, backspace, tab
    case up, down, left, right, pageUp, pageDown, home, end
    /// A letter with Ctrl, in lower case.
    case control(Unicode.Scalar)
}

/// Makes keys of what a terminal sends: UTF-8, and control sequences (ECMA-48 §5.4).
///
/// An escape byte is the start of a sequence, or the Escape key itself: only time tells. `flush` says that it has passed.
package struct KeyDecoder: Sendable {
    private enum State {
        case ground
        case escape
        /// After ESC O, of keypads.
        case single
        /// After ESC [, with what has come of it.
        case sequence([UInt8])
        /// UTF-8: what has come, and how many bytes are to come.
        case utf8([UInt8], Int)
    }

    private var state = State.ground
    /// Of a control sequence; what is longer is none of ours.
    private static let longest = 16

    package init() {}

    /// Whether an escape waits for what follows it.
    package var isPending: Bool {
        if case .ground = state { false } else { true }
    }

    package mutating func decode(_ bytes: some Sequence<UInt8>) -> [Key] { bytes.flatMap { take($0) } }

    /// Nothing more has come for a while.
    package mutating func flush() -> [Key] {
        defer { state = .ground }
        if case .escape = state { return [.escape] }
        return []
    }

    private mutating func take(_ byte: UInt8) -> [Key] {
        switch state {
        case .ground: return ground(byte)
        case .escape:
            state = .ground
            switch byte {
            case UInt8(ascii: "["): state = .sequence([])
            case UInt8(ascii: "O"): state = .single
            case 0x1B:
                state = .escape
                return [.escape]
            default: return [.escape] + ground(byte)
            }
            return []
        case .single:
            state = .ground
            return Self.key(final: byte, parameters: []).map { [$0] } ?? []
        case .sequence(let bytes): return sequence(bytes, byte)
        case .utf8(let bytes, let left): return utf8(bytes, left, byte)
        }
    }

    private mutating func ground(_ byte: UInt8) -> [Key] {
        switch byte {
        case 0x1B: state = .escape
        case 0x0D, 0x0A: return [.enter]
        case 0x09: return [.tab]
        case 0x7F, 0x08: return [.backspace]
        case 0..<0x20: return [.control(Unicode.Scalar(byte | 0x60))]
        case 0x20..<0x7F: return [.character(Unicode.Scalar(byte))]
        case 0xC2...0xDF: state = .utf8([byte], 1)
        case 0xE0...0xEF: state = .utf8([byte], 2)
        case 0xF0...0xF4: state = .utf8([byte], 3)
        default: break
        }
        return []
    }

    private mutating func sequence(_ bytes: [UInt8], _ byte: UInt8) -> [Key] {
        switch byte {
        case 0x1B: state = .escape
        case 0x20...0x3F: state = .sequence(bytes.count < Self.longest ? bytes + [byte] : bytes)
        default:
            state = .ground
            guard bytes.count < Self.longest else { return [] }
            return Self.key(final: byte, parameters: bytes).map { [$0] } ?? []
        }
        return []
    }

    private mutating func utf8(_ bytes: [UInt8], _ left: Int, _ byte: UInt8) -> [Key] {
        guard byte & 0xC0 == 0x80 else {
            state = .ground
            return ground(byte)
        }
        guard left == 1 else {
            state = .utf8(bytes + [byte], left - 1)
            return []
        }
        state = .ground
        guard let text = String(validating: bytes + [byte], as: UTF8.self), let scalar = text.unicodeScalars.first,
            scalar.value >= 0xA0
        else { return [] }
        return [.character(scalar)]
    }

    /// As xterm, the Linux console, rxvt and their likes send them.
    private static func key(final: UInt8, parameters: [UInt8]) -> Key? {
        switch Unicode.Scalar(final) {
        case "A": return .up
        case "B": return .down
        case "C": return .right
        case "D": return .left
        case "H": return .home
        case "F": return .end
        case "M": return .enter
        case "~": break
        default: return nil
        }
        switch String(decoding: parameters.prefix { $0 != UInt8(ascii: ";") }, as: UTF8.self) {
        case "1", "7": return .home
        case "4", "8": return .end
        case "5": return .pageUp
        case "6": return .pageDown
        default: return nil
        }
    }
}
