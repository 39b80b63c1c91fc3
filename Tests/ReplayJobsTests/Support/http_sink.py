"""A web server that takes batches and misbehaves; prints its port, and ends when its standard input does.

POST or PUT /PLAN/NAME does what PLAN says, step by step, a step for each request to NAME, and ok behind the last: ok, 503, 429
(with Retry-After: 1), 400, 302, cut (half an answer), lost (taken, no answer), stall (no answer for 3 seconds), large (413 when
there are more than 10 lines), escape400 and escape503 (with control characters in the answer), long (ok, by 3 MiB), long400 (400, by 3 MiB). GET /NAME answers with what was taken: a JSON array of {method, headers, body}.
"""
import json
import sys
import threading
import time
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

sys.dont_write_bytecode = True
taken = defaultdict(list)
steps = defaultdict(int)
lock = threading.Lock()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def answer(self, status, body=b"", headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def take(self):
        _, plan, name = self.path.split("/")
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        with lock:
            plan = plan.split(",")
            step = plan[steps[name]] if steps[name] < len(plan) else "ok"
            steps[name] += 1
            entry = {"method": self.command, "headers": {k.lower(): v for k, v in self.headers.items()}, "body": body,
                     "time": time.time()}
            if step == "large":
                step = "413" if body.count("\n") > 10 else "ok"
                steps[name] -= 1
            if step in ("ok", "lost", "long"):
                taken[name].append(entry)
        if step == "ok":
            self.answer(200, b'{"ok":true}')
        elif step == "long":
            self.answer(200, b"x" * (3 << 20))
        elif step == "long400":
            self.answer(400, b"x" * (3 << 20))
        elif step == "lost":
            self.close_connection = True
        elif step == "cut":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
            self.close_connection = True
        elif step == "stall":
            time.sleep(3)
            self.close_connection = True
        elif step == "429":
            self.answer(429, b"slower", [("Retry-After", "1")])
        elif step == "302":
            self.answer(302, b"", [("Location", "/elsewhere")])
        elif step.startswith("escape"):
            self.answer(int(step[6:]), b"\x1b[31mno\x07\r\nno\xc2\x9b2J\xff")
        else:
            self.answer(int(step), b"step " + step.encode())

    do_POST = take
    do_PUT = take

    def do_GET(self):
        with lock:
            self.answer(200, json.dumps(taken[self.path[1:]]).encode())


class Service(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], ConnectionError):  # a client hangs up on answers that are too long
            super().handle_error(request, client_address)


server = Service(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.read()
