"""What file systems behind URLs refuse, in words that say what to do."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from mlfw.urls import scheme_of

DENIED = re.compile(
    r"(?i)access.?denied|forbidden|\b40[13]\b|unauthorized|unauthenticated|permission|"
    r"invalid.?access.?key|signature.?does.?not.?match|authenticationfailed|expired.?token|"
    r"access token|credential"
)
UNREACHABLE = re.compile(
    r"(?i)network.?connection|could not connect|cannot connect|connection refused|"
    r"resolve host|name or service not known|timed? ?out|timeout was reached|unavailable|"
    r"curlcode|too slow|no route to host"
)
NO_BUCKET = re.compile(r"(?i)no.?such.?bucket|bucket does not exist|container.?not.?found")
NO_JAVA = re.compile(r"(?i)libjvm|libhdfs")
NOT_FOUND = re.compile(r"(?i)not.?found|no.?such.?(file|key)|\b404\b|does not exist")
CREDENTIALS = {
    "s3": "The credentials are those of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or of "
    "~/.aws/credentials. See what they may read: aws s3 ls s3://{host}",
    "gs": "Log in: gcloud auth application-default login; or name a key: export "
    "GOOGLE_APPLICATION_CREDENTIALS=FILE.json. For a public bucket write "
    "gs://anonymous@BUCKET/FILE",
    "abfs": "Log in: az login; or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET.",
}
ENDPOINTS = {
    "s3": "Check the network, and the endpoint: AWS_ENDPOINT_URL, or in the URL "
    "?endpoint_override=HOST:PORT&scheme=http",
}


def failure(error: BaseException, url: str) -> tuple[str, str]:
    """Return what an error of a file system means, and what to do about it.

    Args:
        error: The error.
        url: The URL that was to be read.
    """
    text = re.sub(r"\s*\(Request ID: .*?\)", "", (str(error).splitlines() or [""])[0]).strip()
    text = text or type(error).__name__
    scheme, host = scheme_of(url), urlsplit(url).netloc.rpartition("@")[2]
    if NO_JAVA.search(text):
        return (
            f"{scheme}:// is read by Hadoop's own client, which is not found: {text}",
            "Install Java and Hadoop, and set JAVA_HOME, HADOOP_HOME and CLASSPATH.",
        )
    if NO_BUCKET.search(text):
        return f"there is no bucket '{host}'.", "Check its name."
    if isinstance(error, PermissionError) or DENIED.search(text):
        remedy = CREDENTIALS.get(scheme, "Check the credentials, and what they may read.")
        return f"permission denied: {text}", remedy.format(host=host)
    if isinstance(error, ConnectionError | TimeoutError) or UNREACHABLE.search(text):
        remedy = ENDPOINTS.get(scheme, "Check the network and the URL.")
        return f"{host} cannot be reached: {text}", remedy
    if isinstance(error, FileNotFoundError) or NOT_FOUND.search(text):
        return "no such file.", "Check the URL."
    return f"cannot be read: {text}", "Check the URL."
