"""Checkpoints in object stores and on web servers: real stores, on the loopback interface."""

import gzip
import hashlib
import itertools
import logging
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import fsspec
import numpy as np
import pytest
from safetensors.numpy import save_file

from repro_nb.checkpoints.algorithms import algorithm_named
from repro_nb.checkpoints.content import content_digest
from repro_nb.checkpoints.diff import diff_checkpoints
from repro_nb.checkpoints.hashing import SHARD_SIZE
from repro_nb.checkpoints.loading import load_verified
from repro_nb.checkpoints.measuring import measure
from repro_nb.checkpoints.remote import check_no_etag, is_remote, locate, open_remote
from repro_nb.checkpoints.remote_measuring import local_copy
from repro_nb.checkpoints.verdicts import Verdict
from repro_nb.checkpoints.verifier import CheckpointVerifier
from repro_nb.errors import CheckpointError, FileChangedError, UnsafeCheckpointError, UsageError

SHA256 = algorithm_named("sha256")
DATA = bytes(range(256)) * 40_000 + b"end"  # more than one block, and no multiple of anything


@pytest.fixture
def memory():
    """An empty store in memory."""
    store = fsspec.filesystem("memory")
    store.store.clear()
    yield store
    store.store.clear()


@pytest.fixture(scope="module")
def s3_server():
    """An object store that speaks S3."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3(s3_server, monkeypatch):
    """A client of the object store; it has an empty bucket called ``bucket``."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_server)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "tests")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "tests")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    import boto3

    client = boto3.client("s3")
    client.create_bucket(Bucket="bucket")
    yield client
    for item in client.list_objects_v2(Bucket="bucket").get("Contents", []):
        client.delete_object(Bucket="bucket", Key=item["Key"])
    client.delete_bucket(Bucket="bucket")
    client.close()


