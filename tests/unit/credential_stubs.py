# SPDX-License-Identifier: LGPL-2.1-or-later
"""Stand-ins for IMDS, the container's endpoint and STS that insist on their protocols.

As a program, credential_stubs.py LIFE_S: IMDS at its own address, with keys that last so long; prints each key id that it
hands out.
"""

import datetime
import http.server
import json
import socket
import sys
import threading
import time
import urllib.parse

SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
ROLE = "/latest/meta-data/iam/security-credentials/"


def expiry(life_s):
    moment = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=life_s)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def answer(self, status, body=""):
        data = (body if isinstance(body, str) else json.dumps(body)).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def handle_all(self):
        length = int(self.headers["Content-Length"] or 0)
        self.server.requests.append((self.command, self.path))
        self.server.serve(self, self.rfile.read(length).decode())

    do_GET = do_PUT = do_POST = handle_all


class Stub(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, host, port=80):
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, port), Handler)
        self.requests, self.n, self.life_s, self.broken = [], 0, 3600, None
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def handle_error(self, *_):
        pass  # clients that hang up are what is being tested

    def keys(self, **more):
        self.n += 1
        return {"AccessKeyId": f"ASIA{self.n}", "SecretAccessKey": SECRET, "Token": f"token{self.n}",
                "Expiration": expiry(self.life_s), **more}

    def close(self):
        self.shutdown()
        self.server_close()


class Instance(Stub):
    token, role = "AQAE-token", "validator"

    def serve(self, request, _body):
        if self.broken:
            return request.answer(*self.broken)
        if request.path == "/latest/api/token":
            if request.command != "PUT":
                return request.answer(405)
            if request.headers["x-aws-ec2-metadata-token-ttl-seconds"] != "21600":
                return request.answer(400)
            return request.answer(200, self.token)
        if request.command != "GET":
            return request.answer(405)
        if request.headers["x-aws-ec2-metadata-token"] != self.token:
            return request.answer(401)
        if request.path == ROLE and self.role:
            return request.answer(200, self.role)
        if self.role and request.path == ROLE + self.role:
            return request.answer(200, self.keys(Code="Success", Type="AWS-HMAC"))
        return request.answer(404)


class Hop(Stub):
    """A token does not come through to a container; all else does."""

    def serve(self, request, _body):
        if request.command == "PUT":
            time.sleep(3)
        else:
            request.answer(401)


class Container(Stub):
    token = None

    def serve(self, request, _body):
        if self.broken:
            return request.answer(*self.broken)
        if request.command != "GET" or request.headers["authorization"] != self.token:
            return request.answer(401, {"code": "AccessDenied", "message": "who are you"})
        return request.answer(200, self.keys())


class Sts(Stub):
    def serve(self, request, body):
        form = dict(urllib.parse.parse_qsl(body, strict_parsing=True))
        if request.command != "POST" or request.path != "/" or form["Action"] != "AssumeRoleWithWebIdentity":
            return request.answer(405)
        if form["WebIdentityToken"] != "eyJ0.a+b/=":
            return request.answer(400, "<ErrorResponse xmlns='u'><Error><Type>Sender</Type><Code>InvalidIdentityToken</Code>"
                                       "<Message>No &lt;good&gt;</Message></Error><RequestId>1</RequestId></ErrorResponse>")
        keys = self.keys()
        return request.answer(200, '<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">\n'
                                   "<AssumeRoleWithWebIdentityResult><Credentials>"
                                   f"<SessionToken>{keys['Token']}</SessionToken><Expiration>{keys['Expiration']}</Expiration>"
                                   f"<AccessKeyId>{keys['AccessKeyId']}</AccessKeyId><SecretAccessKey>{SECRET}</SecretAccessKey>"
                                   "</Credentials><Provider/></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>")


class TalkingInstance(Instance):
    def keys(self, **more):
        keys = super().keys(**more)
        print(keys["AccessKeyId"], flush=True)
        return keys


def main():
    stub = TalkingInstance("169.254.169.254")
    stub.life_s = int(sys.argv[1])
    threading.Event().wait()


if __name__ == "__main__":
    main()
