import COpenSSL

/// The BIO method that joins OpenSSL to a loop's `TLSBuffers`.
enum MemoryBIO {
    /// BIO types are a small, process-wide supply: taken once.
    private static let type = BIO_get_new_index() | BIO_TYPE_SOURCE_SINK

    static func makeMethod() -> OpaquePointer? {
        guard let method = BIO_meth_new(type, "sluice loop") else { return nil }
        BIO_meth_set_read(method, read)
        BIO_meth_set_write(method, write)
        BIO_meth_set_ctrl(method, control)
        return method
    }

    /// A BIO of its own for each connection, all with the same buffers: OpenSSL links BIOs to each other while it shakes
    /// hands, so one shared BIO would tie connections together (docs/decisions/0003).
    static func make(_ method: OpaquePointer, _ buffers: TLSBuffersPointer) -> OpaquePointer? {
        guard let bio = BIO_new(method) else { return nil }
        BIO_set_data(bio, buffers)
        BIO_set_shutdown(bio, 0)
        BIO_set_init(bio, 1)
        return bio
    }

    /// A number that a connection carries: which context it has been given. It lives where a BIO keeps its close flag,
    /// which this method has no use for: memory of its own would cost every connection an allocation.
    static func setNumber(_ number: Int32, of ssl: OpaquePointer) { BIO_set_shutdown(SSL_get_rbio(ssl), number) }

    /// 0 until it is set.
    static func number(of ssl: OpaquePointer) -> Int32 { BIO_get_shutdown(SSL_get_rbio(ssl)) }

    private static let read: @convention(c) (OpaquePointer?, UnsafeMutablePointer<CChar>?, Int32) -> Int32 = {
        bio, bytes, count in
        guard let bytes, let buffers = BIO_get_data(bio)?.assumingMemoryBound(to: TLSBuffers.self) else { return -1 }
        let available = buffers.pointee.inputEnd - buffers.pointee.input
        guard available > 0, count > 0 else {
            COpenSSLShims_BIO_set_retry_read(bio)
            return -1
        }
        COpenSSLShims_BIO_clear_retry_flags(bio)
        let taken = min(available, Int(count))
        UnsafeMutableRawPointer(bytes).copyMemory(from: buffers.pointee.input, byteCount: taken)
        buffers.pointee.input += taken
        return Int32(truncatingIfNeeded: taken)
    }

    /// Takes all or, when the room is used up, nothing: the connection flushes and writes again.
    private static let write: @convention(c) (OpaquePointer?, UnsafePointer<CChar>?, Int32) -> Int32 = {
        bio, bytes, count in
        guard let bytes, let buffers = BIO_get_data(bio)?.assumingMemoryBound(to: TLSBuffers.self) else { return -1 }
        guard count >= 0, Int(count) <= buffers.pointee.outputRoom else {
            COpenSSLShims_BIO_set_retry_write(bio)
            return -1
        }
        COpenSSLShims_BIO_clear_retry_flags(bio)
        (buffers.pointee.output + buffers.pointee.outputCount).copyMemory(from: bytes, byteCount: Int(count))
        buffers.pointee.outputCount += Int(count)
        return count
    }

    private static let control: @convention(c) (OpaquePointer?, Int32, Int, UnsafeMutableRawPointer?) -> Int = {
        _, command, _, _ in
        command == COpenSSLShims_BIO_CTRL_FLUSH ? 1 : 0
    }
}
