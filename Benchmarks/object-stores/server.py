"""A fast S3 server for benchmarks on one machine, as far away as one says.

moto answers one request at a time and copies whole objects in Python; this one sends files by the kernel (sendfile), with a
thread for each connection, so that what is measured is the client. It speaks what Highwater and flash-flood use: objects with
ranges, conditions and metadata, lists of both versions, uploads in parts, deletions. Signatures and checksums are not
looked at: for this machine and benchmarks alone.

    server.py [--latency MS] [--connection-rate MB/S] [--link-rate MB/S]

Each request waits for the latency before it is answered; a connection, and all of them together, carry at most the bytes a
second that the rates say. The port is the first line of the output; the server ends when its standard input does.
"""
import argparse
import bisect
import email.utils
import hashlib
import itertools
import os
import re
import shutil
import socket
import sys
import tempfile
import threading
import time
import urllib.parse
import xml.etree.ElementTree as ElementTree
from xml.sax.saxutils import escape

PIECE = 256 << 10


class Pace:
    """Lets so many bytes a second pass; None for as many as come."""

    def __init__(self, rate):
        self.rate, self.free, self.lock = rate, 0.0, threading.Lock()

    def wait(self, count):
        if not self.rate:
            return
        with self.lock:
            free = self.free = max(self.free, time.monotonic()) + count / self.rate
        delay = free - time.monotonic()
        # What is ahead of its time by less than a tick of the scheduler is let through.
        if delay > 0.001:
            time.sleep(delay)


class Object:
    def __init__(self, path, size, tag, metadata):
        self.path, self.size, self.tag, self.metadata = path, size, f'"{tag}"', metadata
        self.time = time.time()


class Store:
    """The objects, by bucket and key; what changes them holds the lock."""

    def __init__(self, folder):
        self.folder, self.lock, self.numbers = folder, threading.Lock(), itertools.count()
        self.objects, self.names, self.uploads = {}, [], {}

    def write(self, body):
        path = f"{self.folder}/{next(self.numbers)}"
        with open(path, "wb") as file:
            file.write(body)
        return path

    def put(self, name, path, size, tag, headers):
        metadata = {key: value for key, value in headers.items() if key.startswith("x-amz-meta-")}
        with self.lock:
            old = self.objects.get(name)
            if headers.get("if-none-match") == "*" and old:
                return 412
            wanted = headers.get("if-match")
            if wanted and (old is None or old.tag != wanted):
                return 412 if old else 404
            if old is None:
                bisect.insort(self.names, name)
            self.objects[name] = made = Object(path, size, tag, metadata)
        return made

    def delete(self, name):
        with self.lock:
            if self.objects.pop(name, None):
                del self.names[bisect.bisect_left(self.names, name)]

    def page(self, bucket, prefix, after, delimiter, limit):
        """Keys and common prefixes behind a key, and whether there are more."""
        found, start, begin = [], f"{bucket}/", f"{bucket}/{prefix}"
        with self.lock:
            index = bisect.bisect_left(self.names, begin)
            if after:
                index = max(index, bisect.bisect_right(self.names, start + after))
            while index < len(self.names) and self.names[index].startswith(begin):
                name = self.names[index]
                cut = name.find(delimiter, len(begin)) if delimiter else -1
                if cut >= 0:
                    common = name[:cut + len(delimiter)]
                    index = bisect.bisect_left(self.names, common + "\U0010ffff")
                    if after and common[len(start):] <= after:
                        continue
                    entry = (common[len(start):], None)
                else:
                    index += 1
                    entry = (name[len(start):], self.objects[name])
                if len(found) == limit:
                    return found, True
                found.append(entry)
        return found, False


