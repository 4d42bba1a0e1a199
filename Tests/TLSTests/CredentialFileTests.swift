import COpenSSL
import Foundation
import Testing

@testable import TLS

/// Files that operators name in place of PEM: each is called what it is, and the command in the hint mends it.
@Suite("Credential files")
struct CredentialFileTests {
    enum Named: String, CaseIterable { case certificate, key }

    struct Case: CustomTestStringConvertible, Sendable {
        let file: String
        let named: Named
        let message: String
        /// A part of the hint, and what the command needs to run without a terminal; nil: the hint is no command.
        let hint: String
        var command: String?

        var testDescription: String { "\(file) as \(named.rawValue)" }
    }

    static let cases = [
        Case(file: "empty", named: .certificate, message: "is empty", hint: "-----BEGIN CERTIFICATE-----"),
        Case(file: "blank", named: .key, message: "is empty", hint: "-----BEGIN PRIVATE KEY-----"),
        Case(file: "utf16.pem", named: .certificate, message: "is in UTF-16", hint: "iconv -f UTF-16 ", command: ""),
        Case(file: "utf16.key", named: .key, message: "is in UTF-16", hint: "iconv -f UTF-16 ", command: ""),
        Case(file: "utf16le.key", named: .key, message: "is in UTF-16", hint: "iconv -f UTF-16LE ", command: ""),
        Case(file: "utf16be.key", named: .key, message: "is in UTF-16", hint: "iconv -f UTF-16BE ", command: ""),
        Case(file: "der.cer", named: .certificate, message: "is DER", hint: "openssl x509 -inform der ", command: ""),
        Case(file: "der.bin", named: .key, message: "is DER", hint: "openssl pkey -inform der ", command: ""),
        Case(file: "pkcs8.der", named: .key, message: "is DER", hint: "openssl pkey -inform der ", command: ""),
        Case(
            file: "all.pfx", named: .certificate, message: "is PKCS#12", hint: "-nodes -nokeys",
            command: "-passin pass:secret"),
        Case(
            file: "all.pfx", named: .key, message: "is PKCS#12", hint: "-nodes -nocerts", command: "-passin pass:secret"
        ),
        Case(
            file: "phrase.key", named: .key, message: "has a passphrase", hint: "openssl pkey -in ",
            command: "-passin pass:secret"),
        Case(
            file: "old phrase's.key", named: .key, message: "has a passphrase", hint: "openssl pkey -in ",
            command: "-passin pass:secret"),
        Case(
            file: "phrase.der", named: .key, message: "has a passphrase", hint: "openssl pkey -inform der ",
            command: "-passin pass:secret"),
        Case(
            file: "bundle.p7b", named: .certificate, message: "contains a PKCS#7 bundle", hint: "pkcs7 -print_certs ",
            command: ""),
        Case(
            file: "bundle.p7c", named: .certificate, message: "contains a PKCS#7 bundle",
            hint: "pkcs7 -print_certs -inform der ", command: ""),
        Case(file: "request.csr", named: .certificate, message: "contains a request", hint: "the authority issued"),
        Case(file: "public.pem", named: .key, message: "contains a public key, but no key", hint: "PRIVATE KEY"),
        Case(file: "half.pem", named: .certificate, message: "cannot be used: ", hint: "must be complete"),
        Case(file: "half.key", named: .key, message: "cannot be used: ", hint: "must be complete"),
        Case(file: "garbage", named: .certificate, message: "neither PEM nor DER", hint: "BEGIN CERTIFICATE"),
        Case(file: "garbage", named: .key, message: "neither PEM nor DER", hint: "BEGIN PRIVATE KEY"),
        Case(file: "store.jks", named: .key, message: "is a Java keystore", hint: "keytool -importkeystore"),
    ]

    private let files: Certificates

    init() throws {
        files = try Certificates.shared.get()
        try CredentialFiles.made.get()
    }

    private func path(_ name: String) -> String { files.path("credentials/\(name)") }

