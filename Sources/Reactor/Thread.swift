import CShims

/// A POSIX thread that runs one closure.
package struct Thread: Sendable {
    private let handle: pthread_t

    /// Starts a thread, which has none of the capabilities of the main one (`Confinement`). `name` is what `top -H` shows: 15
    /// bytes at most.
    package static func start(
        name: String, _ body: @escaping @Sendable () -> Void
    ) throws(SystemError) -> Thread {
        let box = Unmanaged.passRetained(Body(body))
        var handle = pthread_t()
        let code = pthread_create(
            &handle, nil,
            { context in
                CShims_begin_thread()
                // The context is the box retained above.
                if let context { Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run() }
                return nil
            }, box.toOpaque())
        guard code == 0 else {
            box.release()
            throw SystemError("pthread_create", code: code)
        }
        _ = pthread_setname_np(handle, String(name.prefix(15)))
        return Thread(handle: handle)
    }

    /// Waits until the thread has ended. Once only.
    package func join() { _ = pthread_join(handle, nil) }

    /// The thread will not be joined. In place of `join`.
    package func detach() { _ = pthread_detach(handle) }

    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }
}

/// Processors that the system runs on, at least one.
package func processorCount() -> Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

/// Milliseconds of the monotonic clock.
package func monotonicMilliseconds() -> Int64 { CShims_monotonic_milliseconds() }

/// Microseconds of the monotonic clock.
package func monotonicMicroseconds() -> Int64 { CShims_monotonic_microseconds() }

/// Milliseconds since 1970-01-01 UTC.
package func wallMilliseconds() -> Int64 { CShims_wall_milliseconds() }
