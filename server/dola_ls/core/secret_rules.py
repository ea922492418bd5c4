"""The shapes of secrets, as data, from what their issuers document of them.

Every pattern begins at an anchor that a plain search finds, has no unbounded part that two others
could share, and so takes time in proportion to the text, whatever that is.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

#: Words that stand in for a secret in code that is to be read by people.
_STANDS_IN = re.compile(
    r"example|placeholder|change.?me|your|xxxx|dummy|redacted|\*{3}|\.{3}|…|<|\$\{|\{\{|%\(|12345678"
    r"|abcdefgh|00000000|replace.?me|insert.?",
    re.IGNORECASE,
)
#: What a password in a test or a manual is called.
_NO_PASSWORD = re.compile(
    r"pass|secret|token|test|fake|sample|default|foo|bar|admin|hunter2?$|guest|qwerty|letmein|123"
    r"|\bnone\b|null|\{|\}|\$[A-Z_(]|%[A-Z_]|^[@#&:/.]|://|\s",
    re.IGNORECASE,
)
#: A label (“Required!”), or a name with Swift's, Kotlin's or Ruby's mark behind it.
_EXCLAIMED = re.compile(r"[^\W\d]+[!?]{1,3}")
#: What names a secret or a place and is none: a contract, a resource, an address on the web.
_PUBLIC = re.compile(r"0x[0-9a-fA-F]{40}$|arn:|urn:|projects/|[a-z][a-z0-9+.\-]{1,15}://(?![^/]*@)")
#: How stored hashes of passwords begin: those are no passwords.
_HASH = re.compile(r"\$(?:2[abxy]|argon2|scrypt|pbkdf2|[156])|(?:pbkdf2_)?sha\d{1,3}[-$:_]|bcrypt")


def stands_in(value: str) -> bool:
    """Tell whether a value is there for people to replace, and is no secret."""
    return len(set(value)) < 6 or _STANDS_IN.search(value) is not None


def looks_random(value: str) -> bool:
    """Tell whether a long value looks drawn by lot: words and names in code do not."""
    digits = sum(char.isdigit() for char in value)
    letters = sum(char.isalpha() for char in value)
    mixed = any(char.isupper() for char in value) and any(char.islower() for char in value)
    if stands_in(value) or len(set(value)) < 10 or _PUBLIC.match(value):
        return False
    changes = _changes(value)
    return digits >= 3 and letters >= 3 and (changes >= 4 or (mixed and changes >= 2))


def _changes(value: str) -> int:
    return sum(a.isdigit() != b.isdigit() for a, b in pairwise(value))


def _is_bare_key(value: str) -> bool:
    """Tell whether a value without quotes is a key, and not the name of something in code."""
    run = max(re.findall(r"[A-Za-z0-9]+", value), key=len, default="")
    return looks_random(value) and len(run) >= 16 and _changes(run) >= 4


def _is_password(value: str) -> bool:
    """Tell whether a literal is a password of somebody, and not a label or a name in code."""
    if len(value) < 6 or stands_in(value) or _HASH.match(value) or _NO_PASSWORD.search(value):
        return False
    if _EXCLAIMED.fullmatch(value):
        return False
    marked = any(char.isdigit() or char in "!@#$%^&*+=?~" for char in value)
    return marked and any(char.isalpha() for char in value)


def _is_in_connection(value: str) -> bool:
    """Tell whether ``;password=`` gives a password, and not an expression of dense code."""
    digits = sum(char.isdigit() for char in value)
    marked = digits >= 2 or not value.isalnum()
    return marked and _is_password(value) and not re.match(r"[\w$]+[.(\[]", value)


def _is_token(value: str) -> bool:
    return not stands_in(value)


def _is_jwt(value: str) -> bool:
    return "IkpvaG4gRG9l" not in value  # “John Doe”, of the example at jwt.io


def _unlike_user(value: str) -> bool:
    """Tell whether ``user:password`` of an address holds a password, and not the user again."""
    user, _, password = value.partition(":")
    return user != password and not stands_in(password) and not _NO_PASSWORD.search(password)


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of secret. The pattern's group 1 is the secret, or all of the match."""

    id: str
    #: What the user is told it looks like.
    name: str
    #: What every match begins with; empty looks everywhere for the pattern. In lower case for a
    #: pattern that takes letters of either case.
    anchors: tuple[str, ...]
    pattern: re.Pattern[str]
    #: Looks at the secret itself, against false alarms.
    check: Callable[[str], bool] = _is_token
    #: Whether a word can take its place: not where it goes on over lines.
    maskable: bool = True
    #: What stands in every text with a match.
    needs: str = ""

    @property
    def any_case(self) -> bool:
        """Whether letters of either case are the same to it."""
        return bool(self.pattern.flags & re.IGNORECASE)


