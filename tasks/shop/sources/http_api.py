"""A JSON API over HTTP."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from tasks.shop.section import ConfigSection
from tasks.shop.sources.source import Source


class Auth(ConfigSection):
    """How requests are authenticated.

    kind: `none`, `bearer`, `basic`, `header`; `oauth2`: an access token is fetched from `token_url`, and anew when the server no longer
        takes it; `signed`: the query is signed as Taobao's open platform wants it.
    secret: Name of the secret: the environment variable `AFTERSALES_SECRET_<NAME>` or the file `HOME/secrets/<name>`; never the
        secret itself.
    user: User name for `basic`, client id for `oauth2`.
    header: Header name for `header`.
    token_url: Address that gives access tokens; `secret` is then the client's secret.
    refresh_secret: Name of the secret that holds a refresh token; without one the grant is `client_credentials`.
    scope: Scope to ask for.
    token_header: Header that carries the access token as it is; empty means `Authorization: Bearer`.
    algorithm: Of a signature: `md5`, `hmac-md5` or `hmac-sha256`; `secret` is then the application's secret.
    """

    kind: Literal["none", "bearer", "basic", "header", "oauth2", "signed"] = "none"
    secret: str = ""
    user: str = ""
    header: str = "X-Api-Key"
    token_url: str = ""
    refresh_secret: str = ""
    scope: str = ""
    token_header: str = ""
    algorithm: Literal["md5", "hmac-md5", "hmac-sha256"] = "hmac-sha256"

    @model_validator(mode="after")
    def _complete(self) -> Auth:
        if self.kind != "none" and not self.secret:
            raise ValueError(f"auth of kind {self.kind} needs `secret`, the name of a secret")
        if self.kind == "basic" and not self.user:
            raise ValueError("auth of kind basic needs `user`")
        if self.kind == "oauth2" and not (self.user and self.token_url):
            raise ValueError("auth of kind oauth2 needs `user` (the client id) and `token_url`")
        return self


class Paging(ConfigSection):
    """How the next page is found.

    kind: `none`; `cursor`: send `param` with the value found at `next`; `page`: count `param` up from `first` until a page is
        empty; `offset`: send as `param` how many records came so far (and `first`), until a page is empty;
        `link`: follow the address found at `next` (or in the HTTP header Link).
    param: Query parameter of the cursor or page number.
    next: Path of the next cursor or address in the answer.
    more: Path of the answer's word on whether more follows (`meta.has_more`); the last page is then known without asking for another.
    last: The same the other way round: path of the word that this page is the last (`end_of_stream`).
    first: Number of the first page, or of the first record.
    size_param, size: Query parameter of the page size, and its value.
    """

    kind: Literal["none", "cursor", "page", "offset", "link"] = "none"
    param: str = ""
    next: str = ""
    more: str = ""
    last: str = ""
    first: int | None = None
    size_param: str = ""
    size: int = Field(default=200, ge=1, le=5000)

    @property
    def start(self) -> int:
        """The first page's number, or the first record's."""
        return self.first if self.first is not None else int(self.kind == "page")


class HttpApi(Source):
    """A JSON API over HTTP.

    url: Address; `{NAME}` is not replaced, parameters belong in `params`.
    url_secret: Instead of `url`: name of the secret that holds the address.
    method: `POST` sends the parameters as a JSON object instead of a query.
    params: Fixed query parameters.
    auth, paging: See there.
    records: Path of the list of records in the answer (`data.items`); empty means the answer is the list.
    each: Path of a list inside a record (`line_items`, `refunds.refund_line_items`) of which each item becomes a row; its fields are
        named as they lie (`line_items.sku`), the record's own beside them. A record without items gives no row.
    since, until: Query parameters for the window's ends; empty means that everything is requested.
    times: How the window's ends are written: `iso`, `epoch_s`, `epoch_ms` or a strftime format in the channel's zone.
    retries: How often to retry after a 429 or 5xx answer or a broken connection.
    calls_a_minute: No more requests than this; 0 leaves it to the server, whose Retry-After and X-RateLimit headers are kept.
    longest_wait_s: Most seconds of one pause, whatever the server asks for.
    timeout_s: Seconds to wait for the next bytes of an answer.
    max_answer_s, max_pull_s: Seconds that one whole answer, and all of them, may take.
    max_pages, max_mb: Limits beyond which the pull is aborted; an answer is counted unpacked.
    """

    kind: Literal["http_api"]
    url: str = ""
    url_secret: str = ""
    method: Literal["GET", "POST"] = "GET"
    params: dict[str, str | int | float | bool] = Field(default_factory=dict)
    auth: Auth = Auth()
    paging: Paging = Paging()
    records: str = ""
    each: str = ""
    since: str = ""
    until: str = ""
    times: str = "iso"
    retries: int = Field(3, ge=0, le=10)
    calls_a_minute: float = Field(0, ge=0)
    longest_wait_s: float = Field(60, gt=0, le=3_600)
    timeout_s: float = Field(30, gt=0, le=600)
    max_answer_s: float = Field(300, gt=0)
    max_pull_s: float = Field(3_600, gt=0)
    max_pages: int = 10_000
    max_mb: int = 1_000

    @model_validator(mode="after")
    def _address(self) -> HttpApi:
        if bool(self.url) == bool(self.url_secret):
            raise ValueError("give either `url` or `url_secret`")
        if self.paging.kind in ("cursor", "page", "offset") and not self.paging.param:
            raise ValueError(f"paging by {self.paging.kind} needs `param`")
        if self.paging.kind == "cursor" and not self.paging.next:
            raise ValueError("paging by cursor needs `next`")
        if self.method == "POST" and self.auth.kind == "signed":
            raise ValueError("a signed query is sent by GET")
        return self
