import COpenSSL
import Text

/// The password as a field of JSON, written from one place that is wiped to another, and through no String.
///
/// A password is binary data in MQTT (MQTT 5.0 §3.1.3.6), and JSON is text (RFC 8259 §8.1): one that is not UTF-8 goes
/// as base64.
struct PasswordField {
    private enum Form { case none, text, base64 }

    private let password: Secret?
    private let form: Form
    /// Bytes of the field.
    let count: Int

    private static let none = Array(#""password":null"#.utf8)
    private static let text = Array(#""password":""#.utf8)
    private static let base64 = Array(#""password":null,"password_base64":""#.utf8)
    private static let quote = UInt8(ascii: "\"")

    init(_ password: Secret?) {
        self.password = password
        guard let password else {
            (form, count) = (.none, Self.none.count)
            return
        }
        let escaped: Int? = password.withBytes { bytes in
            let isText = (try? UTF8Span(validating: bytes.bindMemory(to: UInt8.self).span)) != nil
            return isText ? bytes.reduce(0) { $0 + Self.width($1) } : nil
        }
        if let escaped {
            (form, count) = (.text, Self.text.count + escaped + 1)
        } else {
            (form, count) = (.base64, Self.base64.count + (password.count + 2) / 3 * 4 + 1)
        }
    }

    /// Writes the field to the first `count` bytes of `output`, or nothing if it has fewer.
    func write(to output: UnsafeMutableRawBufferPointer) {
        guard output.count >= count else { return }
        switch form {
        case .none: output.copyBytes(from: Self.none)
        case .text:
            output.copyBytes(from: Self.text)
            var index = Self.text.count
            password?.withBytes { bytes in
                for byte in bytes { Self.escape(byte, to: output, at: &index) }
            }
            output[index] = Self.quote
        case .base64:
            output.copyBytes(from: Self.base64)
            let place = output.baseAddress?.advanced(by: Self.base64.count).assumingMemoryBound(to: UInt8.self)
            password?.withBytes { bytes in
                let source = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
                // It ends its text with a NUL, where the quotation mark comes next.
                _ = EVP_EncodeBlock(place, source, Int32(clamping: bytes.count))
            }
            output[count - 1] = Self.quote
        }
    }

    /// How many bytes a byte of a string takes, RFC 8259 §7.
    private static func width(_ byte: UInt8) -> Int {
        switch byte {
        case quote, UInt8(ascii: "\\"): 2
        case 0..<0x20: 6
        default: 1
        }
    }

    private static func escape(_ byte: UInt8, to output: UnsafeMutableRawBufferPointer, at index: inout Int) {
        switch width(byte) {
        case 1: output[index] = byte
        case 2:
            output[index] = UInt8(ascii: "\\")
            output[index + 1] = byte
        default:
            output[index..<(index + 4)].copyBytes(from: #"\u00"#.utf8)
            output[index + 4] = Hexadecimal.digit(byte >> 4)
            output[index + 5] = Hexadecimal.digit(byte)
        }
        index += width(byte)
    }
}
