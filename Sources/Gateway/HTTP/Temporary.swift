import Wire
extension RequestHead {
    var keepsAlive: Bool { minorVersion >= 1 ? !has(token: "close", in: "connection") : has(token: "keep-alive", in: "connection") }
    var announcesContent: Bool { first("transfer-encoding") != nil || (first("content-length") ?? "0").contains { $0 != "0" } }
}
extension HTTPResponse {
    func bytes(date: String, omittingBody: Bool, keepsAlive: Bool) -> [UInt8] {
        let b = bytes(date: date, omittingBody: omittingBody)
        guard keepsAlive else { return b }
        return Array(String(decoding: b, as: UTF8.self).replacing("Connection: close\r\n", with: "").utf8)
    }
}
extension StaticFile {
    static func head(size: Int, type: String, date: String, keepsAlive: Bool) -> [UInt8] {
        let b = head(size: size, type: type, date: date)
        return keepsAlive ? Array(String(decoding: b, as: UTF8.self).replacing("Connection: close\r\n", with: "").utf8) : b
    }
}
