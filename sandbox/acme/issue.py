"""Obtains one certificate from an ACME CA by DNS-01 through Route 53: a second opinion on the sandbox, without the provider.

Usage: issue.py OUTPUT_PREFIX NAME…   (the sandbox's environment says the rest)
Writes OUTPUT_PREFIX.pem and .key, and a file OUTPUT_PREFIX-alternate-N.pem for each other chain that the CA offers.
"""

import base64
import hashlib
import json
import os
import re
import sys
import time

import boto3
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

DIRECTORY = os.environ["SANDBOX_ACME_DIRECTORY"]
ZONE_ID = os.environ["SANDBOX_ZONE_ID"]


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Client:
    """RFC 8555, as far as one order needs it."""

    def __init__(self):
        self.http = requests.Session()
        self.http.verify = os.environ["SANDBOX_ACME_CA_FILE"]
        self.http.trust_env = False
        self.directory = self.http.get(DIRECTORY).json()
        self.key = ec.generate_private_key(ec.SECP256R1())
        numbers = self.key.public_key().public_numbers()
        self.jwk = {"crv": "P-256", "kty": "EC", "x": b64(numbers.x.to_bytes(32)), "y": b64(numbers.y.to_bytes(32))}
        self.account = None

    def thumbprint(self):
        return b64(hashlib.sha256(json.dumps(self.jwk, sort_keys=True, separators=(",", ":")).encode()).digest())

    def post(self, url, payload=None):
        """A signed request; one that is refused for its nonce alone is sent again."""
        while True:
            answer = self.http.post(url, data=self.signed(url, payload), headers={"Content-Type": "application/jose+json"})
            if answer.ok:
                return answer
            if "badNonce" not in answer.text:
                sys.exit(f"{url}: {answer.status_code} {answer.text}")

    def signed(self, url, payload):
        nonce = self.http.head(self.directory["newNonce"]).headers["Replay-Nonce"]
        who = {"kid": self.account} if self.account else {"jwk": self.jwk}
        header = b64(json.dumps({"alg": "ES256", "nonce": nonce, "url": url, **who}).encode())
        body = "" if payload is None else b64(json.dumps(payload).encode())
        r, s = decode_dss_signature(self.key.sign(f"{header}.{body}".encode(), ec.ECDSA(hashes.SHA256())))
        return json.dumps({"protected": header, "payload": body, "signature": b64(r.to_bytes(32) + s.to_bytes(32))})

    def wait(self, url, wanted):
        while (state := self.post(url).json())["status"] not in wanted:
            if state["status"] == "invalid":
                sys.exit(json.dumps(state))
            time.sleep(0.5)
        return state


def publish(action, values):
    """Sets or removes the TXT values of each challenge name, in one change."""
    changes = [
        {"Action": action, "ResourceRecordSet": {"Name": name, "Type": "TXT", "TTL": 1, "ResourceRecords": [{"Value": f'"{v}"'} for v in texts]}}
        for name, texts in values.items()
    ]
    boto3.client("route53").change_resource_record_sets(HostedZoneId=ZONE_ID, ChangeBatch={"Changes": changes})


def answer_challenges(client, order):
    values, challenges = {}, []
    for url in order["authorizations"]:
        authorization = client.post(url).json()
        challenge = next(item for item in authorization["challenges"] if item["type"] == "dns-01")
        text = b64(hashlib.sha256(f"{challenge['token']}.{client.thumbprint()}".encode()).digest())
        values.setdefault(f"_acme-challenge.{authorization['identifier']['value']}.", []).append(text)
        challenges.append((url, challenge["url"]))
    publish("UPSERT", values)
    time.sleep(2)  # the DNS server looks into Route 53 once a second
    for url, challenge in challenges:
        client.post(challenge, {})
        client.wait(url, {"valid"})
    publish("DELETE", values)


def save_chains(client, prefix, url):
    chain = client.post(url)
    alternates = re.findall(r'<([^>]+)>;rel="alternate"', chain.headers.get("Link", ""))
    texts = {f"{prefix}-alternate-{number}.pem": client.post(other).text for number, other in enumerate(alternates, 1)}
    for path, text in {f"{prefix}.pem": chain.text, **texts}.items():
        with open(path, "w", encoding="ascii") as file:
            file.write(text)


def main():
    prefix, names = sys.argv[1], sys.argv[2:]
    client = Client()
    client.account = client.post(client.directory["newAccount"], {"termsOfServiceAgreed": True}).headers["Location"]
    answer = client.post(client.directory["newOrder"], {"identifiers": [{"type": "dns", "value": name} for name in names]})
    answer_challenges(client, answer.json())
    key = ec.generate_private_key(ec.SECP256R1())
    alternatives = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).add_extension(alternatives, False).sign(key, hashes.SHA256())
    client.wait(answer.headers["Location"], {"ready"})
    client.post(answer.json()["finalize"], {"csr": b64(request.public_bytes(serialization.Encoding.DER))})
    order = client.wait(answer.headers["Location"], {"valid"})
    save_chains(client, prefix, order["certificate"])
    with open(os.open(prefix + ".key", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        pem = serialization.PrivateFormat.PKCS8
        file.write(key.private_bytes(serialization.Encoding.PEM, pem, serialization.NoEncryption()))


if __name__ == "__main__":
    main()
