"""An identity provider for one test: keys, tokens, and an HTTP server that publishes the key set."""

import base64
import http.server
import json
import ssl
import threading
import time

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

_RSA = rsa.generate_private_key(65537, 2048)
_KEYS = {
    "RS256": _RSA, "RS384": _RSA, "RS512": _RSA, "PS256": _RSA, "PS384": _RSA, "PS512": _RSA,
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "ES384": ec.generate_private_key(ec.SECP384R1()),
    "ES512": ec.generate_private_key(ec.SECP521R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
    "HS256": b"0123456789abcdef0123456789abcdef",
    "HS384": b"0123456789abcdef" * 3,
    "HS512": b"0123456789abcdef" * 4,
}  # fmt: skip
ALGORITHMS = list(_KEYS)


def key(algorithm):
    return _KEYS[algorithm]


def token(algorithm="ES256", *, kid=None, signed_with=None, lifetime=3600, headers=None, **claims):
    """A token that runs for `lifetime` seconds; None: without exp."""
    payload = {"sub": "c", **claims}
    if lifetime is not None:
        payload["exp"] = int(time.time()) + lifetime
    more = {**({"kid": kid} if kid else {}), **(headers or {})}
    return jwt.encode(payload, signed_with or key(algorithm), algorithm=algorithm, headers=more or None)


def public_pem(algorithm):
    public = key(algorithm).public_key()
    return public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def jwk(algorithm, kid=None, private=None):
    """The public JWK of a key; for HMAC the secret."""
    used = private or key(algorithm)
    if isinstance(used, bytes):
        result = {"kty": "oct", "k": base64.urlsafe_b64encode(used).rstrip(b"=").decode()}
    else:
        kind = {"ES": jwt.algorithms.ECAlgorithm, "Ed": jwt.algorithms.OKPAlgorithm}.get(algorithm[:2])
        result = json.loads((kind or jwt.algorithms.RSAAlgorithm).to_jwk(used.public_key()))
    return {**result, **({"kid": kid} if kid else {})}


def key_set(*keys):
    return json.dumps({"keys": list(keys)})


class Provider:
    """Publishes a key set at `url`, and counts who asks. `certificate`: over TLS."""

    def __init__(self, body, port=0, certificate=None):
        self.body = body
        self.status = 200
        self.location = None
        self.requests = 0
        provider = self

        class Handler(http.server.BaseHTTPRequestHandler):
            # A connection for each request: `close` leaves none behind.
            protocol_version = "HTTP/1.0"

            def do_GET(self):
                provider.requests += 1
                body = provider.body.encode()
                self.send_response(provider.status)
                self.send_header("Content-Length", str(len(body)))
                if provider.location:
                    self.send_header("Location", provider.location)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.port = self.server.server_port
        self.url = f"http{'s' if certificate else ''}://127.0.0.1:{self.port}/jwks.json"
        if certificate:
            # A client that does not trust this ends its handshake: no fault of the server's.
            self.server.handle_error = lambda *_: None
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(certificate.certificate, certificate.key)
            self.server.socket = context.wrap_socket(
                self.server.socket, server_side=True, do_handshake_on_connect=False
            )
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
