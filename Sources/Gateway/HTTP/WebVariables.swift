import Configuration
import Wire

/// The values of variables while a request is answered. `$uri` and `$request_uri` are those of nginx here: a path that was
/// decoded, and the target as it came. In logs, both are the target without tokens.
struct WebVariables {
    /// What the request has come to so far: `try_files`, `index` and `error_page` lead to other paths.
    let path: String
    let head: RequestHead
    let others: VariableValues

    init(_ request: WebRequest, path: String) {
        self.path = path
        head = request.head
        others = VariableValues(
            client: request.routing.client, request: request.request, session: nil, clientID: "", username: "",
            head: request.head)
    }

    /// The text that a template makes.
    func text(_ template: Template) -> String {
        var text = ""
        for segment in template.segments {
            switch segment {
            case .text(let part): text += part
            case .variable(.uri): text += path
            case .variable(.requestURI): text += URIText.originForm(head.target)
            case .variable(let variable): text += others.value(variable) ?? ""
            }
        }
        return text
    }
}
