"""What an answer brings into a file that its user should see before it is there.

New addresses on the web, calls that run text as code, start programs, unpack objects or speak to
the network, checks that are turned off, and dependencies of a project. It goes by words: whoever
wants to hide such a thing from it can, and it is no more than a reason to look. Only what the file
did not hold before counts, and only what the user's own words did not ask for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from dola_ls.core.context import file_name
from dola_ls.core.depended_on import depended_on
from dola_ls.core.document import Document, Edit, Span, apply_edits
from dola_ls.core.languages import language_of
from dola_ls.core.parsing import Tree, parse


@dataclass(frozen=True, slots=True)
class Risk:
    """One thing that is new: what it is, as words for a sentence, and its line from zero."""

    what: str
    line: int


@dataclass(frozen=True, slots=True)
class _Kind:
    """Things of one kind: how they look, by language, and the words that ask for them.

    The first group of a pattern that took part is the name of the thing.
    """

    says: str
    asked: re.Pattern[str]
    looks: dict[str, str]
    #: It counts in strings and comments too.
    anywhere: bool = False


def _asked(words: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![a-z])(?:{words})", re.IGNORECASE)


_PYTHON, _SCRIPT, _C = "python", "javascript", "c"
_FAMILIES = {
    "typescript": _SCRIPT,
    "javascriptreact": _SCRIPT,
    "typescriptreact": _SCRIPT,
    "vue": _SCRIPT,
    "svelte": _SCRIPT,
    "cpp": _C,
    "kotlin": "java",
    "scala": "java",
}
#: A call of a function, not of a method of that name, and not its definition.
_CALL = r"(?<![\w.$>:@])(?<!def )(?<!function )(?<!fn )(?<!func )"

_KINDS = (
    _Kind(
        "{}, which runs text as code",
        _asked(r"eval|exec|dynamic|interpret|compil|script"),
        {
            _PYTHON: _CALL + r"(eval|exec|__import__)\s*\(|\bbuiltins\.(eval|exec)\b",
            _SCRIPT: _CALL + r"(eval)\s*\(|\b(new Function)\s*\(|\b(vm\.runIn\w+)\s*\(",
            "java": r"\b(ScriptEngineManager)\b",
            "ruby": _CALL + r"(eval)[\s(]|\b((?:instance|class|module)_eval)[\s(]",
            "php": _CALL + r"(eval|create_function)\s*\(",
            "shellscript": r"(?<![\w./-])(eval)\s",
        },
    ),
    _Kind(
        "{}, which starts other programs",
        _asked(r"sub-?process|process|shell|command|spawn|exec|launch|fork"),
        {
            _PYTHON: r"\b(os\.(?:system|popen|exec[lv]\w*|spawn\w+|posix_spawn\w*))\s*\("
            r"|\b(?:import|from)\s+(subprocess|pty|pexpect)\b|\b(subprocess|pexpect)\.\w"
            r"|\b(create_subprocess_(?:exec|shell))\s*\(",
            _SCRIPT: r"\b(?:require\s*\(|from|import)\s*['\"](?:node:)?(child_process|execa)['\"]"
            r"|\b(child_process)\.\w|\b(Deno\.Command|Bun\.spawn)\b",
            "go": r"\b(exec\.Command)(?:Context)?\s*\(|\b(syscall\.(?:Exec|ForkExec))\s*\(",
            "rust": r"\b(Command::new)\s*\(|\b(process::Command)\b",
            "java": r"\b(Runtime\.getRuntime)\s*\(|\b(ProcessBuilder)\b",
            _C: _CALL + r"(system|popen|exec[lv]p?e?|posix_spawnp?|ShellExecute\w*)\s*\("
            r"|\b(?:std)?::(system)\s*\(",
            "csharp": r"\b(Process\.Start)\s*\(|\b(ProcessStartInfo)\b",
            "ruby": _CALL + r"(system|exec|spawn)[ (]['\"\w]|\b(Open3)\.\w|\b(IO\.popen)\b",
            "php": _CALL + r"(exec|shell_exec|system|passthru|popen|proc_open|pcntl_exec)\s*\(",
        },
    ),
    _Kind(
        "{}, which runs what it unpacks",
        _asked(r"pickl|serial|marshal|unmarshal|deserial|persist|yaml"),
        {
            _PYTHON: r"\b(?:import|from)\s+(pickle|cPickle|dill|marshal|shelve|jsonpickle)\b"
            r"|\b(pickle|cPickle|dill|marshal)\.(?:loads?|Unpickler)\b"
            r"|\b(yaml\.(?:unsafe_load|full_load)\w*|UnsafeLoader)\b",
            "java": r"\b(ObjectInputStream|XMLDecoder)\b",
            "csharp": r"\b(BinaryFormatter|NetDataContractSerializer)\b",
            "ruby": r"\b(Marshal\.load|YAML\.unsafe_load)\b",
            "php": _CALL + r"(unserialize)\s*\(",
        },
    ),
    _Kind(
        "{}, which speaks to the network",
        _asked(
            r"https?|requests?\b|fetch|download|upload|urls?\b|apis?\b|endpoint|socket|network"
            r"|servers?\b|client|web|e-?mail"
        ),
        {
            _PYTHON: r"\b(?:import|from)\s+(requests|httpx|aiohttp|urllib3|urllib\.request"
            r"|http\.client|socket|ftplib|smtplib|telnetlib|paramiko|websockets?)\b"
            r"|\b(requests)\.(?:get|post|put|patch|delete|head|request|Session)\s*\("
            r"|\b(httpx)\.\w+\s*\(|\b(aiohttp)\.\w+\s*\(|\b(urllib\.request)\.\w"
            r"|\b(http\.client)\.\w|\b(socket)\.(?:socket|create_connection)\s*\(|"
            + _CALL
            + r"(urlopen|urlretrieve)\s*\(",
            _SCRIPT: _CALL + r"(?<!async )(fetch)\s*\(\s*\S|\b(XMLHttpRequest)\b"
            r"|\b(?:window|globalThis|self)\.(fetch)\s*\("
            r"|\bnew (WebSocket|EventSource)\s*\(|\b(sendBeacon)\s*\(|\b(axios)(?:\.\w+)?\s*\("
            r"|\b(?:require\s*\(|from|import)\s*['\"](?:node:)?"
            r"(https?|net|dgram|axios|node-fetch|got|undici|ws)['\"]",
            "go": r"\b(http\.(?:Get|Post|PostForm|Head|NewRequest\w*|DefaultClient|Client\b))"
            r"|\b(net\.Dial\w*)\s*\(",
            "rust": r"\b(reqwest|ureq|hyper)::|\b((?:TcpStream|UdpSocket)::\w+)\s*\(",
            "java": r"\b(HttpClient|HttpURLConnection|OkHttpClient)\b|\b(openConnection)\s*\("
            r"|\bnew (Socket)\s*\(",
            _C: r"\b(curl_easy_\w+)\s*\(|\b(WinHttp\w+|InternetOpen\w*)\s*\(",
            "csharp": r"\b(HttpClient|WebClient|WebRequest|TcpClient)\b",
            "ruby": r"\b(Net::HTTP|URI\.open|TCPSocket|Faraday|HTTParty)\b|['\"](open-uri)['\"]",
            "php": _CALL + r"(curl_init|curl_exec|fsockopen|stream_socket_client)\s*\(",
            "shellscript": r"(?<![\w./-])(curl|wget|ncat|nc|scp|ssh)\s",
        },
    ),
    _Kind(
        "{}, which turns off the check of certificates",
        _asked(r"tls|ssl|certificat|verif|insecure|self-?signed"),
        {
            "": r"\b(verify\s*=\s*False)\b|\b(CERT_NONE|VERIFY_NONE)\b"
            r"|\b(check_hostname\s*=\s*False)\b|\b(_create_unverified_context)\b"
            r"|\b(rejectUnauthorized['\"]?\s*:\s*false)\b|\b(InsecureSkipVerify\s*:\s*true)\b"
            r"|\b(danger_accept_invalid_\w+)|\b(NODE_TLS_REJECT_UNAUTHORIZED)\b"
            r"|\b(CURLOPT_SSL_VERIFY(?:PEER|HOST))\s*(?:,|=>)\s*(?:false|0)\b"
            r"|\b(NoopHostnameVerifier|ALLOW_ALL_HOSTNAME_VERIFIER|TrustAllStrategy)\b"
            r"|\b(DangerousAcceptAnyServerCertificateValidator)\b|\bcurl\b.*\s(--insecure)\b",
        },
    ),
    _Kind(
        "{}, which leaves a test out",
        _asked(r"skip|ignor|disabl|leave out|xfail"),
        {
            _PYTHON: r"\b((?:pytest\.)?mark\.(?:skip|skipif|xfail))\b|@(unittest\.skip\w*)"
            r"|\b(pytest\.skip)\s*\(",
            _SCRIPT: r"\b((?:it|test|describe)\.(?:skip|todo))\s*[.(]|"
            + _CALL
            + r"(xit|xdescribe|xtest)\s*\(",
            "go": r"\bt\.(Skip(?:f|Now)?)\s*\(",
            "rust": r"#\[(ignore)\b",
            "java": r"@(Disabled|Ignore)\b",
            "csharp": r"\[(Ignore)\b",
        },
    ),
    _Kind(
        "an address at {}",
        _asked(r"https?|urls?\b|links?\b|address|endpoint|hosts?\b|web|referenc|cite|citation"),
        {"": r"\b(?:https?|wss?|ftp)://(?:[^\s/@\"'<>]*@)?(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+)"},
        anywhere=True,
    ),
)

#: RFC 2606 and 6761: nobody is there. The last is where the names of XML live.
_NOBODY = re.compile(
    r"(?:^|\.)(?:example(?:\.(?:com|net|org))?|test|invalid|localhost)\.?$|^www\.w3\.org$"
)


def brought_in(
    document: Document, edits: Sequence[Edit], *, known: str = "", words: str | None = None
) -> list[Risk]:
    """Return what edits bring into a document, in its order, each name once.

    `known` is other text in which the same things may stand already, `words` what the user asked.
    """
    after = Document(
        document.uri, document.language, document.version, apply_edits(document.text, edits)
    )
    # Names are looked for in whole lines, as an edit may begin in the middle of one.
    parts = [after.whole_lines(span) for span in _spans(edits)]
    language = language_of(document.language).id
    family = _FAMILIES.get(language, language)
    before = f"{document.text}\n{known}"
    tree: Tree | None = None
    found: dict[str, tuple[int, Risk]] = {}
    for kind in _KINDS:
        looks = [kind.looks[name] for name in ("", family) if name in kind.looks]
        pattern = re.compile("|".join(looks)) if looks else None
        if pattern is None or (words and kind.asked.search(words)):
            continue
        matches = [m for part in parts for m in pattern.finditer(after.text, part.start, part.end)]
        # Going through the whole file is only worth it where there is anything to look for.
        held = {_name(kind, match) for match in pattern.finditer(before)} if matches else set()
        for match in matches:
            name = _name(kind, match)
            if name in held or name in found or (kind.anywhere and _is_nobody(name)):
                continue
            if words and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", words, re.IGNORECASE):
                continue
            if not kind.anywhere:
                tree = tree or parse(after)
                if _is_text(after, tree, match.start()):
                    continue
            risk = Risk(kind.says.format(name), after.line_of(match.start()))
            found[name] = (match.start(), risk)
    for name in _dependencies(document, after, words):
        at = max(after.text.lower().find(name.lower()), 0)
        found[name] = (at, Risk(f"{name}, which is to be installed or run", after.line_of(at)))
    return [risk for _, risk in sorted(found.values(), key=lambda one: one[0])]


def _dependencies(before: Document, after: Document, words: str | None) -> Iterator[str]:
    """Yield what the manifest of a project depends on since the edits, unasked."""
    name = file_name(after.uri)
    held = depended_on(name, before.text)
    for new in sorted(depended_on(name, after.text) - held):
        if not words or not re.search(rf"(?<!\w){re.escape(new)}(?!\w)", words, re.IGNORECASE):
            yield new


def _spans(edits: Sequence[Edit]) -> Iterator[Span]:
    """Yield where the new text of each edit stands once all are made."""
    moved = 0
    for edit in edits:
        start = edit.start + moved
        if edit.text:
            yield Span(start, start + len(edit.text))
        moved += len(edit.text) - (edit.end - edit.start)


def _name(kind: _Kind, match: re.Match[str]) -> str:
    name = " ".join(next(group for group in match.groups() if group).split())
    return name.rstrip(".").lower() if kind.anywhere else name


def _is_nobody(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return "." not in host or _NOBODY.search(host) is not None


def _is_text(document: Document, tree: Tree | None, offset: int) -> bool:
    """Tell whether a comment or a string stands at an offset, and no code within one."""
    if tree is None:
        line = document.line_text(document.line_of(offset)).lstrip()
        return line.startswith(("#", "//", "--", ";", "*", "/*"))
    at = tree.byte(offset)
    node = tree.tree.root_node.descendant_for_byte_range(at, at)
    while node is not None:
        if "interpolation" in node.type or node.type == "template_substitution":
            return False
        if "comment" in node.type or "string" in node.type or "heredoc" in node.type:
            return True
        node = node.parent
    return False
