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
    protocol_version = "HTTP/1.1"  # connections are kept, as S3 keeps them
    disable_nagle_algorithm = True

    def log(self, *arguments):
        pass


class OneAtATime:
    def __init__(self, application):
        self.application = application
        self.lock = threading.Lock()

    def __call__(self, environ, start_response):
        with self.lock:
            wanted = environ.get("HTTP_IF_MATCH")
            if environ["REQUEST_METHOD"] == "POST" and "uploadId=" in environ.get("QUERY_STRING", "") and wanted:
                head = Client(self.application).head(
                    environ["PATH_INFO"], base_url=f"http://{environ['HTTP_HOST']}",
                    headers={"Authorization": environ.get("HTTP_AUTHORIZATION", "")})
                if head.status_code == 404:
                    return self.refuse(environ, start_response, "404 Not Found", "NoSuchKey")
                if head.headers["ETag"].strip('"') != wanted.strip('"'):
                    return self.refuse(environ, start_response, "412 Precondition Failed", "PreconditionFailed")
            return [b"".join(self.application(environ, start_response))]

    @staticmethod
    def refuse(environ, start_response, status, code):
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        body = f"<Error><Code>{code}</Code><Message>A condition does not hold</Message></Error>".encode()
        start_response(status, [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))])
        return [body]


application = OneAtATime(DomainDispatcherApplication(create_backend_app))
server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=Handler)
print(server.server_port, flush=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.read()