def _token(id: str, name: str, anchors: str, rest: str, check: Callable[[str], bool] = _is_token,
) -> Rule:  # fmt: skip
    """Make the rule for a token that begins with one of `anchors` and does not end in `rest`."""
    starts = tuple(anchors.split())
    start = "|".join(map(re.escape, starts))
    pattern = rf"(?<![A-Za-z0-9_])((?:{start}){rest})(?![A-Za-z0-9])"
    return Rule(id, name, starts, re.compile(pattern), check)


_KEY_LINES = r"(?:\\[nr]|[^A-Za-z0-9+/\\]|\d{1,7} \| ){1,60}"
_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
#: From a name to the literal it is given: ``=``, ``:``, ``=>``, ``:=``, with a type between.
_GIVEN = (
    r"""["'`]?(?:\[\])?\]?[ \t]{0,8}"""
    r"""(?:(?::[ \t]{0,4}(?:&(?:'static[ ])?)?[A-Za-z][\w.]{0,20}\??|string)[ \t]{0,8})?"""
    r"""(?::=|=>|=|:)[ \t]{0,8}"""
)
#: The same where it is the second argument, what counts if there is no other, or a macro.
_PASSED = (
    r"""(?:["'`][ \t]{0,4},[ \t]{0,4}"""
    r"""|["'`]?[\])]{0,2}[ \t]{0,8}(?:\|\||\?\?|\?:|or\b)[ \t]{0,8}|[ \t]{1,8})"""
)
_QUOTED = r"""[rbuf]{0,2}["'`]([^"'`\s]{%s})["'`]"""
#: What the names of keys begin with, and how they go on.
_KEYS = ("private", "encryption", "signing", "subscription", "account", "master", "service", "app",
         "consumer", "azure", "openai", "anthropic", "gemini", "mistral", "deepseek")  # fmt: skip
_KEY_ANCHORS = ("api", "secret", "access", "auth", "token", "credential", *_KEYS)
_KEY_NAME = (
    r"(?i)(?:api[._-]?key|secret(?:[._-]?key(?:[._-]?base)?)?|access[._-]?(?:key|token)"
    r"|auth[._-]?token|(?<![a-z])token|credential|(?:" + "|".join(_KEYS) + r")[._-]?key)"
)

