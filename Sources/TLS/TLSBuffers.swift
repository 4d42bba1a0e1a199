/// The memory that OpenSSL reads from and writes to instead of the socket: one for all connections of a loop.
///
/// A loop handles one connection at a time, gives it all the ciphertext of one `recv` here, and sends what came out
/// with one `send`, whatever the number of records. Both sides are empty between two events.
package struct TLSBuffers: BitwiseCopyable {
    /// Ciphertext from the client that OpenSSL has not taken yet.
    package var input: UnsafeMutableRawPointer
    package var inputEnd: UnsafeMutableRawPointer
    /// Ciphertext for the client: `outputCount` of `outputCapacity` bytes are used.
    package let output: UnsafeMutableRawPointer
    package var outputCount = 0
    package let outputCapacity: Int

    /// `output` has room for `outputCapacity` bytes and outlives the loop's connections.
    package init(output: UnsafeMutableRawPointer, outputCapacity: Int) {
        input = output
        inputEnd = output
        self.output = output
        self.outputCapacity = outputCapacity
    }

    /// Room that is left for ciphertext.
    package var outputRoom: Int { @inline(__always) get { outputCapacity &- outputCount } }
}

package typealias TLSBuffersPointer = UnsafeMutablePointer<TLSBuffers>
