import CShims
import Configuration
import Reactor

/// The listening sockets of all loops.
///
/// Every loop has a TCP socket of its own for each address (SO_REUSEPORT: the kernel spreads the connections); a unix
/// socket, and one that the process was given, is one, which the loops share. The loops own the descriptors.
struct ListeningSockets: Sendable {
    private struct Place: Sendable {
        /// By loop.
        var descriptors: [[Int32]]
        /// nil: there is none, or it is somebody else's.
        var file: UnixSocketFile?
    }

    /// Milliseconds after which the loops have closed the sockets of an address that was taken away.
    private static let closingTime = 10 * RetiredSocket.grace

    /// By the address of `listen`. Addresses whose connections come through another's socket have none.
    private var places: [Address: Place] = [:]
    /// Ports that were listened on before, and until when loops may still hold them, on the monotonic clock.
    private var released: [UInt16: Int64] = [:]
    /// Whether IPv6 addresses were left out because the kernel has none.
    private(set) var lacksIPv6 = false

    /// Opens the sockets of `listeners`. Those of `known` go on for the addresses that stay; what `given` has of an
    /// address is taken before any is opened. When it throws nothing is open that was not before.
    init(
        _ listeners: [ListenerSettings], loops: Int, known: ListeningSockets? = nil, given: inout InheritedSockets
    ) throws(StartError) {
        let plan = ListeningPlan(listeners.map(\.address))
        do throws(StartError) {
            for (index, listener) in listeners.enumerated() where plan.shares[index] != nil {
                if let place = known?.places[listener.address] {
                    places[listener.address] = place
                } else if let place = try Self.open(listener, loops, known, &given) {
                    places[listener.address] = place
                } else {
                    lacksIPv6 = true
                }
            }
        } catch {
            for (address, place) in places where known?.places[address] == nil {
                for descriptor in place.descriptors.joined() { Socket.close(descriptor) }
                place.file?.remove()
            }
            throw error
        }
        let now = monotonicMilliseconds()
        released = known?.released.filter { $0.value > now } ?? [:]
        for (address, _) in known?.places ?? [:] where places[address] == nil {
            if let port = address.port { released[port] = now + Self.closingTime }
        }
    }

    /// What a loop listens on in a generation.
    func sockets(of loop: Int, for listeners: [Listener]) -> [ListeningSocket] {
        let shares = ListeningPlan(listeners.map(\.address)).shares
        return zip(listeners, shares).flatMap { listener, shares -> [ListeningSocket] in
            guard let shares, let place = places[listener.address] else { return [] }
            return place.descriptors[loop].map { descriptor in
                ListeningSocket(
                    descriptor: descriptor, listener: listener,
                    shares: shares.map { (address: $0.address, listener: listeners[$0.listener]) })
            }
        }
    }

    /// Those that are listened on with a socket of their own.
    var addresses: Set<Address> { Set(places.keys) }

    /// A socket that another process is to listen on, with the name that tells it whose it is.
    struct Passed {
        /// The gateway has opened it itself: the file of a unix socket is its own.
        static let own = "sluice"

        let descriptor: Int32
        let name: String
    }

    /// The sockets of each loop.
    var passed: [Passed] {
        places.flatMap { address, place in
            let name = address.isUnix && place.file == nil ? "given" : Passed.own
            return place.descriptors.joined().map { Passed(descriptor: $0, name: name) }
        }
    }

    /// "wss 0.0.0.0:8084, ws 0.0.0.0:8083, mqtt 0.0.0.0:1883"
    func summary(_ listeners: [ListenerSettings]) -> String {
        let plan = ListeningPlan(listeners.map(\.address))
        return zip(listeners, plan.shares).filter { $1 == nil || places[$0.address] != nil }
            .map { listener, _ in
                "\(listener.carriesMQTT ? "mqtt" : "ws")\(listener.isTLS ? "s" : "") \(listener.address.text)"
            }
            .joined(separator: ", ")
    }

    /// Removes the files of unix sockets, but not those that `others` listen on, too.
    func removeUnixFiles(except others: ListeningSockets? = nil) {
        for (address, place) in places where others?.places[address] == nil { place.file?.remove() }
    }

    /// Another process listens on the unix sockets from now on: their files are its own.
    mutating func abandonUnixFiles() {
        for address in places.keys { places[address]?.file = nil }
    }

    private func holds(_ port: UInt16?) -> Bool {
        guard let port else { return false }
        return places.keys.contains { $0.port == port } || released[port].map { $0 > monotonicMilliseconds() } ?? false
    }

    /// Opens the sockets of a listener. nil: the kernel has no IPv6, and the configuration does not insist on it.
    private static func open(
        _ listener: ListenerSettings, _ loops: Int, _ known: ListeningSockets?, _ given: inout InheritedSockets
    ) throws(StartError) -> Place? {
        let addresses = try listener.address.resolve()
        guard let address = addresses.first else { throw StartError("listen \(listener.address.text): no address") }
        let (taken, isOwn) = given.take(address)
        if taken.isEmpty, case .unix(let path) = listener.address { try UnixSocketFile.removeStale(path, address) }
        do throws(SystemError) {
            if !taken.isEmpty { return try place(taken, loops, listener.address, isOwn: isOwn) }
            if case .unix = listener.address {
                return try place([Socket.listen(address, shared: false)], loops, listener.address)
            }
            // SO_REUSEPORT lets several processes of one user take a port: binding once without it finds out who has it,
            // unless this process itself has it, at another address or still.
            if known?.holds(listener.address.port) != true {
                Socket.close(try Socket.listen(address, shared: false))
            }
            var opened: [Int32] = []
            do throws(SystemError) {
                for _ in 0..<loops { opened.append(try Socket.listen(address, shared: true)) }
            } catch {
                for descriptor in opened { Socket.close(descriptor) }
                throw error
            }
            return try place(opened, loops, listener.address)
        } catch {
            if listener.isImplied, error.isFamilyMissing { return nil }
            throw StartError("listen \(listener.address.text): \(error)")
        }
    }

    /// Spreads sockets of one address over the loops: each loop has one at least, if need be together with others.
    private static func place(
        _ sockets: [Int32], _ loops: Int, _ address: Address, isOwn: Bool = true
    ) throws(SystemError) -> Place {
        var descriptors = [[Int32]](repeating: [], count: loops)
        for (index, socket) in sockets.enumerated() { descriptors[index % loops].append(socket) }
        do throws(SystemError) {
            for loop in 0..<loops where descriptors[loop].isEmpty {
                descriptors[loop].append(try Socket.duplicate(sockets[loop % sockets.count]))
            }
        } catch {
            for descriptor in descriptors.joined() { Socket.close(descriptor) }
            if isOwn, case .unix(let path) = address { UnixSocketFile(path).remove() }
            throw error
        }
        guard isOwn, case .unix(let path) = address else { return Place(descriptors: descriptors) }
        return Place(descriptors: descriptors, file: UnixSocketFile(path))
    }
}

extension Address {
    fileprivate var isUnix: Bool { port == nil }

    /// nil for a unix socket.
    fileprivate var port: UInt16? { if case .inet(_, let port) = self { port } else { nil } }
}
