import Text
import Upstream

/// What a request changes of a peer. Pure.
struct PeerChange: Equatable {
    /// What becomes of one setting.
    private enum Setting<Value: Equatable>: Equatable {
        case stays, asConfigured
        case set(Value)

        func apply(to value: inout Value?) {
            switch self {
            case .stays: break
            case .asConfigured: value = nil
            case .set(let new): value = new
            }
        }
    }

    private var weight = Setting<Int>.stays
    private var maxConnections = Setting<Int>.stays
    private var isDown = Setting<Bool>.stays
    private var isDraining = Setting<Bool>.stays

    /// Reads a JSON object with at least one of the members `weight`, `max_conns`, `down` and `drain`; null: as configured.
    init(_ body: [UInt8]) throws(Problem) {
        let members = try Self.members(body)
        for name in members.keys.sorted() {
            let value = members[name] ?? .null
            switch name {
            case "weight": weight = try Self.number(name, value, 1...65_535)
            case "max_conns": maxConnections = try Self.number(name, value, 0...Int(Int32.max))
            case "down": isDown = try Self.flag(name, value)
            case "drain": isDraining = try Self.flag(name, value)
            default:
                throw .unprocessable("There is no member \"\(name)\"; known: weight, max_conns, down, drain.")
            }
        }
    }

    private static func members(_ body: [UInt8]) throws(Problem) -> [String: JSONValue] {
        let value: JSONValue
        do throws(JSONError) { value = try JSONParser.parse(body) } catch {
            switch error {
            case .syntax(let offset):
                throw .badRequest("The content is not JSON: it breaks off or is wrong at byte \(offset).")
            case .tooDeep: throw .badRequest("The content is nested too deep.")
            case .duplicateName: throw .badRequest("The content has a member twice.")
            }
        }
        guard let members = value.members else {
            throw .unprocessable("The content must be an object: {\"weight\":2}.")
        }
        guard !members.isEmpty else {
            throw .unprocessable("The content changes nothing: name at least one of weight, max_conns, down, drain.")
        }
        return members
    }

    private static func number(
        _ name: String, _ value: JSONValue, _ range: ClosedRange<Int>
    ) throws(Problem) -> Setting<Int> {
        switch value {
        case .null: return .asConfigured
        case .number(let text):
            if let number = Int(text), range.contains(number) { return .set(number) }
        default: break
        }
        throw .unprocessable(
            "\(name): must be a whole number from \(range.lowerBound) to \(range.upperBound), or null for the "
                + "configured one.")
    }

    private static func flag(_ name: String, _ value: JSONValue) throws(Problem) -> Setting<Bool> {
        switch value {
        case .null: return .asConfigured
        case .bool(let flag): return .set(flag)
        default: throw .unprocessable("\(name): must be true or false, or null for what is configured.")
        }
    }

    func apply(to peer: inout PeerOverride) {
        weight.apply(to: &peer.weight)
        maxConnections.apply(to: &peer.maxConnections)
        isDown.apply(to: &peer.isDown)
        isDraining.apply(to: &peer.isDraining)
    }
}
