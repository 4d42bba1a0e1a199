"""Certificates and users that change while a gateway runs."""

import socket
import ssl

from harness import DEADLINE, eventually


def served(gateway, rig):
    """The certificate that the gateway shows now, in DER."""
    context = rig.certificate.client_context()
    with socket.create_connection(gateway.tls_address, timeout=DEADLINE) as plain:
        with context.wrap_socket(plain, server_hostname="localhost") as secured:
            return secured.getpeercert(binary_form=True)


def certificate(path):
    """What a PEM file has, in DER."""
    return ssl.PEM_cert_to_DER_cert(path.read_text())


def is_served(gateway, rig, path):
    """Waits until the gateway shows a certificate."""
    eventually(lambda: served(gateway, rig) == certificate(path), lambda: f"{path} in use:\n{gateway.output()}")


def replace(path, text):
    """Renamed into place, as most programs write what others read."""
    new = path.with_name(path.name + ".new")
    new.write_text(text)
    new.rename(path)
