"""A receiver of Standard Webhooks, with Python's own library alone: it checks the signature, writes down what came, and
answers what it was told to.

usage: receiver.py LOG SECRETS ANSWERS [CERTIFICATE KEY]
SECRETS is a comma list of whsec_…; ANSWERS is JSON: a list of [status, {header: value}], the last one for ever.
Prints its port. With the environment variable KEEP, what is put is kept in that folder, each name once.
"""
import base64
import hashlib
import hmac
import http.server
import json
import os
import ssl
import sys

KEEP = os.environ.get("KEEP")
log, secrets, answers = sys.argv[1], sys.argv[2].split(","), json.loads(sys.argv[3])


def good(headers, body):
    signed = b".".join([headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body])
    wanted = {
        base64.b64encode(hmac.new(base64.b64decode(s.removeprefix("whsec_")), signed, hashlib.sha256).digest()).decode()
        for s in secrets
    }
    given = [one.split(",", 1) for one in headers["webhook-signature"].split(" ")]
    return any(version == "v1" and any(hmac.compare_digest(mac, w) for w in wanted) for version, mac in given)


class Receiver(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        came = {
            "method": self.command,
            "path": self.path,
            "headers": {k.lower(): v for k, v in self.headers.items()},
            "sha256": hashlib.sha256(body).hexdigest(),
            "good": good(self.headers, body),
        }
        if KEEP and self.command == "PUT":
            place = os.path.join(KEEP, os.path.basename(self.path))
            with open(place, "xb") as out:
                out.write(body)
            with open(place + ".sig", "xb") as out:
                out.write(base64.b64decode(self.headers["lockgate-signature"]))
        if self.headers["Content-Type"] == "application/json":
            came["body"] = json.loads(body)
        with open(log, "a") as out:
            out.write(json.dumps(came) + "\n")
        status, headers = answers.pop(0) if len(answers) > 1 else answers[0]
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_PUT = do_POST

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
if len(sys.argv) > 4:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[4], sys.argv[5])
    server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_address[1], flush=True)
server.serve_forever()
