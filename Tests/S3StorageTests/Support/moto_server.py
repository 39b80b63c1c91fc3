"""Serves moto's S3, STS and IAM on a free port of this machine; prints the port, and ends when its standard input does.

Beside what moto does: requests are served one at a time, for moto checks a condition and acts on it in two steps; and an
upload may be completed under If-Match, which moto does not know.
"""
import sys
import threading

from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.test import Client


class Handler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"  # connections are kept, as the services keep them
    disable_nagle_algorithm = True

    def log(self, *arguments):
        pass


class OneAtATime:
    """moto, one request after the other; `refusal` may answer in its place."""

    def __init__(self, refusal=lambda application, environ, start_response: None):
        self.application = DomainDispatcherApplication(create_backend_app)
        self.refusal = refusal
        self.lock = threading.Lock()

    def __call__(self, environ, start_response):
        with self.lock:
            refused = self.refusal(self.application, environ, start_response)
            return refused or [b"".join(self.application(environ, start_response))]


def serve(application):
    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=Handler)
    print(server.server_port, flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()


def completed_in_vain(application, environ, start_response):
    """The answer to an upload whose If-Match does not hold when it is completed; None for all others."""
    wanted = environ.get("HTTP_IF_MATCH")
    if environ["REQUEST_METHOD"] != "POST" or "uploadId=" not in environ.get("QUERY_STRING", "") or not wanted:
        return None
    head = Client(application).head(
        environ["PATH_INFO"], base_url=f"http://{environ['HTTP_HOST']}",
        headers={"Authorization": environ.get("HTTP_AUTHORIZATION", "")})
    if head.status_code == 404:
        status, code = "404 Not Found", "NoSuchKey"
    elif head.headers["ETag"].strip('"') != wanted.strip('"'):
        status, code = "412 Precondition Failed", "PreconditionFailed"
    else:
        return None
    environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    body = f"<Error><Code>{code}</Code><Message>A condition does not hold</Message></Error>".encode()
    start_response(status, [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))])
    return [body]


if __name__ == "__main__":
    serve(OneAtATime(completed_in_vain))