RULES: tuple[Rule, ...] = (
    _token("aws-access-key", "an AWS access key", "AKIA ASIA ABIA ACCA", "[A-Z0-9]{16}"),
    Rule(
        "aws-secret-key",
        "an AWS secret key",
        ("secret",),
        re.compile(
            r"(?i)secret_?(?:access_?)?key" + _GIVEN + r"""["'`]?([A-Za-z0-9+/]{40})(?![\w+/=])"""
        ),
        looks_random,
    ),
    _token("github-token", "a GitHub token", "ghp_ gho_ ghu_ ghs_ ghr_", "[A-Za-z0-9]{36,251}"),
    _token("github-pat", "a GitHub token", "github_pat_", "[A-Za-z0-9_]{50,251}"),
    _token(
        "gitlab-token",
        "a GitLab token",
        "glpat- gldt- glrt- glptt- glcbt- glft- glsoat- glagent- glimt- gloas-",
        r"[\w\-.]{20,300}",
    ),
    _token("slack-token", "a Slack token", "xoxb- xoxp- xoxa- xoxr- xoxs- xoxe- xoxe. xapp-",
           r"[A-Za-z0-9.\-]{20,250}", looks_random),
    Rule("slack-webhook", "a Slack webhook", ("hooks.slack.com/services/",),
         re.compile(r"(hooks\.slack\.com/services/T\w{6,14}/B\w{6,14}/\w{20,40})")),
    _token("stripe-key", "a Stripe key", "sk_live_ sk_test_ rk_live_ rk_test_",
           "[A-Za-z0-9]{20,250}"),
    _token("stripe-webhook", "a Stripe webhook secret", "whsec_", "[A-Za-z0-9+/=]{24,100}"),
    _token("anthropic-key", "an Anthropic key", "sk-ant-", r"[\w\-]{24,250}"),
    _token("openai-key", "an OpenAI key", "sk-", r"[\w\-]{20,250}", looks_random),
    _token("google-api-key", "a Google API key", "AIza", r"[\w\-]{35}"),
    _token("google-oauth", "a Google OAuth secret", "GOCSPX- ya29.", r"[\w\-]{24,400}"),
    _token("npm-token", "an npm token", "npm_", "[A-Za-z0-9]{36}"),
    _token("pypi-token", "a PyPI token", "pypi-AgE", r"[\w\-]{50,1000}"),
    _token("huggingface-token", "a Hugging Face token", "hf_", "[A-Za-z0-9]{30,60}"),
    _token("sendgrid-key", "a SendGrid key", "SG.", r"[\w\-]{16,32}\.[\w\-]{32,64}"),
    _token("twilio-key", "a Twilio key", "SK AC", "[0-9a-f]{32}"),
    _token("digitalocean-token", "a DigitalOcean token", "dop_v1_ doo_v1_ dor_v1_",
           "[a-f0-9]{64}"),
    _token("shopify-token", "a Shopify token", "shpat_ shpca_ shppa_ shpss_", "[a-fA-F0-9]{32}"),
    _token("docker-token", "a Docker token", "dckr_pat_", r"[\w\-]{24,60}"),
    _token("vault-token", "a Vault token", "hvs. hvb.", r"[\w\-]{24,300}", looks_random),
    _token("groq-or-xai-key", "an API key", "gsk_ xai-", "[A-Za-z0-9]{40,120}"),
    _token("age-key", "an age key", "AGE-SECRET-KEY-1", "[0-9A-Z]{58}"),
    _token("jwt", "a JSON Web Token", "eyJ",
           r"[\w\-]{10,2000}\.eyJ[\w\-]{10,4000}\.[\w\-]{16,2000}", _is_jwt),
    Rule("telegram-token", "a Telegram bot token", (),
         re.compile(r"(?<!\d)(\d{8,10}:AA[\w\-]{33})(?![\w\-])"), needs=":AA"),
    Rule("azure-key", "an Azure storage key", ("AccountKey=",),
         re.compile(r"AccountKey=([A-Za-z0-9+/]{60,100}={0,2})")),
    Rule(
        "private-key",
        "a private key",
        ("-----BEGIN ",),
        re.compile(
            r"-----BEGIN (?:[A-Z0-9]{2,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----" + _KEY_LINES
            + r"(?:[A-Z][\w\-]{2,20}: [^\n\\]{0,100}" + _KEY_LINES + r"){0,4}[A-Za-z0-9+/]{24}"
        ),
        lambda _: True,
        maskable=False,
    ),
    Rule(
        "private-key",
        "the end of a private key",
        (),
        re.compile(
            r"[A-Za-z0-9+/]{32}" + _KEY_LINES + r"(?:[A-Za-z0-9+/=]{1,64}" + _KEY_LINES + r"){0,2}"
            r"(?<=-----)END (?:[A-Z0-9]{2,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----"
        ),
        lambda _: True,
        maskable=False,
        needs="-----END ",
    ),
    Rule(
        "ark-key",
        "a ModelArk key",
        ("ark", "volc", "byteplus", "api", "bearer",),
        re.compile(
            rf"(?i)(?:\bark|volc|byteplus|api_?key|\bbearer)\w{{0,24}}(?:{_GIVEN}|[ ])"
            rf"""["'`]?({_UUID})(?![\w\-])"""
        ),
    ),
    Rule(
        "authorization",
        "an authorization header",
        ("authorization",),
        re.compile(
            r"""(?i)authorization["'`]?\]?[ \t]{0,4}[:=,][ \t]{0,4}["'`]?"""
            r"""(?:bearer|basic|token)[ ]"""
            r"""([\w+/=.~\-]{16,500})"""
        ),
        looks_random,
    ),
    Rule(
        "url-password",
        "a password in an address",
        ("://",),
        re.compile(r"""://([^\s:/@"'`<>]{0,64}:[^\s/@"'`<>]{3,128})@[\w\[]"""),
        _unlike_user,
    ),
    Rule(
        "password",
        "a password",
        ("password", "passwd", "pwd", "passphrase",),
        re.compile(r"(?i)(?:password|passwd|pwd|passphrase)" + _GIVEN + _QUOTED % "6,128"),
        _is_password,
    ),
    Rule(
        "password",
        "a password",
        ("password", "passwd", "passphrase",),
        re.compile(
            r"""(?im)(?:password|passwd|passphrase)[ \t]{0,4}[:=][ \t]{0,4}"""
            r"""((?=[^\s"'`]{0,64}[!@#])[\w!@#%^&*+?~\-]{8,64})[ \t]{0,8}$"""
        ),
        _is_password,
    ),
    Rule(
        "password",
        "a password",
        (";password=", ";pwd=", "; password=", "; pwd="),
        re.compile(r"""(?im);[ ]?(?:password|pwd)=([^;"'`\s]{6,128})(?=[;"'`]|[ \t]{0,8}$)"""),
        _is_in_connection,
    ),
    Rule(
        "key-in-code",
        "a key or a token",
        _KEY_ANCHORS,
        re.compile(f"{_KEY_NAME}(?:{_GIVEN}|{_PASSED})" + _QUOTED % "16,400"),
        looks_random,
    ),
    Rule(
        "key-in-code",
        "a key or a token",
        _KEY_ANCHORS,
        re.compile(
            _KEY_NAME + r"""["'`]?[ \t]{0,8}(?::=|\?=|[:=])[ \t]{0,8}"""
            r"""([A-Za-z0-9+/][\w+/=\-]{19,399})(?=[\s"'`#;,&\\]|$)"""
        ),
        _is_bare_key,
    ),
)  # fmt: skip
