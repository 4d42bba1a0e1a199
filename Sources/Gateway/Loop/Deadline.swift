import Reactor

/// Whose turn it is when the timer wheel hands an entry out.
enum TimerOwner: Equatable {
    case connection(SlabToken)
    case session(SlabToken)
    case stream(SlabToken)
    /// A session that is held by its rate.
    case pace(SlabToken)

    private static let sessionBit: UInt32 = 1 << 31
    private static let streamBit: UInt32 = 1 << 30
    private static let kindBits = sessionBit | streamBit

    /// As the wheel keeps it. Slots stay far below the bits that tell whose they are.
    var wheelToken: TimerWheel.Token {
        switch self {
        case .connection(let token): UInt64(token.generation) << 32 | UInt64(token.slot)
        case .session(let token): UInt64(token.generation) << 32 | UInt64(token.slot | Self.sessionBit)
        case .stream(let token): UInt64(token.generation) << 32 | UInt64(token.slot | Self.streamBit)
        case .pace(let token): UInt64(token.generation) << 32 | UInt64(token.slot | Self.kindBits)
        }
    }

    init(wheelToken: TimerWheel.Token) {
        let slot = UInt32(truncatingIfNeeded: wheelToken)
        let token = SlabToken(
            slot: slot & ~Self.kindBits, generation: UInt32(truncatingIfNeeded: wheelToken >> 32))
        self =
            switch slot & Self.kindBits {
            case Self.sessionBit: .session(token)
            case Self.streamBit: .stream(token)
            case 0: .connection(token)
            default: .pace(token)
            }
    }
}

/// When a connection or a session is to be looked at, and the entry of the wheel that sees to it. A deadline that moves
/// later costs one store.
struct Deadline: BitwiseCopyable {
    /// On the loop's clock; `.max`: never.
    private(set) var time: Int64 = .max
    /// The tick of the entry that counts; 0: there is none.
    private var tick: Int64 = 0

    /// Whether the wheel holds an entry for it.
    var isScheduled: Bool { tick != 0 }

    mutating func set(_ time: Int64, _ owner: TimerOwner, _ wheel: inout TimerWheel) {
        self.time = time
        schedule(owner, &wheel)
    }

    /// The wheel has handed out the entry of `tick`. Returns whether the deadline has passed; an entry that an earlier
    /// one has replaced says nothing, and one that comes too early is scheduled again.
    mutating func hasPassed(tick: Int64, now: Int64, _ owner: TimerOwner, _ wheel: inout TimerWheel) -> Bool {
        guard tick == self.tick else { return false }
        self.tick = 0
        if time <= now { return true }
        schedule(owner, &wheel)
        return false
    }

    /// Makes sure that the wheel hands the owner out no later than at the deadline.
    private mutating func schedule(_ owner: TimerOwner, _ wheel: inout TimerWheel) {
        guard time < .max else { return }
        let next = wheel.tick(of: time)
        guard tick == 0 || next < tick else { return }
        tick = wheel.schedule(owner.wheelToken, at: time)
    }
}
