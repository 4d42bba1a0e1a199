import Foundation
import Reactor
import Testing

@testable import Gateway

@Suite("Files of unix sockets")
struct UnixSocketFileTests {
    private let folder: TemporaryFolder
    private var path: String { folder.path + "/s" }

    init() throws { folder = try TemporaryFolder() }

    private func listen() throws -> Int32 {
        try Socket.listen(try #require(SocketAddress(unixPath: path)), shared: false)
    }

    @Test("Its own file is removed")
    func own() throws {
        let listener = try listen()
        let file = UnixSocketFile(path)
        Socket.close(listener)
        file.remove()
        #expect(!folder.exists("s"))
    }

    @Test("The file of one that has taken the name over stays, however soon it came")
    func takenOver() throws {
        Socket.close(try listen())
        let file = UnixSocketFile(path)
        let address = try #require(SocketAddress(unixPath: path))
        // A new file often gets the number of one that has gone.
        try UnixSocketFile.removeStale(path, address)
        let other = try listen()
        defer { Socket.close(other) }
        file.remove()
        #expect(folder.exists("s"))
        #expect(throws: StartError("listen unix:\(path): another process listens there")) {
            try UnixSocketFile.removeStale(path, address)
        }
    }

    @Test("Without a file there is nothing to remove")
    func none() {
        UnixSocketFile(path).remove()
        #expect(!folder.exists("s"))
    }
}
