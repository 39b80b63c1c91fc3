"""Serves gcp-storage-emulator on a free port of this machine; prints the port, and ends when its standard input does.

Completes what the emulator leaves out of Google Cloud Storage's JSON API: preconditions on generations, reading a generation,
pages of listings, suffixes and bad ranges, hashes and generations in the headers of media, the metadata of rewrites. Requests
are served one at a time.
"""
import base64
import json
import logging
import re
import sys
import threading
import time
from email.utils import formatdate
from http.server import ThreadingHTTPServer
from io import BytesIO
from urllib.parse import parse_qs, unquote, urlparse

from gcp_storage_emulator import server
from gcp_storage_emulator.handlers import objects
from gcp_storage_emulator.storage import Storage

LOCK = threading.Lock()
OBJECT = re.compile(r"^/storage/v1/b/([^/]+)/o/([^/]+)$")
LIST = re.compile(r"^/storage/v1/b/([^/]+)/o$")


class PreconditionFailed(Exception):
    pass


class CheckedStorage(Storage):
    condition = None  # of the request that is served
    metadata = None  # that a rewrite gives its destination
    sessions = {}

    def _write_config_to_file(self):
        pass  # nothing outlives this process

    def create_resumable_upload(self, bucket_name, file_name, file_obj):
        self.check(bucket_name, file_name, self.condition)
        identifier = super().create_resumable_upload(bucket_name, file_name, file_obj)
        self.sessions[identifier] = self.condition
        return identifier

    def create_file(self, bucket_name, file_name, content, file_obj, file_id=None):
        self.check(bucket_name, file_name, self.sessions.get(file_id) if file_id else self.condition)
        file_obj["generation"] = str(time.time_ns() // 1000)
        if self.metadata is not None:
            file_obj["metadata"] = self.metadata
        super().create_file(bucket_name, file_name, content, file_obj, file_id)
        time.sleep(0.000002)  # generations are microseconds

    def check(self, bucket, name, condition):
        if condition is not None:
            there = self.objects.get(bucket, {}).get(name)
            if (int(there["generation"]) if there else 0) != condition:
                raise PreconditionFailed


def read_data(handler, query, original=server._read_data):
    """The emulator reads parts with an e-mail parser, which does not keep all bytes as they are."""
    kind = handler.headers.get("Content-Type", "")
    if not kind.startswith("multipart/related"):
        return original(handler, query)
    boundary = b"--" + re.search(r"boundary=([^;]+)", kind).group(1).strip('"').encode()
    raw = handler.rfile.read()
    if not raw.endswith(boundary + b"--\r\n"):
        raise ConnectionError("the request was cut off")  # by a client that was killed
    _, meta, content, end = raw.split(boundary)
    assert end == b"--\r\n", end
    meta = meta.split(b"\r\n\r\n", 1)[1][:-2]
    return {"meta": json.loads(meta), "content": content.split(b"\r\n\r\n", 1)[1][:-2],
            "content-type": "application/octet-stream"}


def incomplete(response, storage, upload_id, fallback_end=0):
    response.status = objects.GoogleHTTPStatus.RESUME_INCOMPLETE
    received = storage.get_resumable_byte_count(upload_id)
    if received:
        response["Range"] = f"bytes=0-{received - 1}"


server._read_data = read_data
objects._resumable_incomplete = incomplete


class Handler(server.RequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16  # heads and bodies in one packet
    disable_nagle_algorithm = True

    def serve(self, method):
        connection, self.rfile = self.rfile, BytesIO(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
        try:
            with LOCK:
                self.route(method)
        finally:
            self.rfile = connection

    do_GET = lambda self: self.serve("GET")
    do_POST = lambda self: self.serve("POST")
    do_PUT = lambda self: self.serve("PUT")
    do_DELETE = lambda self: self.serve("DELETE")

    def route(self, method):
        url = urlparse(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query, keep_blank_values=True).items()}
        condition = query.get("ifGenerationMatch")
        self.storage.condition = None if condition is None else int(condition)
        self.storage.metadata = None
        if "/rewriteTo/" in url.path:
            self.storage.metadata = json.loads(self.rfile.getvalue() or b"{}").get("metadata")
        listed, single = LIST.match(url.path), OBJECT.match(url.path)
        if method == "DELETE" and "upload_id" in query:
            return self.answer(499, {})
        if method == "GET" and listed:
            return self.list(listed.group(1), query)
        if method == "GET" and single and query.get("alt") == "media":
            return self.media(single.group(1), unquote(single.group(2)), query)
        try:
            server.Router(self).handle(method)
        except PreconditionFailed:
            self.answer(412, {"error": {"errors": [{"reason": "conditionNotMet"}], "message": "Precondition failed"}})

    def answer(self, status, document, headers=(), body=None):
        body = json.dumps(document).encode() if body is None else body
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def list(self, bucket, query):
        if bucket not in self.storage.buckets:
            return self.answer(404, {"error": {"message": "The specified bucket does not exist."}})
        prefix, delimiter = query.get("prefix", ""), query.get("delimiter")
        start, limit = query.get("startOffset", "").encode(), int(query.get("maxResults", 1000))
        behind = base64.b64decode(query["pageToken"]) if "pageToken" in query else None
        items, prefixes, last, more = [], [], None, False
        there = self.storage.objects.get(bucket, {})
        for name in sorted(there, key=lambda name: name.encode()):
            if not name.startswith(prefix) or name.encode() < start:
                continue
            cut = name.find(delimiter, len(prefix)) if delimiter else -1
            entry = name if cut < 0 else name[:cut + len(delimiter)]
            if behind is not None and (entry.encode() <= behind):
                continue
            if prefixes and cut >= 0 and prefixes[-1] == entry:
                continue
            if len(items) + len(prefixes) == limit:
                more = True
                break
            if cut < 0:
                items.append(there[name])
            else:
                prefixes.append(entry)
            last = entry
        page = {"items": items, "prefixes": prefixes}
        if more:
            page["nextPageToken"] = base64.b64encode(last.encode()).decode()
        self.answer(200, page)

    def media(self, bucket, name, query):
        there = self.storage.objects.get(bucket, {}).get(name)
        if there is None or query.get("generation", there["generation"]) != there["generation"]:
            return self.answer(404, None, body=b"No such object")
        content = self.storage.get_file(bucket, name)
        headers = [("X-Goog-Generation", there["generation"]), ("X-Goog-Hash", f"crc32c={there['crc32c']},md5={there['md5Hash']}"),
                   ("Last-Modified", formatdate(int(there["generation"]) / 1_000_000, usegmt=True))]
        asked = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("Range", ""))
        if not asked:
            return self.answer(200, None, headers, content)
        first, last = asked.groups()
        start = int(first) if first else max(0, len(content) - int(last))
        end = min(int(last) + 1, len(content)) if first and last else len(content)
        if start >= len(content):
            return self.answer(416, None, [("Content-Range", f"bytes */{len(content)}")], b"Requested range not satisfiable")
        self.answer(206, None, headers + [("Content-Range", f"bytes {start}-{end - 1}/{len(content)}")], content[start:end])

    def log_message(self, *arguments):
        pass


class Service(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], ConnectionError):  # tests hang up in the middle on purpose
            super().handle_error(request, client_address)


logging.disable(logging.CRITICAL)  # refusals are what tests ask for
storage = CheckedStorage(use_memory_fs=True)
service = Service(("127.0.0.1", 0), lambda *arguments: Handler(storage, *arguments))
print(service.server_port, flush=True)
threading.Thread(target=service.serve_forever, daemon=True).start()
sys.stdin.read()
