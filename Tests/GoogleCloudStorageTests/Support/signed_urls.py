"""Prints the V4 signed URLs that Google's own library makes: signed_urls.py SEED COUNT.

A JSON object: a service account's key file, and cases of bucket, key, seconds, moment (seconds since 1970) and URL.
"""
import datetime
import json
import random
import sys

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage
from google.cloud.storage import _signing
from google.oauth2 import service_account

seed, count = int(sys.argv[1]), int(sys.argv[2])
chance = random.Random(seed)
ODD = list("abcXYZ019-._~ !\"#$%&'()*+,/:;<=>?@[\\]^`{|}") + ["ü", "é", "e\u0301", "日本", "🎉", "%2F", "+"]

pem = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
file = {"type": "service_account", "client_email": "reader+x@project.iam.gserviceaccount.com", "private_key_id": "1",
        "private_key": pem, "token_uri": "https://oauth2.googleapis.com/token"}
credentials = service_account.Credentials.from_service_account_info(file)
client = storage.Client(project="project", credentials=AnonymousCredentials())
cases = []
for _ in range(count):
    bucket = "b" + "".join(chance.choice("abc019-_") for _ in range(chance.randint(1, 12))) + chance.choice(["9", ".example"])
    key = "x" + "".join(chance.choice(ODD) for _ in range(chance.randint(0, 20))).replace("//", "/").rstrip("/")
    seconds, moment = chance.randint(1, 604_800), chance.randint(0, 4_000_000_000)
    now = datetime.datetime.fromtimestamp(moment, datetime.timezone.utc)
    _signing._NOW = lambda zone=None, now=now: now
    url = client.bucket(bucket).blob(key).generate_signed_url(
        version="v4", expiration=datetime.timedelta(seconds=seconds), method="GET", credentials=credentials)
    cases.append({"bucket": bucket, "key": key, "seconds": seconds, "moment": moment, "url": url})
print(json.dumps({"file": json.dumps(file), "cases": cases}))
