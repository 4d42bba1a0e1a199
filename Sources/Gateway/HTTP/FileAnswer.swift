import CShims
import Tunnel
import Wire

/// A response whose content is a file, or a part of one; or that says that the client has the file already (304).
struct FileAnswer {
    let status: HTTPStatus
    /// What its exchange has come to when it is sent.
    var cause = EndCause.served
    let file: OpenFile
    /// Where the part begins that is sent, and how many bytes it has: none for a 304.
    var offset: Int
    var length: Int
    let type: String
    /// nil: the file is the page of an error, which no cache keeps by its tag.
    let validators: Validators?
    let coding: Coding
    let freshness: Freshness?
    /// Those of `add_header`, and of the error whose page it is.
    let added: [HTTPField]

    /// How the content is compressed.
    struct Coding {
        var isGzip = false
        /// Whether another client might get it otherwise.
        var varies = false
    }

    /// Writes the fields that describe the content. Date, Server and those of the connection are for whoever sends it.
    func writeFields(to sink: inout some FieldSink & ~Copyable) {
        if !status.forbidsContent {
            sink.write("Content-Type", value: type)
            sink.write("Content-Length", length)
        }
        if let validators {
            sink.write("Last-Modified", HTTPDate.text(validators.modified))
            sink.write("ETag", validators.entityTag)
            switch status {
            case .ok: sink.write("Accept-Ranges", "bytes")
            case .partialContent: sink.write("Content-Range", part(of: validators.size))
            default: break
            }
        }
        if coding.isGzip, !status.forbidsContent { sink.write("Content-Encoding", "gzip") }
        if coding.varies { sink.write("Vary", "Accept-Encoding") }
        freshness?.writeFields(to: &sink)
        sink.write("X-Content-Type-Options", "nosniff")
        for field in added { sink.write(field.name, field.value) }
    }

    /// "bytes 0-499/1234", RFC 9110 §14.4.
    private func part(of size: Int) -> ShortText {
        var text = ShortText()
        text.append("bytes ")
        text.append(UInt64(offset))
        text.append(UInt8(ascii: "-"))
        text.append(UInt64(offset + max(length, 1) - 1))
        text.append(UInt8(ascii: "/"))
        text.append(UInt64(size))
        return text
    }

    /// Moves on past bytes that were sent without being read.
    mutating func skip(_ count: Int) {
        offset += count
        length -= count
    }

    /// Reads the next bytes into `buffer`, `capacity` at most, and moves on past them. Returns how many; nil: the file has become
    /// shorter than was announced.
    mutating func read(into buffer: UnsafeMutableRawPointer, capacity: Int) -> Int? {
        let wanted = min(length, capacity)
        guard wanted > 0 else { return 0 }
        let count = CShims_read_at(file.descriptor, buffer, wanted, offset)
        guard count > 0 else { return nil }
        offset += count
        length -= count
        return count
    }
}