@pytest.fixture(scope="module")
def web():
    """The address of a web server that knows no byte ranges."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Web)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


class Web(BaseHTTPRequestHandler):
    """Serves `DATA` in the manner that the path asks for."""

    count = itertools.count()

    def do_HEAD(self):
        """Tells the length."""
        self.answer(body=False)

    def do_GET(self):
        """Sends the file."""
        self.answer(body=True)

    def answer(self, *, body):
        """Sends what the path asks for, with or without the content."""
        path = self.path.split("?")[0]
        if path in ("/gone.pt", "/secret.pt"):
            self.send_error(404 if path == "/gone.pt" else 403)
            return
        content, headers = DATA, {}
        if path == "/packed.pt":
            content, headers = gzip.compress(DATA, 1), {"Content-Encoding": "gzip"}
        if path == "/versions.pt":
            headers = {"ETag": f'"{next(self.count)}"'}
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if body:
            self.wfile.write(content[: len(content) // 2] if path == "/cut.pt" else content)

    def log_message(self, *arguments):
        """Says nothing."""


def put(store, files):
    """Puts files into a store in memory."""
    for name, content in files.items():
        store.pipe_file(name, content)


def test_an_object_has_the_digest_of_its_bytes(memory):
    put(memory, {"/models/model.pt": DATA})
    found = measure("memory://models/model.pt", SHA256)
    assert (found.kind, found.size) == ("file", len(DATA))
    assert found.digest == hashlib.sha256(DATA).hexdigest()


def test_shards_are_those_of_a_local_file(memory, tmp_path):
    """So that damage in a store is localised with a registration that was made here."""
    (tmp_path / "model.pt").write_bytes(DATA)
    put(memory, {"/model.pt": DATA})
    here = measure(tmp_path / "model.pt", SHA256, shards=True)
    assert measure("memory://model.pt", SHA256, shards=True) == here
    assert len(here.rows[0].shards) == 2


def test_a_folder_has_the_digest_of_its_local_copy(memory, tmp_path):
    """With what speaks about a checkpoint left out in both."""
    files = {"a.bin": b"1", "sub/größe.bin": b"2" * 70_000, "empty": b"", "model.sig": b"3"}
    for name, content in files.items():
        path = tmp_path / "model" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        put(memory, {f"/store/model/{name}": content})
    assert measure("memory://store/model", SHA256) == measure(tmp_path / "model", SHA256)


@pytest.mark.parametrize("algorithm", ["sha512", "blake2b", "blake3", "xxh3", "md5"])
def test_every_algorithm_works_on_a_stream(memory, tmp_path, algorithm):
    (tmp_path / "model.pt").write_bytes(DATA)
    put(memory, {"/model.pt": DATA})
    chosen = algorithm_named(algorithm)
    assert (
        measure("memory://model.pt", chosen).digest == measure(tmp_path / "model.pt", chosen).digest
    )


@pytest.mark.parametrize(
    "name", ["../up.bin", "a//b.bin", "./a.bin", "C:\\x.bin"], ids=["up", "empty", "dot", "drive"]
)
def test_a_key_that_no_file_can_be_called_is_refused(s3, name):
    """A store takes any name; a copy of it would be written elsewhere."""
    s3.put_object(Bucket="bucket", Key="model/good.bin", Body=b"1")
    s3.put_object(Bucket="bucket", Key=f"model/{name}", Body=b"2")
    with pytest.raises((UnsafeCheckpointError, CheckpointError)):
        measure("s3://bucket/model", SHA256)


def test_keys_that_are_one_on_some_systems_are_refused(memory):
    put(memory, {"/m/A.bin": b"1", "/m/a.bin": b"2"})
    with pytest.raises(CheckpointError, match="same name"):
        measure("memory://m", SHA256)


def test_s3_gives_the_digest_of_the_content(s3):
    s3.put_object(Bucket="bucket", Key="run 1/model?.pt", Body=DATA)
    found = measure("s3://bucket/run 1/model?.pt", SHA256, shards=True)
    assert found.digest == hashlib.sha256(DATA).hexdigest()
    assert len(found.rows[0].shards) == 2


def test_an_s3_prefix_is_a_folder(s3, memory):
    """Also where a program marked the folder with an object of its own."""
    for store in ("model/", "model/a.bin", "model/sub/b.bin", "model-2/c.bin"):
        s3.put_object(Bucket="bucket", Key=store, Body=b"" if store.endswith("/") else b"1")
    put(memory, {"/model/a.bin": b"1", "/model/sub/b.bin": b"1"})
    found = measure("s3://bucket/model", SHA256)
    assert found == measure("memory://model", SHA256)
    assert measure("s3://bucket/model/", SHA256) == found


def test_an_upload_in_parts_has_the_digest_of_its_content(s3):
    """Its ETag is no digest of anything that a user has."""
    upload = s3.create_multipart_upload(Bucket="bucket", Key="model.pt")["UploadId"]
    half = 5 * 1024 * 1024
    parts = []
    for number, part in enumerate((DATA[:half], DATA[half:]), 1):
        which = {"Bucket": "bucket", "Key": "model.pt", "UploadId": upload}
        tag = s3.upload_part(**which, PartNumber=number, Body=part)["ETag"]
        parts.append({"ETag": tag, "PartNumber": number})
    s3.complete_multipart_upload(**which, MultipartUpload={"Parts": parts})
    etag = s3.head_object(Bucket="bucket", Key="model.pt")["ETag"]
    assert etag.endswith('-2"')
    assert measure("s3://bucket/model.pt", SHA256).digest == hashlib.sha256(DATA).hexdigest()
    with pytest.raises(UsageError, match="ETag"):
        check_no_etag(etag)


@pytest.mark.parametrize("tag", ['"abc"', 'W/"abc"', "d41d8cd98f00b204e9800998ecf8427e-38"])
def test_an_etag_is_no_digest(tag):
    with pytest.raises(UsageError, match="no digest"):
        check_no_etag(tag)


def test_a_digest_is_no_etag():
    check_no_etag(hashlib.sha256().hexdigest())
    check_no_etag("md5:" + hashlib.md5().hexdigest())


def test_an_object_that_is_replaced_while_it_is_read_is_told(s3):
    """Half of one version and half of another would be a digest of nothing."""
    s3.put_object(Bucket="bucket", Key="model.pt", Body=DATA * 3)
    with open_remote("s3://bucket/model.pt") as file:
        blocks = file.blocks()
        next(blocks)
        s3.put_object(Bucket="bucket", Key="model.pt", Body=DATA[::-1] * 3)
        with pytest.raises(FileChangedError, match="changed"):
            list(blocks)


def test_an_object_that_is_replaced_at_the_end_is_told(memory):
    put(memory, {"/model.pt": DATA})
    with open_remote("memory://model.pt") as file:
        blocks = file.blocks(limit=len(DATA))
        next(blocks)
        put(memory, {"/model.pt": DATA[::-1]})
        with pytest.raises(FileChangedError, match="changed"):
            next(blocks)


def test_a_folder_that_grows_while_it_is_read_is_told(memory):
    class Adding:
        """Puts one more file there as soon as reading begins."""

        def expected(self, _name, _size):
            put(memory, {"/m/late.bin": b"3"})

        def advanced(self, size):
            """Does nothing."""

    put(memory, {"/m/a.bin": b"1"})
    with pytest.raises(FileChangedError, match="changed"):
        measure("memory://m", SHA256, progress=Adding())


def test_progress_is_told_by_bytes(memory):
    class Counting:
        """Adds up what it hears."""

        total = done = 0

        def expected(self, _name, size):
            self.total += size

        def advanced(self, size):
            self.done += size

    put(memory, {"/m/a.bin": DATA, "/m/b.bin": b"1"})
    counted = Counting()
    measure("memory://m", SHA256, progress=counted)
    assert counted.total == counted.done == len(DATA) + 1


def test_memory_does_not_grow_with_the_object(s3):
    """Two blocks of 8 MiB, and what a small object needs too."""
    s3.put_object(Bucket="bucket", Key="small.pt", Body=b"1")
    s3.put_object(Bucket="bucket", Key="large.pt", Body=bytes(96 * 1024 * 1024))
    code = """
