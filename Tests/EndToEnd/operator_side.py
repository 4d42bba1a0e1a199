"""A gateway with the operator's side on a listener of its own, and plain HTTP requests to it."""

import http.client
import json

import harness
from gateway import site

TOKEN = "a-token-of-the-tests-0123456789"


class OperatorSide:
    """`/api/`, `/metrics` and the dashboard beside a gateway of `rig`; `write`: the API may change things, with TOKEN."""

    def __init__(self, rig, brokers, *, write=True, tls=False, admin="", **options):
        self.port = harness.free_port()
        token_file = rig.path("operator") / "tokens"
        token_file.write_text(TOKEN + "\n")
        text = site(brokers, tls=rig.certificate if tls else None, **options)
        text += f"""
            server {{
                listen 127.0.0.1:{self.port};
                access_log off;
                location / {{ dashboard; }}
                location /metrics {{ metrics; }}
                location /api/ {{
                    api write={"on" if write else "off"};
                    api_token_file {token_file};
                }}
                {admin}
            }}
            """
        self.gateway = rig.gateway(config=text)

    def connection(self, timeout=harness.DEADLINE):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def ask(self, method, path, body=None, *, token=TOKEN, fields=()):
        """Status, fields and content of an answer on a connection of its own."""
        connection = self.connection()
        try:
            headers = dict(fields)
            if token:
                headers["Authorization"] = f"Bearer {token}"
            if body is not None and not isinstance(body, (bytes, str)):
                body = json.dumps(body)
                headers["Content-Type"] = "application/json"
            connection.request(method, path, body=body, headers=headers)
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        finally:
            connection.close()

    def get(self, path):
        """The JSON of a GET that succeeds."""
        status, _, content = self.ask("GET", path)
        assert status == 200, content
        return json.loads(content)

    def problem(self, method, path, body=None, **options):
        """Status and detail of an answer that is a problem (RFC 9457)."""
        status, fields, content = self.ask(method, path, body, **options)
        assert fields["Content-Type"] == "application/problem+json", (status, content)
        problem = json.loads(content)
        assert problem["status"] == status
        return status, problem["detail"]

    def connections(self, query=""):
        return self.get(f"/api/connections{query}")["connections"]
