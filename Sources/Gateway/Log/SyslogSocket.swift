import CShims
import Reactor

/// A socket that sends datagrams to a syslog server, over UDP (RFC 5426) or to a unix socket. It is not connected: a server
/// that is gone and comes back, also under the same path, gets the next message.
final class SyslogSocket {
    let address: SocketAddress
    private let descriptor: Int32

    /// Milliseconds that messages wait in one turn of the writer for a server whose queue is full.
    private static let patience: Int64 = 100
    /// Milliseconds of them for one message.
    private static let step: Int32 = 20

    init(_ address: SocketAddress) throws(SystemError) {
        self.address = address
        descriptor = try SystemError.check("socket", CShims_datagram_socket(address.family, Self.step))
    }

    deinit { _ = CShims_close(descriptor) }

    /// Sends each of some lines as a message. What the system does not take is lost.
    func send(_ lines: UnsafeRawBufferPointer, _ outcome: inout LogOutput.Outcome) {
        let end = monotonicMilliseconds() + Self.patience
        var mayWait = true
        for line in lines.split(separator: UInt8(ascii: "\n")) {
            let message = UnsafeRawBufferPointer(rebasing: line)
            var result = send(message, waiting: false)
            if result == -Int(EAGAIN), mayWait {
                result = send(message, waiting: true)
                mayWait = monotonicMilliseconds() < end
            }
            if result >= 0 {
                outcome.hasWritten = true
            } else {
                outcome.lost += 1
                outcome.reason = SystemError("sendto", code: Int32(clamping: -result))
            }
        }
    }

    private func send(_ message: UnsafeRawBufferPointer, waiting: Bool) -> Int {
        withUnsafePointer(to: address.storage) {
            CShims_send_to(descriptor, message.baseAddress, message.count, $0, address.length, waiting ? 1 : 0)
        }
    }
}
