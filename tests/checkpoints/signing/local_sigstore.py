"""A Sigstore on this machine: a certificate authority, its log, and a transparency log, with keys of their own.

It speaks the protocols of Fulcio and Rekor on the loopback interface, so that the real client signs and verifies with
nothing in it replaced.
"""

import base64
import hashlib
import json
import struct
import threading
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

ISSUER = "https://login.example.org"
START = "2020-01-01T00:00:00Z"
_ISSUER_EXTENSION = x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.1")
_TIMESTAMPS_EXTENSION = x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")


def new_key():
    """A key over P-256."""
    return ec.generate_private_key(ec.SECP256R1())


def sign(key, data):
    """A signature with SHA-256, DER."""
    return key.sign(data, ec.ECDSA(hashes.SHA256()))


def public_der(key):
    """The public half of a key."""
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def log_id(key):
    """What a log is called by the key it signs with."""
    return hashlib.sha256(public_der(key)).digest()


def encoded(content):
    """Bytes in base64."""
    return base64.b64encode(content).decode()


def canonical(value):
    """JSON with sorted keys and without blanks."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


class LocalSigstore:
    """The services; `trust_config` tells a client of them."""

    def __init__(self):
        self.root_key, self.ct_key, self.rekor_key = new_key(), new_key(), new_key()
        self.root = self._root_certificate()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self._thread = threading.Thread(target=self.server.serve_forever)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *error):
        self.server.shutdown()
        self._thread.join()
        self.server.server_close()

    def token(self, subject, lifetime=600):
        """What a login as `subject` gives."""
        now = int(time.time())
        claims = {"iss": ISSUER, "aud": "sigstore", "sub": subject, "iat": now - 1}
        return jwt.encode({**claims, "exp": now + lifetime}, "not checked here" * 4, "HS256")

    def trust_config(self):
        """The client's trust configuration, as JSON."""
        service = {"majorApiVersion": 1, "validFor": {"start": START}, "operator": "tests"}
        signing = {
            "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
            "caUrls": [{"url": self.url, **service}],
            "oidcUrls": [{"url": self.url, **service}],
            "rekorTlogUrls": [{"url": self.url, **service}],
            "rekorTlogConfig": {"selector": "ANY"},
        }
        authority = {
            "subject": {"organization": "tests", "commonName": "tests"},
            "uri": self.url,
            "certChain": {
                "certificates": [{"rawBytes": encoded(self.root.public_bytes(Encoding.DER))}]
            },
            "validFor": {"start": START},
        }
        trusted = {
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [self._log(self.rekor_key)],
            "ctlogs": [self._log(self.ct_key)],
            "certificateAuthorities": [authority],
        }
        kind = "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json"
        return json.dumps({"mediaType": kind, "trustedRoot": trusted, "signingConfig": signing})

    def _log(self, key):
        public = {
            "rawBytes": encoded(public_der(key)),
            "keyDetails": "PKIX_ECDSA_P256_SHA_256",
            "validFor": {"start": START},
        }
        return {
            "baseUrl": self.url,
            "hashAlgorithm": "SHA2_256",
            "publicKey": public,
            "logId": {"keyId": encoded(log_id(key))},
        }

    def _handler(self):
        answers = {"/api/v2/signingCert": self._certify, "/api/v1/log/entries": self._enter}

        login = {"authorization_endpoint": f"{ISSUER}/auth", "token_endpoint": f"{ISSUER}/token"}

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self._answer(200, login)

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                self._answer(*answers[self.path](body, self.headers))

            def _answer(self, status, answer):
                content = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *arguments):
                """Says nothing."""

        return Handler

    def _certify(self, body, headers):
        """What Fulcio does: a certificate for ten minutes, for whoever the token names."""
        token = headers["Authorization"].removeprefix("Bearer ")
        subject = jwt.decode(token, options={"verify_signature": False})["sub"]
        if subject == "nobody@example.org":
            return 403, {"message": "this one may not sign"}
        request = x509.load_pem_x509_csr(base64.b64decode(body["certificateSigningRequest"]))
        builder = self._leaf(request.public_key(), subject)
        timestamp = self._timestamp(builder.sign(self.root_key, hashes.SHA256()))
        leaf = builder.add_extension(
            x509.UnrecognizedExtension(_TIMESTAMPS_EXTENSION, timestamp), critical=False
        ).sign(self.root_key, hashes.SHA256())
        chain = [each.public_bytes(Encoding.PEM).decode() for each in (leaf, self.root)]
        return 201, {"signedCertificateEmbeddedSct": {"chain": {"certificates": chain}}}

    def _leaf(self, key, subject):
        now = datetime.now(UTC)
        usage = dict.fromkeys(_USAGES, False) | {"digital_signature": True}
        return (
            x509.CertificateBuilder()
            .subject_name(x509.Name([]))
            .issuer_name(self.root.subject)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(seconds=5))
            .not_valid_after(now + timedelta(minutes=10))
            .add_extension(x509.KeyUsage(**usage), critical=True)
            .add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False
            )
            .add_extension(x509.SubjectAlternativeName([x509.RFC822Name(subject)]), critical=True)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.root.public_key()),
                critical=False,
            )
            .add_extension(
                x509.UnrecognizedExtension(_ISSUER_EXTENSION, ISSUER.encode()), critical=False
            )
        )

    def _timestamp(self, certificate):
        """The extension that proves that a certificate was logged (RFC 6962)."""
        now = int(time.time() * 1000)
        body = certificate.tbs_certificate_bytes
        entry = hashlib.sha256(public_der(self.root_key)).digest()
        entry += len(body).to_bytes(3, "big") + body
        signature = sign(self.ct_key, struct.pack("!BBQH", 0, 0, now, 1) + entry + b"\0\0")
        single = struct.pack("!B32sQH", 0, log_id(self.ct_key), now, 0)
        single += struct.pack("!BBH", 4, 3, len(signature)) + signature
        listed = struct.pack("!H", len(single)) + single
        listed = struct.pack("!H", len(listed)) + listed
        return b"\x04" + (b"\x81" if len(listed) > 127 else b"") + bytes([len(listed)]) + listed

    def _enter(self, body, _headers):
        """What Rekor does: a log with this one entry, and its promise to keep it."""
        proposed = body["spec"]["proposedContent"]
        envelope = json.loads(proposed["envelope"])
        payload = base64.b64decode(envelope["payload"])
        spec = {
            "envelopeHash": _sha256(proposed["envelope"].encode()),
            "payloadHash": _sha256(payload),
            "signatures": [
                {
                    "signature": envelope["signatures"][0]["sig"],
                    "verifier": proposed["verifiers"][0],
                }
            ],
        }
        entry = canonical({"apiVersion": "0.0.1", "kind": "dsse", "spec": spec})
        promised = {
            "body": encoded(entry),
            "integratedTime": int(time.time()),
            "logID": log_id(self.rekor_key).hex(),
            "logIndex": 0,
        }
        root = hashlib.sha256(b"\0" + entry).digest()
        proof = {
            "checkpoint": self._checkpoint(root),
            "hashes": [],
            "logIndex": 0,
            "rootHash": root.hex(),
            "treeSize": 1,
        }
        promise = encoded(sign(self.rekor_key, canonical(promised)))
        verification = {"inclusionProof": proof, "signedEntryTimestamp": promise}
        return 201, {"0": {**promised, "verification": verification}}

    def _checkpoint(self, root):
        note = f"tests - 1\n1\n{encoded(root)}\n"
        signature = log_id(self.rekor_key)[:4] + sign(self.rekor_key, note.encode())
        return f"{note}\n\N{EM DASH} tests {encoded(signature)}\n"

    def _root_certificate(self):
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tests")])
        usage = dict.fromkeys(_USAGES, False) | {"key_cert_sign": True, "crl_sign": True}
        public = self.root_key.public_key()
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
            .not_valid_after(datetime.now(UTC) + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(x509.KeyUsage(**usage), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .sign(self.root_key, hashes.SHA256())
        )


def _sha256(content):
    return {"algorithm": "sha256", "value": hashlib.sha256(content).hexdigest()}


_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)
