/// A client-to-server frame, written byte by byte as RFC 6455 §5.2 draws it; any rule can be broken.
package struct ClientFrame: Sendable {
    package enum LengthForm: Sendable { case shortest, seven, sixteen, sixtyFour }

    package var isFinal: Bool
    package var reserved: UInt8
    package var opcode: UInt8
    package var payload: [UInt8]
    /// nil: not masked.
    package var key: [UInt8]?
    package var form: LengthForm
    /// Said instead of the payload's own length.
    package var announced: UInt64?

    package init(
        isFinal: Bool = true, reserved: UInt8 = 0, opcode: UInt8 = 2, payload: [UInt8] = [],
        key: [UInt8]? = [0x37, 0xFA, 0x21, 0x3D], form: LengthForm = .shortest, announced: UInt64? = nil
    ) {
        self.isFinal = isFinal
        self.reserved = reserved
        self.opcode = opcode
        self.payload = payload
        self.key = key
        self.form = form
        self.announced = announced
    }

    package static func binary(_ payload: [UInt8], isFinal: Bool = true) -> ClientFrame {
        ClientFrame(isFinal: isFinal, payload: payload)
    }

    package static func continuation(_ payload: [UInt8], isFinal: Bool) -> ClientFrame {
        ClientFrame(isFinal: isFinal, opcode: 0, payload: payload)
    }

    package static func control(_ opcode: UInt8, _ payload: [UInt8] = []) -> ClientFrame {
        ClientFrame(opcode: opcode, payload: payload)
    }

    package func masked(with key: [UInt8]) -> ClientFrame {
        var copy = self
        copy.key = key
        return copy
    }

    /// Everything in front of the payload.
    package var header: [UInt8] {
        let length = announced ?? UInt64(payload.count)
        let mark: UInt8 = key == nil ? 0 : 0x80
        let first = (isFinal ? 0x80 : 0) | reserved << 4 | opcode
        func long(_ size: Int) -> [UInt8] { (0..<size).map { UInt8(length >> (8 * UInt64(size - 1 - $0)) & 0xFF) } }
        let chosen: LengthForm =
            form != .shortest ? form : length < 126 ? .seven : length < 65_536 ? .sixteen : .sixtyFour
        let lengthBytes: [UInt8] =
            switch chosen {
            case .shortest, .seven: [mark | UInt8(length & 0x7F)]
            case .sixteen: [mark | 126] + long(2)
            case .sixtyFour: [mark | 127] + long(8)
            }
        return [first] + lengthBytes + (key ?? [])
    }

    package var bytes: [UInt8] { header + maskedPayload }

    private var maskedPayload: [UInt8] {
        guard let key else { return payload }
        // §5.3: octet i of the payload XOR octet i MOD 4 of the key
        return payload.enumerated().map { $1 ^ key[$0 % 4] }
    }
}

extension [ClientFrame] {
    package var bytes: [UInt8] { flatMap(\.bytes) }
}