import resource
from repro_nb.checkpoints.algorithms import algorithm_named
from repro_nb.checkpoints.measuring import measure
from repro_nb.checkpoints.verdicts import Verdict
from repro_nb.checkpoints.verifier import CheckpointVerifier
for name in ("small", "large"):
    measure(f"s3://bucket/{name}.pt", algorithm_named("sha256"))
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    small, large = map(int, done.stdout.split())
    assert large - small < 48 * 1024


def test_a_web_server_without_byte_ranges_will_do(web):
    found = measure(f"{web}/model.pt", SHA256)
    assert found.digest == hashlib.sha256(DATA).hexdigest()
    assert found.rows[0].name == "model.pt"


def test_a_transfer_that_breaks_off_is_no_checkpoint(web):
    with pytest.raises(CheckpointError):
        measure(f"{web}/cut.pt", SHA256)


def test_what_a_server_packs_is_hashed_as_the_file_is(web):
    """Although we ask it not to."""
    assert measure(f"{web}/packed.pt", SHA256).digest == hashlib.sha256(DATA).hexdigest()


def test_a_web_server_that_has_another_version_at_the_end_is_told(web):
    with pytest.raises(FileChangedError, match="changed"):
        measure(f"{web}/versions.pt", SHA256)


def test_secrets_in_an_address_are_not_shown(web):
    """Errors end up in the logs of CI systems."""
    address = web.replace("//", "//user:hunter2@") + "/secret.pt?X-Amz-Signature=abcdef"
    with pytest.raises(CheckpointError) as caught:
        measure(address, SHA256)
    assert str(caught.value).startswith(f"{web}/secret.pt: ")
    assert "hunter2" not in str(caught.value)
    assert "abcdef" not in str(caught.value)
    assert locate(address).name == "secret.pt"


@pytest.mark.parametrize(
    "address", ["memory://gone.pt", "s3://bucket/gone.pt", "s3://no-bucket/gone.pt", "WEB/gone.pt"]
)
def test_what_is_not_there_is_told(memory, s3, web, address):
    with pytest.raises(CheckpointError, match="no such object"):
        measure(address.replace("WEB", web), SHA256)


def test_a_server_that_is_not_there_is_told():
    """It is not the same as a file that is not there."""
    with pytest.raises(CheckpointError, match="cannot be read"):
        measure("http://127.0.0.1:9/model.pt", SHA256)


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("gs://bucket/model.pt", r"(?s)pip install .*gcsfs"),
        ("nonsense://x", "no store of this kind"),
        ("simplecache::s3://bucket/model.pt", "no address"),
        ("zip://x::s3://bucket/a.zip", "no address"),
        ("file:///etc/passwd", r"(?s)this machine.*path"),
        ("model.pt", "no address"),
    ],
)
def test_an_address_that_cannot_be_used_says_why(address, message):
    with pytest.raises(UsageError, match=message):
        locate(address)


def test_what_is_an_address():
    """A path of this machine never is: not on Windows either, and not as a Path."""
    assert all(map(is_remote, ["s3://b/k", "memory://m", "https://h/f", "gs://b", "S3://b/k"]))
    assert not any(map(is_remote, ["model.pt", "C:\\x", "c://x", "a/b://c", Path("s3://b/k"), ""]))


def test_an_object_can_be_copied_here_for_as_long_as_it_is_needed(memory):
    """For readers that seek; the copy is gone afterwards."""
    put(memory, {"/m/model.pt": DATA})
    with local_copy("memory://m/model.pt") as path:
        assert path.read_bytes() == DATA
        assert path.name == "model.pt"
    assert not os.path.lexists(path.parent)


