"""Writes a Parquet file with an encrypted column, and one with an encrypted footer, and prints their paths.

    encrypted.py FOLDER
"""

import base64
import os
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.parquet.encryption as pe


class Keys(pe.KmsClient):
    """Wraps keys by doing nothing: the files only have to be encrypted, not secret."""

    def __init__(self, _):
        pe.KmsClient.__init__(self)

    def wrap_key(self, key, _):
        return base64.b64encode(key)

    def unwrap_key(self, key, _):
        return base64.b64decode(key)


factory = pe.CryptoFactory(Keys)
table = pa.table({"open": [1, 2, 3], "secret": ["a", "b", "c"]})
for name, plaintext in [("column", True), ("footer", False)]:
    path = os.path.join(sys.argv[1], f"encrypted-{name}.parquet")
    configuration = pe.EncryptionConfiguration(
        footer_key="footer", column_keys={"column": ["secret"]}, plaintext_footer=plaintext
    )
    properties = factory.file_encryption_properties(pe.KmsConnectionConfig(), configuration)
    with pq.ParquetWriter(path, table.schema, encryption_properties=properties) as writer:
        writer.write_table(table)
    print(path)
