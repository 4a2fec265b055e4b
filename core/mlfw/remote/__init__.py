"""Files that a URL names: in object stores, on web servers and on other file systems.

`s3://`, `gs://`, `abfs://` and `hdfs://` are read by Arrow, every other scheme by fsspec where that
and the scheme's package are installed. Credentials, regions and endpoints are taken from the
environment, as Arrow and fsspec do, and from the URL; see `mlfw.urls` for keeping them secret.
"""

from mlfw.remote.files import AnyFile, RemoteFile, find_remote_files, local_copies

__all__ = ["AnyFile", "RemoteFile", "find_remote_files", "local_copies"]