def test_a_folder_can_be_copied_here_with_all_that_is_in_it(memory):
    put(memory, {"/m/a.bin": b"a", "/m/sub/b.bin": b"b"})
    with local_copy("memory://m") as path:
        found = {each.name: each.read_bytes() for each in path.rglob("*.bin")}
    assert found == {"a.bin": b"a", "b.bin": b"b"}


def test_a_folder_is_no_object(memory):
    put(memory, {"/m/model.pt": DATA})
    with pytest.raises(CheckpointError, match="folder"), open_remote("memory://m"):
        pass


@pytest.fixture
def weights(tmp_path):
    """The same two tensors in two formats, and with one number changed."""
    arrays = {"a": np.arange(6, dtype=np.float32), "b": np.ones((2, 2))}
    np.savez(tmp_path / "model.npz", **arrays)
    save_file(arrays, tmp_path / "model.safetensors")
    arrays["b"][1, 1] = 2
    save_file(arrays, tmp_path / "other.safetensors")
    return tmp_path


def test_contents_are_read_and_compared_across_stores(memory, s3, weights):
    here = content_digest(weights / "model.npz").digest
    put(memory, {"/x/model.npz": (weights / "model.npz").read_bytes()})
    s3.upload_file(str(weights / "other.safetensors"), "bucket", "sub/other.safetensors")
    assert content_digest("memory://x/model.npz").digest == here
    found = diff_checkpoints("memory://x/model.npz", "s3://bucket/sub/other.safetensors")
    assert [row.name for row in found.rows] == ["b"]
    assert (found.left, found.right) == (
        "memory://x/model.npz",
        "s3://bucket/sub/other.safetensors",
    )


def test_what_is_wrong_with_a_copy_is_told_of_the_address(memory):
    put(memory, {"/x/model.npz": b"PK\x03\x04 and no more"})
    with pytest.raises(CheckpointError, match=r"^memory://x/model\.npz: "):
        content_digest("memory://x/model.npz")


def test_tensors_of_an_address_are_loaded_where_the_digest_is_right(memory, weights):
    data = (weights / "model.safetensors").read_bytes()
    put(memory, {"/x/model.safetensors": data})
    found = load_verified("memory://x/model.safetensors", hashlib.sha256(data).hexdigest())
    assert found["a"].tolist() == [0, 1, 2, 3, 4, 5]
    with pytest.raises(CheckpointError, match="Do not load it"):
        load_verified("memory://x/model.safetensors", "0" * 64)


def test_an_address_is_registered_and_verified(s3, tmp_path):
    s3.put_object(Bucket="bucket", Key="model.bin", Body=DATA)
    address = "s3://bucket/model.bin"
    verifier = CheckpointVerifier(tmp_path)
    assert (
        verifier.register_checkpoint(address, note="elsewhere") == hashlib.sha256(DATA).hexdigest()
    )
    assert verifier.list_registered_checkpoints() == [address]
    assert verifier.verify_checkpoint(address).verdict is Verdict.OK
    s3.put_object(Bucket="bucket", Key="model.bin", Body=DATA[:-1] + b"!")
    (found,) = verifier.verify_all_checkpoints().values()
    assert found.verdict is Verdict.MISMATCH
    (damage,) = found.damage
    (place,) = damage.ranges
    assert place.start <= len(DATA) - 1 < place.stop
    assert place.start % SHARD_SIZE == 0
    s3.delete_object(Bucket="bucket", Key="model.bin")
    assert verifier.verify_checkpoint(address).verdict is Verdict.MISSING


def test_a_secret_in_an_address_is_not_written_into_the_registry(web, tmp_path):
    verifier = CheckpointVerifier(tmp_path)
    for address in (f"{web}/model.pt?signature=secret", "https://me:secret@host/model.pt"):
        with pytest.raises(UsageError, match="committed") as told:
            verifier.register_checkpoint(address)
        assert "secret@" not in str(told.value)
        assert "=secret" not in str(told.value)
    assert not (tmp_path / "checkpoints.repro.jsonl").exists()


def test_the_command_line_takes_addresses(web, tmp_path):
    address = f"{web}/model.pt"
    for verb, code in (("register", 0), ("verify", 0), ("log", 0), ("remove", 0), ("remove", 2)):
        command = [sys.executable, "-m", "repro_nb", "checkpoint", verb, address]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stderr
        assert address in done.stdout + done.stderr or verb == "log"
