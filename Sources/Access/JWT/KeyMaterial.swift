internal import JWTKit
import Reactor

/// A verification key as the library holds it. Its kind decides which algorithms it can be used with: a public key has
/// no way to become the secret of an HMAC (RFC 8725 §3.1).
enum KeyMaterial: Sendable {
    case rsa(Insecure.RSA.PublicKey)
    case p256(ES256PublicKey)
    case p384(ES384PublicKey)
    case p521(ES512PublicKey)
    case ed25519(EdDSA.PublicKey)
    case secret([UInt8])

    /// RFC 7518 §3.1, RFC 8037 §3.1. A secret fits the hashes that are no longer than itself (RFC 7518 §3.2).
    var algorithms: [SignatureAlgorithm] {
        switch self {
        case .rsa: [.rs256, .rs384, .rs512, .ps256, .ps384, .ps512]
        case .p256: [.es256]
        case .p384: [.es384]
        case .p521: [.es512]
        case .ed25519: [.eddsa]
        case .secret(let bytes):
            [(SignatureAlgorithm.hs256, 32), (.hs384, 48), (.hs512, 64)].filter { $1 <= bytes.count }.map(\.0)
        }
    }

    /// What verifies with this key and `algorithm`; nil if the two do not fit.
    func verifier(_ algorithm: SignatureAlgorithm) -> (any JWTAlgorithm)? {
        guard algorithms.contains(algorithm) else { return nil }
        return runInline {
            let keys = JWTKeyCollection()
            switch self {
            case .rsa(let key) where algorithm.isPSS: await keys.add(pss: key, digestAlgorithm: algorithm.digest)
            case .rsa(let key): await keys.add(rsa: key, digestAlgorithm: algorithm.digest)
            case .p256(let key): await keys.add(ecdsa: key)
            case .p384(let key): await keys.add(ecdsa: key)
            case .p521(let key): await keys.add(ecdsa: key)
            case .ed25519(let key): await keys.add(eddsa: key)
            case .secret(let bytes): await keys.add(hmac: HMACKey(from: bytes), digestAlgorithm: algorithm.digest)
            }
            return try? await keys.getKey()
        }
    }
}

extension SignatureAlgorithm {
    fileprivate var isPSS: Bool { [.ps256, .ps384, .ps512].contains(self) }

    fileprivate var digest: DigestAlgorithm {
        switch self {
        case .hs256, .rs256, .ps256, .es256: .sha256
        case .hs384, .rs384, .ps384, .es384: .sha384
        case .hs512, .rs512, .ps512, .es512, .eddsa: .sha512
        }
    }
}

/// Runs `work` on this thread until it ends or waits for something that is not here; then the answer is nil.
///
/// The library gives its verifiers out through an actor. With the calling thread as the task's executor no other thread
/// takes part, so nothing can block: not even a thread of the concurrency pool, which a semaphore would take away.
private func runInline<Result: Sendable>(_ work: @escaping @Sendable () async -> Result?) -> Result? {
    let executor = InlineExecutor()
    let result = Lock<Result?>(nil)
    Task(executorPreference: executor) {
        let value = await work()
        result.withLock { $0 = value }
    }
    executor.run()
    return result.withLock { $0 }
}

/// Runs what it is given when asked to, on the thread that asks.
private final class InlineExecutor: TaskExecutor {
    private let jobs = Lock<[UnownedJob]>([])

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        jobs.withLock { $0.append(job) }
    }

    func run() {
        while let job = jobs.withLock({ $0.popLast() }) { job.runSynchronously(on: asUnownedTaskExecutor()) }
    }
}
