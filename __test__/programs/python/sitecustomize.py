# Python loads this at its start. It replaces the name service of a container, in which
# sandbox.plaid.com is the Sandbox.

import os
import socket

resolve = socket.getaddrinfo


def getaddrinfo(host, port, *rest, **options):
    if host == "sandbox.plaid.com":
        host, port = "127.0.0.1", int(os.environ["SANDBOX_TLS_PORT"])
    return resolve(host, port, *rest, **options)


socket.getaddrinfo = getaddrinfo