    private func error(_ certificate: String, _ key: String) throws -> TLSError? {
        defer { #expect(ERR_peek_error() == 0) }
        do throws(TLSError) {
            _ = try TLSContext(
                TLSOptions(
                    certificates: [(certificate, key)], allowsTLS12: true, allowsTLS13: true, ciphers: nil,
                    ticketKeys: nil))
            return nil
        } catch {
            return error
        }
    }

    @Test("What the file is, and what mends it", arguments: cases) func named(_ given: Case) throws {
        let file = path(given.file)
        func load(_ file: String) throws -> TLSError? {
            given.named == .certificate ? try error(file, files.a.key) : try error(files.a.certificate, file)
        }
        let fault = try #require(try load(file))
        let hint = try #require(fault.hint)
        #expect(fault.message.hasPrefix("\(file) ") && fault.message.contains(given.message), "\(fault)")
        #expect(fault.subject == (given.named == .certificate ? .certificate(0) : .key(0)))
        #expect(hint.contains(given.hint), "\(fault)")
        guard let options = given.command, let colon = hint.firstIndex(of: ":") else { return }
        let command = hint[colon...].dropFirst().split(separator: ", with").first ?? ""
        try files.shell("\(command) \(options)")
        let output = try #require(command.split(separator: command.contains(" > ") ? " > " : " -out ").last)
        let made = output.replacing("'\\''", with: "\u{0}").replacing("'", with: "").replacing("\u{0}", with: "'")
        #expect(try load(made.trimmingCharacters(in: .whitespaces)) == nil)
    }

    @Test("Key and certificate in each other's place, whatever their form")
    func swapped() throws {
        for (certificate, key) in [
            (files.a.certificate, files.a.key), (path("der.cer"), files.a.key), (files.a.certificate, path("der.bin")),
            (files.a.certificate, path("phrase.key")),
        ] {
            let fault = try #require(try error(key, certificate))
            #expect(fault.message.hasPrefix("\(key) contains a key") && fault.message.hasSuffix(", but no certificate"))
            #expect(fault.hint?.contains("swapped") ?? false)
            #expect(fault.subject == .certificate(0))
        }
        #expect(try error(files.a.certificate, files.b.certificate)?.hint?.contains("swapped") == false)
    }

    @Test("A chain upside down is turned round by the command")
    func order() throws {
        for count in 2...3 {
            let chain = path("upside-down-\(count).pem")
            let fault = try #require(try error(chain, files.a.key))
            #expect(
                fault.message.contains("in the wrong order") && fault.message.contains("number \(count) of \(count)"))
            let command = try #require(fault.hint?.split(separator: "reverse it: ").last)
            try files.shell(String(command))
            let output = try #require(command.split(separator: " > ").last)
            #expect(try error(String(output), files.a.key) == nil)
        }
        let middle = try #require(try error(path("middle.pem"), files.a.key))
        #expect(middle.message.contains("number 2 of 3") && middle.hint == "move it to the beginning of the file")
    }

    @Test("The mark of UTF-8, which some editors write, is read past")
    func marked() throws {
        #expect(try error(path("marked.pem"), path("marked.key")) == nil)
        #expect(try error(path("marked.key"), path("marked.pem"))?.hint?.contains("swapped") ?? false)
        #expect(try error(path("marked-chain.pem"), files.a.key)?.message.contains("wrong order") ?? false)
    }

    @Test("A folder, and a file that may not be read, are named with the reason")
    func unreadable() throws {
        let fault = try #require(try error(files.folder.path, files.a.key))
        #expect(fault.description == "\(files.folder.path): Is a directory")
    }

    @Test(
        "Words for a shell",
        arguments: [("/a/b.pem", "/a/b.pem"), ("a b", "'a b'"), ("it's", "'it'\\''s'"), ("", "''")])
    func quoting(word: String, quoted: String) {
        #expect(Shell.quoted(word) == quoted)
    }
}

/// The files of these tests, in a folder of their own.
private enum CredentialFiles {
    static let made = Result { try make(Certificates.shared.get()) }

    private static func make(_ files: Certificates) throws {
        let script = """
            set -e; mkdir credentials; a=$PWD/a.pem; k=$PWD/a.key; b=$PWD/b.pem; r=$PWD/rsa.pem; cd credentials
            : > empty; printf '\\n \\n' > blank; echo 'this is no PEM' > garbage; printf '\\376\\355\\376\\355abc' > store.jks
            iconv -f ASCII -t UTF-16 $a > utf16.pem; iconv -f ASCII -t UTF-16 $k > utf16.key
            iconv -f ASCII -t UTF-16LE $k > utf16le.key; iconv -f ASCII -t UTF-16BE $k > utf16be.key
            (printf '\\357\\273\\277'; cat $a) > marked.pem; (printf '\\357\\273\\277'; cat $k) > marked.key
            (printf '\\357\\273\\277'; cat $b $a) > marked-chain.pem
            openssl x509 -in $a -outform der -out der.cer; openssl ec -in $k -outform der -out der.bin
            openssl pkcs8 -topk8 -nocrypt -in $k -outform der -out pkcs8.der
            openssl pkcs12 -export -in $a -inkey $k -certfile $b -passout pass:secret -out all.pfx
            openssl pkey -in $k -aes256 -passout pass:secret -out phrase.key
            openssl ec -in $k -aes256 -passout pass:secret -out "old phrase's.key"
            openssl pkcs8 -topk8 -in $k -passout pass:secret -outform der -out phrase.der
            openssl crl2pkcs7 -nocrl -certfile $a -out bundle.p7b
            openssl crl2pkcs7 -nocrl -certfile $a -outform der -out bundle.p7c
            openssl req -new -key $k -subj /CN=a -out request.csr; openssl pkey -in $k -pubout -out public.pem
            head -n 5 $a > half.pem; head -n 2 $k > half.key
            cat $b $a > upside-down-2.pem; cat $r $b $a > upside-down-3.pem; cat $b $a $r > middle.pem
            """
        try files.shell("cd \(Shell.quoted(files.folder.path)) && (\(script))")
    }
}
