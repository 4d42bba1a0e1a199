import Text

/// What `--json` prints: one JSON object on one line for each round of questions, with the answers as they came.
package enum JSONLine {
    /// `bodies`: the answers, valid JSON texts, by question. `rates`: nil at the first round.
    package static func text(url: String, at time: String, _ bodies: [(query: Query, body: [UInt8])], _ rates: Rates?)
        -> String
    {
        var line = "{\"api\":\(quote(url)),\"at\":\(quote(time))"
        for (query, body) in bodies {
            line += ",\"\(name(query))\":" + oneLine(body)
        }
        line += ",\"rates\":" + (rates.map(text) ?? "null")
        return line + "}\n"
    }

    /// A round that failed.
    package static func failure(url: String, at time: String, _ reason: String) -> String {
        "{\"api\":\(quote(url)),\"at\":\(quote(time)),\"error\":\(quote(reason))}\n"
    }

    private static func name(_ query: Query) -> String {
        switch query {
        case .status: "status"
        case .connections: "connections"
        case .connection: "connection"
        case .upstreams: "upstreams"
        case .certificates: "certificates"
        }
    }

    /// A valid JSON text on one line, without control characters: as a string has no raw line break, those that are there may
    /// be blanks; and DEL and C1, which a terminal may obey, are in strings alone, where they can be escaped.
    private static func oneLine(_ body: [UInt8]) -> String {
        var line: [UInt8] = []
        line.reserveCapacity(body.count)
        var last: UInt8 = 0
        for byte in body {
            switch byte {
            case 0x0A, 0x0D: line.append(0x20)
            case 0x7F: line += Array("\\u007F".utf8)
            case 0x80...0x9F where last == 0xC2:
                line.removeLast()
                line += Array("\\u00\(Hexadecimal.encode(byte, .upper))".utf8)
            default: line.append(byte)
            }
            last = byte
        }
        return String(decoding: line, as: UTF8.self)
    }

    private static func text(_ rates: Rates) -> String {
        let busy = rates.busy.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\(Figures.decimal($0.value, 4))" }
        return "{\(both(rates.gateway)),\"cpu\":\(Figures.decimal(rates.cpu, 4)),"
            + "\"busy\":{\(busy.joined(separator: ","))},"
            + "\"connections\":{"
            + rates.connections.sorted { $0.key < $1.key }.map { "\(quote($0.key)):{\(both($0.value))}" }
            .joined(separator: ",") + "}}"
    }

    private static func both(_ both: Rates.Both) -> String {
        "\"received\":\(flow(both.received)),\"sent\":\(flow(both.sent))"
    }

    private static func flow(_ flow: Rates.Flow) -> String {
        "{\"bytes\":\(Figures.decimal(flow.bytes, 1)),\"packets\":\(Figures.decimal(flow.packets, 1))}"
    }

    private static func quote(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case _ where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value):
                quoted += "\\u00" + Hexadecimal.encode(UInt8(truncatingIfNeeded: scalar.value), .upper)
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
