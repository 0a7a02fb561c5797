"""Signed requests: what a platform wants signed, and where the signature stands."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable, Generator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import httpx
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tasks.collect.source_rows import ReadContext
from tasks.errors import ChannelError, ChannelProblem
from tasks.shop.sources.http_api import Auth

CHINA = ZoneInfo("Asia/Shanghai")
PAY_SCHEME = "WECHATPAY2-SHA256-RSA2048"
Moment = Callable[[], datetime]
"""Returns the present moment, aware."""


def signature(auth: Auth, place: ReadContext, elapsed: Callable[[], float]) -> httpx.Auth:
    """Return what signs every request, and every try of one anew.

    Args:
        elapsed: Seconds on a steady clock, by which the moment of the pull moves on.

    Raises:
        ChannelError: If the secret is not set, or is no private key where one is needed.
    """
    began = elapsed()

    def moment() -> datetime:
        return place.window.now + timedelta(seconds=elapsed() - began)

    secret = place.secret(auth.secret)
    if auth.scheme == "douyin":
        return _Douyin(auth, secret, moment)
    if auth.scheme == "wechat_pay":
        return _WechatPay(auth, _private_key(secret, auth.secret), moment)
    return _Taobao(auth, secret, moment)


class _Taobao(httpx.Auth):
    """Adds the moment and a signature over all parameters to the query."""

    def __init__(self, auth: Auth, secret: str, moment: Moment) -> None:
        self._auth, self._secret, self._moment = auth, secret, moment

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Sign the query anew for every try."""
        given = {name: value for name, value in request.url.params.items() if name != "sign"}
        request.url = request.url.copy_with(params=signed(given, self._secret, self._auth.algorithm, self._moment()))
        yield request


class _Douyin(httpx.Auth):
    """Adds the common parameters and a signature over them and the JSON body to the query; the access token is not signed."""

    def __init__(self, auth: Auth, secret: str, moment: Moment) -> None:
        self._auth, self._secret, self._moment = auth, secret, moment

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Sign method and body anew for every try."""
        stamp = f"{self._moment().astimezone(CHINA):%Y-%m-%d %H:%M:%S}"
        method = request.url.path.strip("/").replace("/", ".")
        body = request.content.decode()
        sign = douyin_signature(self._auth.user, self._secret, method, body, stamp, self._auth.algorithm)
        common = {"app_key": self._auth.user, "method": method, "v": "2", "timestamp": stamp}
        request.url = request.url.copy_merge_params({**common, "sign_method": self._auth.algorithm, "sign": sign})
        yield request


class _WechatPay(httpx.Auth):
    """Puts a signature over method, address, moment, a word used once and the body into the header Authorization."""

    def __init__(self, auth: Auth, key: RSAPrivateKey, moment: Moment) -> None:
        self._auth, self._key, self._moment = auth, key, moment

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Sign the request anew for every try."""
        stamp, once = int(self._moment().timestamp()), secrets.token_hex(16).upper()
        text = wechat_pay_text(request.method, request.url.raw_path.decode(), stamp, once, request.content.decode())
        sign = base64.b64encode(self._key.sign(text.encode(), PKCS1v15(), hashes.SHA256())).decode()
        parts = {
            "mchid": self._auth.user,
            "nonce_str": once,
            "signature": sign,
            "timestamp": stamp,
            "serial_no": self._auth.serial,
        }
        request.headers["Authorization"] = f"{PAY_SCHEME} " + ",".join(f'{name}="{value}"' for name, value in parts.items())
        yield request


def signed(params: dict[str, str], secret: str, algorithm: str, moment: datetime) -> dict[str, str]:
    """Return parameters with `timestamp`, `sign_method` and `sign`.

    Names and values in the order of the names make one text; MD5 puts the secret before and after it, an HMAC has it as its key.
    Source: Taobao open platform, «API 调用方法详解».

    Args:
        moment: Aware; the platform wants Chinese time.
    """
    method = {"md5": "md5", "hmac-md5": "hmac", "hmac-sha256": "hmac-sha256"}[algorithm]
    params = {**params, "timestamp": f"{moment.astimezone(CHINA):%Y-%m-%d %H:%M:%S}", "sign_method": method}
    text = "".join(name + value for name, value in sorted(params.items()) if name and value)
    digest = _digest(f"{secret}{text}{secret}" if algorithm == "md5" else text, secret, algorithm)
    return {**params, "sign": digest.upper()}


def douyin_signature(app_key: str, secret: str, method: str, body: str, stamp: str, algorithm: str) -> str:
    """Return the signature of a request, in lower-case hex.

    Source: Douyin shop open platform, «API 调用指南»: the secret stands before and after the text, and is the key of an HMAC too.

    Args:
        method: Name of the interface, `afterSale.List`.
        body: The JSON object of its parameters as it is sent, names sorted.
        stamp: Chinese time, `YYYY-MM-DD hh:mm:ss`.
    """
    text = f"{secret}app_key{app_key}method{method}param_json{body}timestamp{stamp}v2{secret}"
    return _digest(text, secret, algorithm)


def wechat_pay_text(method: str, address: str, stamp: int, once: str, body: str) -> str:
    """Return the text that a merchant signs. Source: WeChat Pay APIv3, «签名生成».

    Args:
        address: Path and query as they are sent.
        stamp: Seconds since 1970.
        once: A word that is used once.
    """
    return f"{method}\n{address}\n{stamp}\n{once}\n{body}\n"


def _digest(text: str, secret: str, algorithm: str) -> str:
    if algorithm == "md5":
        return hashlib.md5(text.encode()).hexdigest()  # noqa: S324, the platforms' own scheme
    return hmac.new(secret.encode(), text.encode(), algorithm.removeprefix("hmac-")).hexdigest()


def _private_key(pem: str, name: str) -> RSAPrivateKey:
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, RSAPrivateKey):
        raise ChannelError(
            f"The secret {name} is not an RSA private key without a password.",
            hint="Write the whole of apiclient_key.pem into it, from BEGIN to END.",
            problem=ChannelProblem.REFUSED_LOGIN,
        )
    return key
