"""The API's description (docs/openapi.json), and an operator's side whose every answer is held against it."""

import json
import re

import jsonschema
import referencing
import referencing.jsonschema

from harness import REPOSITORY
from operator_side import OperatorSide

DOCUMENT = json.loads((REPOSITORY / "docs/openapi.json").read_text())
_REGISTRY = referencing.Registry().with_resource(
    "urn:api", referencing.Resource(contents=DOCUMENT, specification=referencing.jsonschema.DRAFT202012)
)
_FORMATS = jsonschema.Draft202012Validator.FORMAT_CHECKER


def _resolved(node):
    while "$ref" in node:
        target = DOCUMENT
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


def _with_base(node):
    """The same schema with references that lead into the document."""
    if isinstance(node, dict):
        return {k: "urn:api" + v if k == "$ref" else _with_base(v) for k, v in node.items()}
    return [_with_base(one) for one in node] if isinstance(node, list) else node


def path_template(path):
    """The path of the document that a request's path, below the prefix, is an instance of."""
    for template in DOCUMENT["paths"]:
        if re.fullmatch(re.sub(r"\\{\w+\\}", ".+", re.escape(template)), path):
            return template
    return None


def check(method, path, status, fields, content):
    """Fails unless the document has this answer. `path`: below the prefix, with its query."""
    template = path_template(path.partition("?")[0])
    if template is None:
        assert status == 404, (path, status)
        response = DOCUMENT["components"]["responses"]["NotFound"]
    else:
        operation = DOCUMENT["paths"][template].get({"HEAD": "get"}.get(method, method.lower()))
        if operation is None:
            assert status in (204, 403, 405), (method, path, status)
            if status == 204:
                return
            response = DOCUMENT["components"]["responses"]["MethodNotAllowed"]
        else:
            assert str(status) in operation["responses"], (method, path, status, content)
            response = _resolved(operation["responses"][str(status)])
    if method == "HEAD" or "content" not in response:
        assert content == b"", content
        return
    kind = fields["Content-Type"]
    assert kind in response["content"], (kind, status, content)
    schema = _with_base(response["content"][kind]["schema"])
    validator = jsonschema.Draft202012Validator(schema, registry=_REGISTRY, format_checker=_FORMATS)
    errors = [f"{'/'.join(map(str, error.path))}: {error.message}" for error in validator.iter_errors(json.loads(content))]
    assert not errors, (method, path, errors)


class Api(OperatorSide):
    """Paths are below /api/."""

    def ask(self, method, path, body=None, **options):
        status, fields, content = super().ask(method, "/api/" + path, body, **options)
        check(method, "/" + path, status, fields, content)
        if status not in (401, 403, 421):
            assert fields["Cache-Control"] == "no-store"
        assert not [name for name in fields if name.lower().startswith("access-control-")]
        return status, fields, content

    def change(self, method, path, body=None, **options):
        """The status of an answer that is no problem, and its JSON, if any."""
        status, _, content = self.ask(method, path, body, **options)
        assert status < 300, (status, content)
        return status, json.loads(content) if content else None

    def connections(self, query=""):
        return self.get(f"connections{query}")["connections"]

    def sessions(self, query=""):
        return [one for one in self.connections(query) if one["mqtt"]]
