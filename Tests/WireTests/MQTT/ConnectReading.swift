@testable import Wire

/// What reading the first packet of a connection came to.
enum ConnectOutcome: Equatable {
    case needsMore
    case accepted(ConnectPacket, length: Int)
    case refused(ConnectError)
}

/// Reads as a session does: the length first, then the packet.
func readConnect(_ bytes: [UInt8], limit: Int = 65_536) -> ConnectOutcome {
    do throws(ConnectError) {
        guard let length = try ConnectPacket.length(bytes.span, limit: limit) else { return .needsMore }
        guard length <= bytes.count else { return .needsMore }
        return .accepted(try ConnectPacket.parse(bytes.span.extracting(0..<length)), length: length)
    } catch {
        return .refused(error)
    }
}

/// Parses what is said to be one whole packet.
func parseConnect(_ bytes: [UInt8]) -> Result<ConnectPacket, ConnectError> {
    do throws(ConnectError) {
        return .success(try ConnectPacket.parse(bytes.span))
    } catch {
        return .failure(error)
    }
}

extension ConnectPacket {
    /// Every range the packet tells.
    var ranges: [Range<Int>] {
        [clientID, properties]
            + [will?.topic, will?.payload, will?.properties, username, password, authenticationMethod].compactMap { $0 }
            + [authenticationData].compactMap { $0 }
    }
}