class Connection:
    def __init__(self, server, connection):
        self.server, self.store, self.connection = server, server.store, connection
        self.pace = Pace(server.connection_rate)
        self.input = connection.makefile("rb", buffering=1 << 20)

    def serve(self):
        try:
            while True:
                line = self.input.readline()
                if not line:
                    return
                method, target, _ = line.decode("latin-1").split()
                headers = {}
                while (line := self.input.readline().strip()):
                    name, value = line.decode("latin-1").split(":", 1)
                    headers[name.strip().lower()] = value.strip()
                if headers.get("expect"):
                    self.connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
                body = self.body(headers)
                self.server.count(method)
                if self.server.latency:
                    time.sleep(self.server.latency)
                path, _, query = target.partition("?")
                query = dict(urllib.parse.parse_qsl(query, keep_blank_values=True))
                self.handle(method, urllib.parse.unquote(path).lstrip("/"), query, headers, body)
        except (ConnectionError, BrokenPipeError):
            pass
        finally:
            self.input.close()
            self.connection.close()

    def body(self, headers):
        body = self.input.read(int(headers.get("content-length", 0)))
        if "aws-chunked" not in headers.get("content-encoding", "") \
                and not headers.get("x-amz-content-sha256", "").startswith("STREAMING"):
            return body
        whole, place = bytearray(), 0
        while True:
            end = body.index(b"\r\n", place)
            size = int(body[place:end].split(b";")[0], 16)
            if size == 0:
                return bytes(whole)
            whole += body[end + 2:end + 2 + size]
            place = end + 4 + size

    def answer(self, status, body=b"", headers=()):
        lines = [f"HTTP/1.1 {status} .", "server: bench", "x-amz-request-id: 0", f"content-length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers]
        self.connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body)

    def refuse(self, status, code):
        self.answer(status, f"<Error><Code>{code}</Code><Message>{code}</Message></Error>".encode())

    def handle(self, method, name, query, headers, body):
        bucket, _, key = name.partition("/")
        if method in ("GET", "HEAD"):
            return self.get(method, name, headers) if key else self.list(bucket, query)
        if method == "PUT":
            if not key or "tagging" in query:
                return self.answer(200)
            if "x-amz-copy-source" in headers:
                return self.refuse(501, "NotImplemented")
            tag = hashlib.md5(body, usedforsecurity=False).hexdigest()
            path = self.store.write(body)
            if "uploadId" in query:
                self.store.uploads[query["uploadId"]][1][int(query["partNumber"])] = (path, len(body), tag)
                return self.answer(200, headers=[("etag", f'"{tag}"')])
            return self.stored(self.store.put(name, path, len(body), tag, headers))
        if method == "POST" and "uploads" in query:
            identifier = str(next(self.store.numbers))
            self.store.uploads[identifier] = (headers, {})
            text = f"<InitiateMultipartUploadResult><UploadId>{identifier}</UploadId></InitiateMultipartUploadResult>"
            return self.answer(200, text.encode())
        if method == "POST" and "uploadId" in query:
            return self.complete(name, query["uploadId"], headers)
        if method == "POST" and "delete" in query:
            namespace = re.match(r"\{.*\}|", (root := ElementTree.fromstring(body)).tag)[0]
            for element in root.iter(f"{namespace}Key"):
                self.store.delete(f"{bucket}/{element.text}")
            return self.answer(200, b"<DeleteResult></DeleteResult>")
        if method == "DELETE":
            if "uploadId" in query:
                self.store.uploads.pop(query["uploadId"], None)
            else:
                self.store.delete(name)
            return self.answer(204)
        return self.refuse(405, "MethodNotAllowed")

    def stored(self, result, document=None):
        if isinstance(result, int):
            return self.refuse(result, "PreconditionFailed" if result == 412 else "NoSuchKey")
        self.answer(200, document(result).encode() if document else b"", [("etag", result.tag)])

    def complete(self, name, identifier, headers):
        begun, parts = self.store.uploads[identifier]
        path, size, digests = self.store.write(b""), 0, b""
        with open(path, "wb") as whole:
            for _, (part, count, tag) in sorted(parts.items()):
                with open(part, "rb") as file:
                    shutil.copyfileobj(file, whole, 1 << 20)
                os.unlink(part)
                size += count
                digests += bytes.fromhex(tag)
        tag = f"{hashlib.md5(digests, usedforsecurity=False).hexdigest()}-{len(parts)}"
        conditions = {key: value for key, value in headers.items() if key.startswith("if-")}
        self.stored(self.store.put(name, path, size, tag, {**begun, **conditions}),
                    lambda made: f"<CompleteMultipartUploadResult><ETag>{made.tag}</ETag></CompleteMultipartUploadResult>")

    def get(self, method, name, headers):
        found = self.store.objects.get(name)
        if found is None:
            return self.answer(404) if method == "HEAD" else self.refuse(404, "NoSuchKey")
        if headers.get("if-match", found.tag) != found.tag:
            return self.refuse(412, "PreconditionFailed")
        first, end, status = 0, found.size, 200
        if (wanted := re.fullmatch(r"bytes=(\d*)-(\d*)", headers.get("range", ""))):
            if wanted[1]:
                first, end = int(wanted[1]), min(found.size, int(wanted[2] or found.size) + 1 if wanted[2] else found.size)
            else:
                first = max(0, found.size - int(wanted[2]))
            if first >= end:
                return self.refuse(416, "InvalidRange")
            status = 206
        lines = [f"HTTP/1.1 {status} .", "server: bench", "x-amz-request-id: 0", f"content-length: {end - first}",
                 f"etag: {found.tag}", f"last-modified: {email.utils.formatdate(found.time, usegmt=True)}"]
        if status == 206:
            lines.append(f"content-range: bytes {first}-{end - 1}/{found.size}")
        lines += [f"{key}: {value}" for key, value in found.metadata.items()]
        self.connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
        if method == "HEAD":
            return
        with open(found.path, "rb", buffering=0) as file:
            while first < end:
                count = min(PIECE, end - first) if self.server.is_paced else end - first
                self.pace.wait(count)
                self.server.link.wait(count)
                first += os.sendfile(self.connection.fileno(), file.fileno(), first, count)

    def list(self, bucket, query):
        after = query.get("continuation-token") or query.get("start-after") or query.get("marker") or ""
        entries, more = self.store.page(bucket, query.get("prefix", ""), after, query.get("delimiter"),
                                        min(int(query.get("max-keys", 1000)), 1000))
        encode = urllib.parse.quote if query.get("encoding-type") == "url" else escape
        parts = [f"<ListBucketResult><Name>{bucket}</Name><KeyCount>{len(entries)}</KeyCount>"
                 f"<IsTruncated>{'true' if more else 'false'}</IsTruncated>"]
        if query.get("encoding-type"):
            parts.append("<EncodingType>url</EncodingType>")
        if more:
            last = encode(entries[-1][0])
            parts.append(f"<NextContinuationToken>{escape(entries[-1][0])}</NextContinuationToken><NextMarker>{last}</NextMarker>")
        for key, found in entries:
            if found is None:
                parts.append(f"<CommonPrefixes><Prefix>{encode(key)}</Prefix></CommonPrefixes>")
            else:
                moment = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(found.time))
                parts.append(f"<Contents><Key>{encode(key)}</Key><Size>{found.size}</Size><ETag>{escape(found.tag)}</ETag>"
                             f"<LastModified>{moment}</LastModified></Contents>")
        parts.append("</ListBucketResult>")
        self.answer(200, "".join(parts).encode(), [("content-type", "application/xml")])


class Server:
    def __init__(self, folder, latency, connection_rate, link_rate):
        self.store, self.latency, self.connection_rate = Store(folder), latency, connection_rate
        self.link, self.is_paced = Pace(link_rate), bool(connection_rate or link_rate)
        self.counts, self.lock = {}, threading.Lock()

    def count(self, method):
        with self.lock:
            self.counts[method] = self.counts.get(method, 0) + 1

    def run(self, listener):
        while True:
            connection, _ = listener.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=Connection(self, connection).serve, daemon=True).start()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--latency", type=float, default=0, help="milliseconds that each request waits")
    parser.add_argument("--connection-rate", type=float, default=0, help="megabytes a second of one connection")
    parser.add_argument("--link-rate", type=float, default=0, help="megabytes a second of all connections")
    arguments = parser.parse_args()
    memory = "/dev/shm" if os.path.isdir("/dev/shm") else None
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        server = Server(folder, arguments.latency / 1000, arguments.connection_rate * 1e6, arguments.link_rate * 1e6)
        listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        print(listener.getsockname()[1], flush=True)
        threading.Thread(target=server.run, args=(listener,), daemon=True).start()
        sys.stdin.read()


if __name__ == "__main__":
    main()
