"""The seal of WeChat and WeCom: as their library makes it, and nothing else is taken."""

from __future__ import annotations

import base64
import json

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC
from hypothesis import given
from hypothesis import strategies as st
from wechatpy.crypto import WeChatCrypto

from complaints.models import Channel
from intake.wechat import crypto
from intake.wechat.calls import Call, echo, open_
from intake.wechat.crypto import Forged, Keys, aes_key
from tests.intake.wechat.platform import AES_KEY, APP_ID, TOKEN
from tests.shared import DATA

VECTORS = json.loads((DATA / "wechat" / "crypto_vectors.json").read_text())
KEYS = Keys(TOKEN, aes_key(AES_KEY), APP_ID)


def keys_of(vector: dict[str, str]) -> Keys:
    return Keys(vector["token"], aes_key(vector["aes_key"]), vector["receive_id"])


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["id"] for vector in VECTORS])
def test_the_vendors_own_vectors_hold(vector: dict[str, str]) -> None:
    query = {name: vector[name] for name in ("msg_signature", "timestamp", "nonce")}
    keys = keys_of(vector)
    checking = vector["kind"].startswith("verify_url")
    if checking:
        call = Call(Channel.WECOM, "x", {**query, "echostr": vector["encrypt"]})
    else:
        body = f"<xml><Encrypt>{vector['encrypt']}</Encrypt></xml>".encode()
        call = Call(Channel.WECOM, "x", query, body)
    if not vector["signature_valid"]:
        with pytest.raises(Forged):
            echo(call, keys)
        return
    said = echo(call, keys) if checking else open_(call, keys).xml.decode()
    assert said == vector["plaintext"]
    with pytest.raises(Forged):
        crypto.decrypt(vector["encrypt"], Keys(keys.token, keys.aes_key, "wx0000000000000000"))


@given(st.binary(max_size=300))
def test_what_is_sealed_is_opened_again(message: bytes) -> None:
    assert crypto.decrypt(crypto.encrypt(message, KEYS), KEYS) == message


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=100))
def test_their_library_reads_ours_and_we_read_theirs(words: str) -> None:
    theirs = WeChatCrypto(TOKEN, AES_KEY, APP_ID)
    body = theirs.encrypt_message(words, "n", "1")
    sealed = body.partition("<Encrypt><![CDATA[")[2].partition("]]>")[0]
    assert crypto.decrypt(sealed, KEYS).decode() == words
    ours = crypto.encrypt(words.encode(), KEYS)
    signature = crypto.signature(TOKEN, "1", "n", ours)
    read = theirs.decrypt_message({"Encrypt": ours}, signature, "1", "n")
    assert (read if isinstance(read, str) else read.decode()) == words


def encrypted(body: bytes) -> str:
    machine = Cipher(AES256(KEYS.aes_key), CBC(KEYS.aes_key[:16])).encryptor()
    return base64.b64encode(machine.update(body) + machine.finalize()).decode()


def padded(body: bytes, last: int | None = None) -> bytes:
    missing = 32 - len(body) % 32
    return body + bytes([missing]) * (missing - 1) + bytes([missing if last is None else last])


#: The same in each worker, which have to agree on the names of the cases.
HEAD = bytes(range(16))


@pytest.mark.parametrize(
    "sealed",
    [
        "", "=", "不是 base64", "AAAA", base64.b64encode(bytes(range(100, 132))).decode(),
        encrypted(padded(HEAD + (2).to_bytes(4, "big") + b"hiwx0000000000000000")),
        encrypted(padded(HEAD + (2).to_bytes(4, "big") + b"hi")),
        encrypted(padded(HEAD + (2**32 - 1).to_bytes(4, "big") + b"hi" + APP_ID.encode())),
        encrypted(padded(HEAD + (2).to_bytes(4, "big") + b"hi" + APP_ID.encode(), 0)),
        encrypted(padded(HEAD + (2).to_bytes(4, "big") + b"hi" + APP_ID.encode(), 33)),
        encrypted(padded(HEAD + (2).to_bytes(4, "big") + b"hi" + APP_ID.encode(), 2)),
        encrypted(b"\x20" * 32),
        encrypted(padded(HEAD[:4])),
    ],
)  # fmt: skip
def test_whatever_is_wrong_is_refused_in_the_same_way(sealed: str) -> None:
    with pytest.raises(Forged) as refused:
        crypto.decrypt(sealed, KEYS)
    assert refused.value.args == ()


@pytest.mark.parametrize("typed", ["short", AES_KEY + "A", AES_KEY[:-1] + "!", AES_KEY + "="])
def test_a_key_that_is_none_is_not_taken(typed: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # base64's own words
        aes_key(typed)


@pytest.mark.parametrize("claimed", ["", "x", "a" * 40, "钥匙", "\ud800"])
def test_a_wrong_signature_is_refused(claimed: str) -> None:
    with pytest.raises(Forged):
        crypto.check_signature(claimed, TOKEN, "1", "2")
    crypto.check_signature(crypto.signature(TOKEN, "1", "2"), "2", TOKEN, "1")
