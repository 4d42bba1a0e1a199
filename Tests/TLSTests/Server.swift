import COpenSSL
import Testing

@testable import TLS

/// The TLS of one loop, without its socket: buffers and engine that its connections share.
final class ServerLoop {
    let buffers: TLSBuffersPointer
    let engine: TLSEngine
    private let output: UnsafeMutableRawPointer
    private var input = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)

    init(outputCapacity: Int = 350_000) throws {
        output = .allocate(byteCount: outputCapacity, alignment: 16)
        buffers = .allocate(capacity: 1)
        buffers.initialize(to: TLSBuffers(output: output, outputCapacity: outputCapacity))
        engine = try TLSEngine(buffers: buffers)
    }

    deinit {
        output.deallocate()
        input.deallocate()
        buffers.deallocate()
    }

    /// What one `recv` has brought.
    func give(_ bytes: some Collection<UInt8>) {
        #expect(isDrained, "input of the event before is left")
        input.copyBytes(from: bytes)
        guard let base = input.baseAddress else { return }
        (buffers.pointee.input, buffers.pointee.inputEnd) = (base, base + bytes.count)
    }

    /// What one `send` would take.
    func take() -> [UInt8] {
        let bytes = Array(UnsafeRawBufferPointer(start: buffers.pointee.output, count: buffers.pointee.outputCount))
        buffers.pointee.outputCount = 0
        return bytes
    }

    var isDrained: Bool { buffers.pointee.input == buffers.pointee.inputEnd }

    /// Bytes of the output that nobody has taken.
    var waiting: Int { buffers.pointee.outputCount }
}

/// A connection of a loop with its client.
final class Connection {
    enum Outcome: Equatable {
        case open, incomplete, closed
        case failed(TLSFailure)
    }

    let client: Client
    let loop: ServerLoop
    private(set) var tls: TLSConnection
    private(set) var isComplete = false
    private(set) var received: [UInt8] = []

    convenience init(_ context: TLSContext, _ loop: ServerLoop, _ options: Client.Options = .init()) throws {
        try self.init(TLSServerNames(contexts: [context]) { _ in 0 }, loop, options)
    }

    init(_ names: TLSServerNames, _ loop: ServerLoop, _ options: Client.Options = .init()) throws {
        guard let tls = TLSConnection(names, loop.engine) else { throw NoConnection() }
        client = try Client(options)
        self.loop = loop
        self.tls = tls
    }

    private struct NoConnection: Error {}

    /// The loop's turn for this connection: takes ciphertext, hands its own to the client. Leaves nothing in the
    /// buffers.
    func event(_ bytes: some Collection<UInt8>) -> Outcome {
        loop.give(bytes)
        let outcome = turn()
        client.feed(loop.take())
        if outcome == .open || outcome == .incomplete {
            #expect(loop.isDrained)
            // What failures leave in the queue would be the next connection's.
            #expect(ERR_peek_error() == 0)
        } else {
            loop.buffers.pointee.input = loop.buffers.pointee.inputEnd
        }
        return outcome
    }

    private func turn() -> Outcome {
        if !isComplete {
            switch tls.handshake() {
            case .complete: isComplete = true
            case .incomplete: return .incomplete
            case .failed(let failure): return .failed(failure)
            }
        }
        var bytes = [UInt8](repeating: 0, count: 1 << 15)
        while true {
            switch tls.read(into: &bytes, capacity: bytes.count) {
            case .bytes(let count): received += bytes.prefix(count)
            case .incomplete: return .open
            case .closed: return .closed
            case .failed(let failure): return .failed(failure)
            }
        }
    }

    /// One flight of the client and the server's answer; whether both have shaken hands.
    func step() -> Bool {
        let isReady = client.handshake()
        let bytes = client.take()
        if !bytes.isEmpty { _ = event(bytes) }
        return isReady && isComplete
    }

    /// The whole handshake.
    func handshake() -> Bool { (0..<6).contains { _ in step() } }

    /// The handshake up to its failure; nil: it succeeds.
    func failedHandshake() -> TLSFailure? {
        for _ in 0..<6 {
            _ = client.handshake()
            let bytes = client.take()
            guard !bytes.isEmpty, case .failed(let failure) = event(bytes) else { continue }
            _ = client.read()  // the alert
            return failure
        }
        return nil
    }

    /// The server's bytes, encrypted; nil when the connection has failed.
    func write(_ bytes: [UInt8]) -> Int? {
        bytes.withUnsafeBytes { bytes in
            bytes.baseAddress.map { tls.write($0, count: bytes.count) } ?? 0
        }
    }

    func takeReceived() -> [UInt8] {
        defer { received = [] }
        return received
    }

    /// Decrypts at most one record of what was given.
    func readOnce() -> TLSConnection.Read {
        var bytes = [UInt8](repeating: 0, count: 1 << 15)
        return tls.read(into: &bytes, capacity: bytes.count)
    }

    func shutdown() {
        tls.shutdown()
        client.feed(loop.take())
    }

    var isDrained: Bool { tls.isDrained }
    var version: String { tls.version }
    var cipher: String { tls.cipher }
    var group: String { tls.group }
    var serverName: String? { tls.serverName }
    var peerCertificate: ClientCertificate? { tls.peerCertificate }
    var contextIndex: Int { tls.contextIndex }
    var isResumed: Bool { tls.isResumed }
}

/// A context with the certificate of `a`, unless told otherwise.
func makeContext(
    _ certificates: [(certificate: String, key: String)]? = nil, tls12: Bool = true, tls13: Bool = true,
    ciphers: String? = nil, ticketKeys: TicketKeys? = nil, sessionCache: SessionCache? = nil,
    verification: ClientVerification? = nil, contextID: Int = 0, _ change: (inout TLSOptions) -> Void = { _ in }
) throws -> TLSContext {
    let certificates = try certificates ?? [Certificates.shared.get().a]
    var options = TLSOptions(
        certificates: certificates, allowsTLS12: tls12, allowsTLS13: tls13, ciphers: ciphers, ticketKeys: ticketKeys,
        clientVerification: verification, contextID: contextID)
    options.sessionCache = sessionCache
    change(&options)
    return try TLSContext(options)
}

/// TLS 1.2 and 1.3.
let versions = [TLS1_2_VERSION, TLS1_3_VERSION]
