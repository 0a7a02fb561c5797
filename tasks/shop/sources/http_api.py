"""A JSON API over HTTP."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, JsonValue, field_validator, model_validator

from tasks.shop.section import ConfigSection
from tasks.shop.sources.delimited import Encoding
from tasks.shop.sources.source import Source

Codes = Annotated[list[str], BeforeValidator(lambda value: [str(item) for item in value] if isinstance(value, list) else value)]
"""Codes as texts; YAML gives numbers."""


class Auth(ConfigSection):
    """How requests are authenticated.

    kind: `none`, `bearer`, `basic`, `header`; `oauth2`: an access token alone; `signed`: every request is signed as `scheme` says.
    secret: Name of the secret: the environment variable `AFTERSALES_SECRET_<NAME>` or the file `HOME/secrets/<name>`; never the
        secret itself. For `oauth2` the client's secret; for `signed` the application's, for `wechat_pay` the merchant's private key (PEM).
    user: User name for `basic`, client id for `oauth2`, app key for `douyin`, merchant number for `wechat_pay`.
    header: Header name for `header`.
    scheme: Whose signature: `taobao`, `douyin` or `wechat_pay`.
    algorithm: Of a signature of Taobao or Douyin: `md5`, `hmac-md5` or `hmac-sha256`.
    serial: Serial number of the merchant's certificate, for `wechat_pay`.
    secret_params: Query parameter → name of the secret that it carries (`session: taobao_session`).
    token_url: Address that gives access tokens (`oauth2`, or `signed` beside its signature); one is fetched first, and anew when the server
        no longer takes it.
    token_sent_as: How it is asked for: `form`, `json` or `query`.
    token_params: What the request says; empty means `grant_type` as OAuth2 has it.
    user_as, secret_as: The names by which `user` and `secret` are sent there; empty means that they are not sent.
    refresh_secret: Name of the secret that holds a refresh token; without one the grant is `client_credentials`.
    scope: Scope to ask for.
    token_path: Path of the token in the answer.
    token_header: Header that carries the access token as it is; empty means `Authorization: Bearer`.
    token_param: Query parameter that carries the access token instead of a header.
    """

    kind: Literal["none", "bearer", "basic", "header", "oauth2", "signed"] = "none"
    secret: str = ""
    user: str = ""
    header: str = "X-Api-Key"
    scheme: Literal["taobao", "douyin", "wechat_pay"] = "taobao"
    algorithm: Literal["md5", "hmac-md5", "hmac-sha256"] = "hmac-sha256"
    serial: str = ""
    secret_params: dict[str, str] = Field(default_factory=dict)
    token_url: str = ""
    token_sent_as: Literal["form", "json", "query"] = "form"  # noqa: S105, no secret
    token_params: dict[str, str | int] = Field(default_factory=dict)
    user_as: str = "client_id"
    secret_as: str = "client_secret"  # noqa: S105, a name
    refresh_secret: str = ""
    scope: str = ""
    token_path: str = "access_token"  # noqa: S105, a name
    token_header: str = ""
    token_param: str = ""

    @model_validator(mode="after")
    def _complete(self) -> Auth:
        if self.kind != "none" and not self.secret:
            raise ValueError(f"auth of kind {self.kind} needs `secret`, the name of a secret")
        if self.kind == "basic" and not self.user:
            raise ValueError("auth of kind basic needs `user`")
        if self.kind == "oauth2" and not self.token_url:
            raise ValueError("auth of kind oauth2 needs `token_url`")
        if self.kind == "oauth2" and self.user_as and not self.user:
            raise ValueError("auth of kind oauth2 needs `user` (the client id), or an empty `user_as`")
        if self.token_url and self.kind not in ("oauth2", "signed"):
            raise ValueError("`token_url` belongs to auth of kind oauth2 or signed")
        if self.kind == "signed" and self.scheme == "douyin" and (not self.user or self.algorithm == "hmac-md5"):
            raise ValueError("a signature of douyin needs `user`, the app key, and an `algorithm` of md5 or hmac-sha256")
        if self.kind == "signed" and self.scheme == "wechat_pay" and not (self.user and self.serial):
            raise ValueError("a signature of wechat_pay needs `user` (the merchant number) and `serial` (of its certificate)")
        return self


class BodyErrors(ConfigSection):
    """How an answer of status 200 says that it failed, as many platforms do. A `*` at the end of a code stands for any ending.

    code: Paths of the code; of several, the first that is there. An answer without one is good.
    good: Codes of success; every other code is a failure.
    later: Codes for which a later try can help (too many calls, the platform's own trouble): as after status 429.
    token: Codes of an access token that is not taken any more: another one is fetched.
    login: Codes of refused credentials.
    message: Paths of the server's words.
    seconds: Regular expression whose first group, in these words, is the number of seconds to wait (`will last for ([0-9]+) more seconds`).
    """

    code: list[str] = Field(default_factory=list)
    good: Codes = Field(default_factory=list)
    later: Codes = Field(default_factory=list)
    token: Codes = Field(default_factory=list)
    login: Codes = Field(default_factory=list)
    message: list[str] = Field(default_factory=list)
    seconds: str = ""

    @field_validator("seconds")
    @classmethod
    def _has_a_group(cls, value: str) -> str:
        try:
            groups = re.compile(value).groups
        except re.error as error:
            raise ValueError(f"`seconds` is no regular expression: {error}") from error
        if value and groups != 1:
            raise ValueError("`seconds` needs one group, around the number")
        return value


class Details(ConfigSection):
    """A second request for each record of a list that gives hardly more than ids; its answer is the record.

    url: Its address on the same server; `{id}` is replaced.
    method: `POST` sends the id in a JSON object.
    param: Parameter that carries the id, unless the address does.
    id: Path of the id in a record of the list; empty means that the record is the id.
    record: Path of the record in the answer; empty means the answer.
    most: Limit of their number in one pull.
    """

    url: str
    method: Literal["GET", "POST"] = "GET"
    param: str = ""
    id: str = ""
    record: str = ""
    most: int = Field(20_000, ge=1)

    @model_validator(mode="after")
    def _carries_the_id(self) -> Details:
        if bool(self.param) == ("{id}" in self.url):
            raise ValueError("`details` needs either `param` or `{id}` in its `url`")
        return self


class Report(ConfigSection):
    """A file that the server makes on request, as Amazon's reports are: `url` asks for it, then it is waited for and fetched.

    id: Path of the report's id in the answer to the request.
    status_url: Address on the same server that says how far it is; `{id}` is replaced.
    status: Path of its state there.
    done, nothing, failed: States in which it is ready, has nothing to say, or cannot be made; in any other it is waited for.
    every_s: Seconds between two looks.
    file_id: Path of the file's id in the answer that says that it is ready.
    file_url: Address on the same server that says where the file lies; `{id}` is replaced.
    file_at: Path of the file's address there; on another server, it is fetched without credentials.
    separator, encoding: How the file is read, as for `delimited`; packed by gzip or not.
    """

    id: str
    status_url: str
    status: str
    done: Codes
    nothing: Codes = Field(default_factory=list)
    failed: Codes = Field(default_factory=list)
    every_s: float = Field(15, ge=1, le=600)
    file_id: str
    file_url: str
    file_at: str
    separator: str = Field("auto", pattern=r"^(.|auto)$")
    encoding: Encoding = "auto"

    @model_validator(mode="after")
    def _names_the_id(self) -> Report:
        if any("{id}" not in address for address in (self.status_url, self.file_url)):
            raise ValueError("`status_url` and `file_url` need `{id}`")
        return self


class Paging(ConfigSection):
    """How the next page is found.

    kind: `none`; `cursor`: send `param` with the value found at `next`; `page`: count `param` up from `first` until a page is
        empty; `offset`: send as `param` how many records came so far (and `first`), until a page is empty;
        `link`: follow the address found at `next` (or in the HTTP header Link).
    param: Query parameter of the cursor or page number; of a POST, a name with dots lies inside an object (`variables.after`).
    next: Path of the next cursor or address in the answer.
    more: Path of the answer's word on whether more follows (`meta.has_more`); the last page is then known without asking for another.
        An answer without that word is followed as far as its pages go.
    last: The same the other way round: path of the word that this page is the last (`end_of_stream`).
    first: Number of the first page, or of the first record.
    size_param, size: Query parameter of the page size, and its value.
    total: For `page`: path of the number of all records. The pages are then read from the last to the first, so that a record which changes
        meanwhile and leaves the window moves no other one to a page that was read already.
    """

    kind: Literal["none", "cursor", "page", "offset", "link"] = "none"
    param: str = ""
    next: str = ""
    more: str = ""
    last: str = ""
    first: int | None = None
    size_param: str = ""
    size: int = Field(default=200, ge=1, le=5000)
    total: str = ""

    @property
    def start(self) -> int:
        """The first page's number, or the first record's."""
        return self.first if self.first is not None else int(self.kind == "page")


class HttpApi(Source):
    """A JSON API over HTTP.

    url: Address; `{NAME}` is not replaced, parameters belong in `params`.
    url_secret: Instead of `url`: name of the secret that holds the address.
    method: `POST` sends the parameters as a JSON object instead of a query; a name with dots is then a nested one.
    params: Fixed query parameters.
    auth, paging, errors, details, report: See there.
    records: Path of the list of records in the answer (`data.items`); empty means the answer is the list.
    each: Path of a list inside a record (`line_items`, `refunds.refund_line_items`) of which each item becomes a row; its fields are
        named as they lie (`line_items.sku`), the record's own beside them. A record without items gives no row.
    empty_with: Path by which an answer without that list is known as an answer that has no records; otherwise it is refused.
    since, until: Query parameters for the window's ends; empty means that everything is requested.
    times: How the window's ends are written: `iso`, `epoch_s`, `epoch_ms` or a strftime format in the channel's zone.
    span_hours: Longest span that one request may ask for; a longer window is asked for in parts. 0 means any.
    first_days: How far a first load reaches back, where the server wants a beginning; 0 means that none is sent.
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
    params: dict[str, JsonValue] = Field(default_factory=dict)
    auth: Auth = Auth()
    paging: Paging = Paging()
    errors: BodyErrors = BodyErrors()
    details: Details | None = None
    report: Report | None = None
    records: str = ""
    each: str = ""
    empty_with: str = ""
    since: str = ""
    until: str = ""
    times: str = "iso"
    span_hours: float = Field(0, ge=0)
    first_days: float = Field(0, ge=0)
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
        if self.paging.total and (self.paging.kind != "page" or not self.paging.size_param):
            raise ValueError("`total` belongs to paging by page with a `size_param`")
        if self.paging.kind == "cursor" and not self.paging.next:
            raise ValueError("paging by cursor needs `next`")
        if self.auth.kind == "signed" and self.auth.scheme == "taobao" and self.method == "POST":
            raise ValueError("a query signed as Taobao's is sent by GET")
        if self.auth.kind == "signed" and self.auth.scheme == "douyin" and self.method == "GET":
            raise ValueError("a request signed as Douyin's is sent by POST")
        if self.report is not None and (self.paging.kind != "none" or self.details or self.records or self.each):
            raise ValueError("a `report` is a file: it has no `paging`, `details`, `records` and `each`")
        if self.span_hours and not (self.since and self.until and self.first_days):
            raise ValueError("`span_hours` needs `since`, `until` and `first_days`")
        return self
