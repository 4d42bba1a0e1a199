import TLS
import Tunnel

/// MQTT as it is, on a `listen … mqtt`: the connection becomes the channel of a session without a request.
extension ClientConnection {
    /// Begins the session, once TLS is set up: with the server that the client has named (SNI), or else the first.
    mutating func beginMQTT() {
        guard let exchange else { return }
        let listener = exchange.listener
        let named = tls?.contextIndex
        let server = named.map(listener.server(ofContext:)) ?? listener.defaultServer
        // A configuration has a `mqtt_pass` for each such listener.
        guard let route = server.mqttRoute else { return abort(.outOfResources) }
        exchange.request.site = server.site
        exchange.request.route = route
        exchange.isUnderWay = false
        limitNothing()
        beginSession(exchange.request, route, nil, nil)
    }
}
