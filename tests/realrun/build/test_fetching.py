"""ADD of a URL, from a server on the loopback device."""

from __future__ import annotations

import gzip
import hashlib
import os
import stat
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from realrun.errors import DockerfileError
from tests.realrun.build.workshop import Workshop, content, files_only
from tests.realrun.trees import archive, member

SHA = hashlib.sha256(b"A").hexdigest()


class Site(ThreadingHTTPServer):
    """Serves `pages`: path -> (status, headers, content)."""

    pages: dict[str, tuple[int, dict[str, str], bytes]]
    asked: list[str]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Answer(BaseHTTPRequestHandler):
    server: Site

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        status, headers, data = self.server.pages.get(self.path, (404, {}, b"gone"))
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(data))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Be silent."""


@pytest.fixture
def site(monkeypatch) -> Iterator[Site]:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    made = Site(("127.0.0.1", 0), Answer)
    made.asked = []
    made.pages = {
        "/f": (200, {"Last-Modified": "Thu, 01 Jan 1970 00:16:40 GMT"}, b"A"),
        "/d/b%20c?q=1": (200, {}, b"B"),
        "/": (200, {}, b"index"),
        "/moved": (302, {"Location": "/f"}, b""),
        "/file": (302, {"Location": "file:/proc/version"}, b""),
        "/ftp": (302, {"Location": "ftp://127.0.0.1/x"}, b""),
        "/short": (200, {"Content-Length": "10"}, b"short"),
        "/loop": (302, {"Location": "/loop"}, b""),
        "/a.tar.gz": (200, {}, gzip.compress(archive([member("in", data=b"packed")]))),
    }
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


FOUND = {
    "/f /x": {"x": "A"},
    "/f /x/": {"x/f": "A"},
    "/f /etc": {"etc/f": "A"},
    "/d/b%20c?q=1 /x/": {"x/b c": "B"},
    "/moved /x/": {"x/moved": "A"},
    "/ /x": {"x": "index"},
    "/f $u/moved /x/": {"x/f": "A", "x/moved": "A"},
}


@pytest.mark.parametrize("words", FOUND)
def test_where_a_file_goes(shop: Workshop, site: Site, words: str):
    image = shop.build(f"FROM base\nARG u={site.url}\nADD {site.url}{words}")
    assert files_only(image) == {"etc/base": "base"} | FOUND[words]


def test_how_a_file_looks(shop: Workshop, site: Site):
    text = f"FROM base\nADD {site.url}/f /f\nADD --chmod=755 {site.url}/d/b%20c?q=1 /b"
    one, other = (next(tree.iterdir()) for tree in shop.build(text).layers[1:])
    found = [(path.stat().st_mtime, stat.S_IMODE(path.stat().st_mode)) for path in (one, other)]
    assert found == [(1000, 0o600), (0, 0o755)]


def test_it_is_unpacked_only_if_that_is_wanted(shop: Workshop, site: Site):
    image = shop.build(f"FROM scratch\nADD {site.url}/a.tar.gz /x/")
    assert list(content_names(image)) == ["x", "x/a.tar.gz"]
    for flag in ("--unpack", "--unpack=true"):
        image = shop.build(f"FROM scratch\nADD {flag} {site.url}/a.tar.gz /x/")
        assert content(image) == {"x": "/", "x/in": "packed"}
    image = shop.build(f"FROM scratch\nADD --unpack {site.url}/f /x/")
    assert files_only(image) == {"x/f": "A"}


def content_names(image) -> Iterator[str]:
    for top, folders, files in os.walk(image.layers[0]):
        for name in (*folders, *files):
            yield os.path.relpath(os.path.join(top, name), image.layers[0])


def test_local_archives_stay_whole_if_that_is_wanted(shop: Workshop):
    shop.files({"plain": ""})
    (shop.context / "a.tar").write_bytes(archive([member("in", data=b"packed")]))
    image = shop.build("FROM scratch\nADD --unpack=false a.tar /x/")
    assert list(content_names(image)) == ["x", "x/a.tar"]


def test_the_content_decides_for_the_cache(shop: Workshop, site: Site):
    text = f"FROM base\nADD {site.url}/f /f"
    shop.build(text)
    site.pages["/f"] = (200, {"Last-Modified": "Thu, 01 Jan 1970 00:33:20 GMT"}, b"A")
    shop.build(text)
    assert shop.cached() == [True]
    site.pages["/f"] = (200, {}, b"other")
    image = shop.build(text)
    assert (shop.cached(), files_only(image)["f"]) == ([False], "other")
    assert site.asked == ["/f"] * 3


def test_a_checksum_is_compared(shop: Workshop, site: Site):
    image = shop.build(f"FROM base\nARG sum={SHA}\nADD --checksum=sha256:$sum {site.url}/f /f")
    assert files_only(image)["f"] == "A"


REFUSED = {
    "{u}/none /x": "the server says 404",
    "{u}/ /x/": "the source has no name of its own",
    "{u}/short /x": "promised 10 bytes and sent 5",
    "{u}/loop /x": "the server says 302",
    "{u}/file /x": "ADD http.*/file: .*file",
    "{u}/ftp /x": "unknown url type: ftp",
    "http://127.0.0.1:1/x /x": "Connection refused",
    "http://u:p@127.0.0.1/x /x": "ADD http.*: ",
    "--checksum=sha256:" + "0" * 64 + " {u}/f /x": f"its checksum is sha256:{SHA}, not",
    "--checksum=md5:1 {u}/f /x": "has to be sha256:",
    "--checksum=sha256:1 plain /x": "for one source, and that has to be a URL",
    "--checksum=sha256:1 {u}/f {u}/f /x/": "for one source",
    "{u}/x.git /x": "clone it and COPY it",
    "--keep-git-dir=true git@github.com:a/b /x": "clone it and COPY it",
    "git://h/x#main /x": "clone it and COPY it",
    "{u}/x.git#v1:sub /x": "clone it and COPY it",
    "--unpack=maybe {u}/f /x": "--unpack is true or false",
    "--link --link {u}/f /x": "--link is true or false, and given once",
}


@pytest.mark.parametrize("words", REFUSED)
def test_what_is_refused_with_the_place(shop: Workshop, site: Site, words: str):
    shop.files({"plain": ""})
    with pytest.raises(DockerfileError, match=rf"Dockerfile:2: .*{REFUSED[words]}"):
        shop.build(f"FROM base\nADD {words.format(u=site.url)}")


def test_copy_fetches_nothing(shop: Workshop):
    with pytest.raises(DockerfileError, match="only ADD fetches"):
        shop.build("FROM base\nCOPY http://127.0.0.1:1/x /x")
