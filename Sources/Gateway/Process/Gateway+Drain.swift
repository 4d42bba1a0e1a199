import Configuration
import Reactor
import Telemetry

/// How the gateway ends: at once, or as a drain.
extension Gateway {
    /// Ends all sessions now, even where a drain is under way.
    mutating func stop() {
        abandonUpgrade()
        isEnding = true
        drainAt = nil
        services.logs.error.write(.notice, "stopping")
        serviceManager.stopping("stopping")
        order(.stop)
    }

    /// The operator wants a drain, which `drain_delay` puts off: load balancers are to see it come. The second time all ends
    /// at once.
    mutating func beginDrain() {
        guard !services.process.state.isDraining else { return stop() }
        abandonUpgrade()
        let delay = generation.snapshot.process.drainDelay.milliseconds
        guard delay > 0, !isEnding else { return drain() }
        isEnding = true
        services.process.drainBegan()
        services.logs.error.write(
            .notice,
            "draining: clients are accepted for another \(LogText.seconds(delay)) s, health and return answer 503")
        order(.announceDrain)
        drainAt = monotonicMilliseconds() + delay
    }

    /// Drains when the delay is over.
    mutating func advanceDrain() {
        guard let time = drainAt, monotonicMilliseconds() >= time else { return }
        drain()
    }

    /// No longer accepts anybody, and ends the sessions at an even pace.
    mutating func drain() {
        isEnding = true
        drainAt = nil
        services.process.drainBegan()
        let limit = generation.snapshot.process.shutdownTimeout.milliseconds
        services.logs.error.write(
            .notice, "draining: sessions are closed evenly over \(LogText.seconds(limit)) s")
        order(.drain(milliseconds: limit))
    }
}
