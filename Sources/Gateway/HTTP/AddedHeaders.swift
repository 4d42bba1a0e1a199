import Configuration
import Wire

/// What `add_header` says of a location, made ready once where no variable is in it. `X-Content-Type-Options` is not among it:
/// it has one value, and every answer has it.
struct AddedHeaders: Sendable {
    private let headers: [AddedHeader]
    /// Without variables: those of success, and those of every answer; nil: there are variables.
    private let constant: (success: [HTTPField], always: [HTTPField])?

    init(_ headers: [AddedHeader]) {
        let headers = headers.filter { $0.name.lowercased() != "x-content-type-options" }
        self.headers = headers
        guard headers.allSatisfy({ $0.value.constant != nil }) else {
            constant = nil
            return
        }
        let fields = { (headers: [AddedHeader]) in headers.compactMap { $0.field($0.value.constant ?? "") } }
        constant = (fields(headers), fields(headers.filter(\.always)))
    }

    /// The fields of an answer with a status.
    func fields(_ code: Int, _ variables: @autoclosure () -> WebVariables) -> [HTTPField] {
        let isSuccess = AddedHeader.applies(to: code)
        if let constant { return isSuccess ? constant.success : constant.always }
        let variables = variables()
        return headers.compactMap { isSuccess || $0.always ? $0.field(variables.text($0.value)) : nil }
    }
}

extension AddedHeader {
    /// nil: a value that is empty leaves the field out, as in nginx.
    fileprivate func field(_ value: String) -> HTTPField? { value.isEmpty ? nil : HTTPField(name, value) }
}

extension Template {
    /// The text, where there is no variable in it.
    fileprivate var constant: String? {
        if segments.isEmpty { return "" }
        guard segments.count == 1, case .text(let text)? = segments.first else { return nil }
        return text
    }
}
