"""Prints what botocore makes of generated requests: vectors.py SEED COUNT. A JSON array of cases."""
import datetime
import json
import random
import sys
from urllib.parse import quote

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

seed, count = int(sys.argv[1]), int(sys.argv[2])
chance = random.Random(seed)
ODD = list("abcXYZ019-._~ !\"#$%&'()*+,/:;<=>?@[\\]^`{|}") + ["ü", "é", "e\u0301", "日本", "🎉", "%2F", "..", "+", "\u00a0"]


def text(most, least=0):
    return "".join(chance.choice(ODD) for _ in range(chance.randint(least, most)))


def header_value():
    return "".join(chance.choice("abc XYZ  019=;/\t,\"") for _ in range(chance.randint(0, 20)))


def case(number):
    service = chance.choice(["s3", "s3", "kinesis", "sts"])
    method = chance.choice(["GET", "PUT", "POST", "DELETE", "HEAD"])
    scheme = chance.choice(["http", "https"])
    host = chance.choice(["bucket.s3.eu-west-1.amazonaws.com", "127.0.0.1:9000", "example.org:8443"])
    parts = [text(8) for _ in range(chance.randint(0, 4))]
    path = "/" + "/".join(quote(part, safe="~" if service == "s3" else "~.") for part in parts)
    names = list({text(6, 1) for _ in range(chance.randint(0, 5))})
    query = [(name, text(8)) for name in names]
    if query and chance.random() < 0.3 and service != "s3":
        query.append((query[0][0], text(8)))
    headers = [(f"x-amz-{chance.choice('abcdef')}-{i}", header_value()) for i in range(chance.randint(0, 4))]
    if chance.random() < 0.3:
        headers += [("User-Agent", "never signed"), ("Content-Type", "text/plain")]
    body = bytes(chance.randrange(256) for _ in range(chance.randint(0, 40))) if method in ("PUT", "POST") else b""
    credentials = Credentials(f"AKID{number}", text(20, 1), chance.choice([None, header_value() + "x"]))
    region = chance.choice(["us-east-1", "eu-west-1", "cn-north-1"])
    time = datetime.datetime.fromtimestamp(chance.randint(0, 4_000_000_000), datetime.timezone.utc)
    botocore.auth.get_current_datetime = lambda remove_tzinfo=True: time
    presigned = chance.random() < 0.4 and len(names) == len(query)
    expires = chance.randint(1, 604800)
    unsigned = service == "s3" and chance.random() < 0.5
    encoded = "&".join(quote(name, safe="-_.~") + "=" + quote(value, safe="-_.~") for name, value in query)
    request = AWSRequest(method, f"{scheme}://{host}{path}" + (f"?{encoded}" if encoded else ""), data=body)
    for name, value in headers:
        request.headers[name] = value
    if presigned:
        request.data, body = b"", b""
        kind = botocore.auth.S3SigV4QueryAuth if service == "s3" else botocore.auth.SigV4QueryAuth
        signer = kind(credentials, service, region, expires)
    else:
        kind = botocore.auth.S3SigV4Auth if service == "s3" else botocore.auth.SigV4Auth
        signer = kind(credentials, service, region)
        if unsigned:
            request.context["client_config"] = Config(s3={"payload_signing_enabled": False})
    signer.add_auth(request)
    wanted = ["Authorization", "X-Amz-Date", "X-Amz-Content-SHA256", "X-Amz-Security-Token"]
    return {
        "service": service, "method": method, "host": host, "path": path, "query": query, "headers": headers,
        "body": body.hex(), "region": region, "time": int(time.timestamp()), "presigned": presigned, "expires": expires,
        "unsigned": unsigned, "key": credentials.access_key, "secret": credentials.secret_key, "token": credentials.token,
        "result": {"url": request.url.split("?", 1)[1]} if presigned else
        {name.lower(): request.headers[name] for name in wanted if name in request.headers},
    }


json.dump([case(number) for number in range(count)], sys.stdout)
