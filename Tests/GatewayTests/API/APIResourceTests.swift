import Testing

@testable import Gateway

@Suite("Paths of the API")
struct APIResourceTests {
    @Test(
        "What is there",
        arguments: [
            ("status", .status), ("connections", .connections), ("config", .configuration),
            ("connections/0123456789abcdef", .connection(0x0123_4567_89AB_CDEF)),
            ("connections/FFFFFFFFFFFFFFFF", .connection(.max)),
            ("upstreams/a/peers/10.0.0.1:1", .peer("a/peers/10.0.0.1:1")),
            ("upstreams/unix:/run/b/peers/unix:/run/b", .peer("unix:/run/b/peers/unix:/run/b")),
            ("openapi.json", .openAPI),
        ] as [(String, APIResource)])
    func known(path: String, resource: APIResource) { #expect(APIResource(path: path) == resource) }

    @Test(
        "What is not",
        arguments: [
            "", "/", "status/", "Status", "connections/", "connections/1", "connections/0123456789abcdeg",
            "connections/0123456789abcdef0", "connections/0123456789abcdef/", "upstreams/", "upstreams/a",
            "upstreams/a/peers", "config.json", "connections/éééééééé",
        ])
    func unknown(path: String) { #expect(APIResource(path: path) == nil) }

    @Test("HEAD is possible wherever GET is, OPTIONS everywhere")
    func allowed() {
        #expect(APIResource.status.allowed == "GET, HEAD, OPTIONS")
        #expect(APIResource.connections.allowed == "GET, HEAD, DELETE, OPTIONS")
        #expect(APIResource.reload.allowed == "POST, OPTIONS")
    }
}
