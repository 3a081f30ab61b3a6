# Makes calls to a gateway on one kept-alive connection, and prints how many got each status.
#
# Like most clients, http.client sends the whole request before it reads the reply.

import collections
import http.client
import json
import sys

host = sys.argv[1].removeprefix("http://")
counts = collections.Counter()
connection = http.client.HTTPConnection(host)
connection.connect()
counts["connections"] = 1
body = json.dumps({"access_token": "access-sandbox-fa4e0000-7c69-4d34-b8a1-5e0c3f9d2b17"})
headers = {"content-type": "application/json"}
for _ in range(int(sys.argv[2])):
    if connection.sock is None:
        counts["connections"] += 1
    # The body is padded so that it does not fit into the packet of the head.
    connection.request("POST", "/sandbox/item/reset_login", body.ljust(60_000), headers)
    reply = connection.getresponse()
    reply.read()
    counts[reply.status] += 1
print(json.dumps(counts))
