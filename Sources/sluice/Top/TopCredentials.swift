import Access
import Reactor
import Text

/// What is said in the request's Authorization field.
enum TopCredentials {
    /// In bytes.
    private static let longestToken = 8192

    /// nil: nothing is said. Asks for a user's password.
    static func find(user: String?, tokenFile: String?) throws(Failure) -> String? {
        if let user { return basic(user, try PasswordPrompt.readExisting(for: user)) }
        if let tokenFile { return "Bearer " + (try token(in: tokenFile)) }
        guard let text = environment("SLUICE_TOKEN") else { return nil }
        guard let token = token(Array(text.utf8)) else {
            throw Failure(description: "SLUICE_TOKEN must be one word of printable ASCII characters")
        }
        return "Bearer " + token
    }

    /// RFC 7617.
    private static func basic(_ user: String, _ password: Secret) -> String {
        let bytes = password.withBytes { Array(user.utf8) + [UInt8(ascii: ":")] + Array($0) }
        return "Basic " + Base64.encode(bytes.span)
    }

    private static func token(in path: String) throws(Failure) -> String {
        let bytes: [UInt8]
        do throws(SystemError) { bytes = try File.read(path, limit: longestToken + 1) } catch {
            throw Failure(description: "\(error)")
        }
        guard let token = token(bytes) else {
            throw Failure(
                description: "\(path): a token file has one word of at most \(longestToken) printable ASCII characters")
        }
        return token
    }

    /// One word, and blanks and line ends around it.
    private static func token(_ bytes: [UInt8]) -> String? {
        let words = bytes.split { $0 == 0x20 || (0x09...0x0D).contains($0) }
        guard words.count == 1, let word = words.first, word.count <= longestToken,
            word.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return nil }
        return String(decoding: word, as: UTF8.self)
    }
}
