"""What an answer brings in that its user should see first, and what only looks like it."""

from __future__ import annotations

import pytest

from dola_ls.core.document import Document, Edit
from dola_ls.core.risky import Risk, brought_in
from tests.benchmarks.edit_eval.tasks import Task, load_all

#: Language, new code, and the name of what it brings in.
RISKY = [
    ("python", "x = eval(text)\n", "eval, which runs text as code"),
    ("python", "exec(text)\n", "exec, which runs text as code"),
    ("python", 'm = __import__("os")\n', "__import__, which runs text as code"),
    ("python", 'x = f"{eval(text)}"\n', "eval, which runs text as code"),
    ("python", "import subprocess\n", "subprocess, which starts other programs"),
    ("python", "from subprocess import run\n", "subprocess, which starts other programs"),
    ("python", "subprocess.run(args)\n", "subprocess, which starts other programs"),
    ("python", 'os.system("x")\n', "os.system, which starts other programs"),
    ("python", "os.execvp(a, b)\n", "os.execvp, which starts other programs"),
    ("python", "x = pickle.loads(data)\n", "pickle, which runs what it unpacks"),
    ("python", "from pickle import loads\n", "pickle, which runs what it unpacks"),
    ("python", "x = yaml.unsafe_load(data)\n", "yaml.unsafe_load, which runs what it unpacks"),
    ("python", "import requests\n", "requests, which speaks to the network"),
    ("python", "r = requests.post(url, data)\n", "requests, which speaks to the network"),
    ("python", "from urllib.request import urlopen\n",
     "urllib.request, which speaks to the network"),
    ("python", "x = urlopen(y)\n", "urlopen, which speaks to the network"),
    ("python", "s = socket.socket()\n", "socket, which speaks to the network"),
    ("python", "get(x, verify=False)\n", "verify=False, which turns off the check of certificates"),
    ("python", "c.verify_mode = ssl.CERT_NONE\n",
     "CERT_NONE, which turns off the check of certificates"),
    ("python", "@pytest.mark.skip\ndef test_a(): pass\n",
     "pytest.mark.skip, which leaves a test out"),
    ("python", 'x = "https://evil.test.io/a?b=c"\n', "an address at evil.test.io"),
    ("python", "# see http://Evil.io./a\n", "an address at evil.io"),
    ("python", 'x = "wss://user:pw@evil.io:1/a"\n', "an address at evil.io"),
    ("python", 'x = "http://203.0.113.9/a"\n', "an address at 203.0.113.9"),
    ("javascript", "const x = eval(y);\n", "eval, which runs text as code"),
    ("typescript", "const f = new Function(y);\n", "new Function, which runs text as code"),
    ("javascript", "const cp = require('child_process');\n",
     "child_process, which starts other programs"),
    ("typescript", "import { exec } from 'node:child_process';\n",
     "child_process, which starts other programs"),
    ("javascript", "await fetch(u, { body });\n", "fetch, which speaks to the network"),
    ("javascript", "const r = `${fetch(u)}`;\n", "fetch, which speaks to the network"),
    ("typescriptreact", "navigator.sendBeacon(u);\n", "sendBeacon, which speaks to the network"),
    ("javascript", "const o = { rejectUnauthorized: false };\n",
     "rejectUnauthorized: false, which turns off the check of certificates"),
    ("javascript", "it.skip('a', () => {});\n", "it.skip, which leaves a test out"),
    ("go", 'cmd := exec.Command("sh")\n', "exec.Command, which starts other programs"),
    ("go", "r, err := http.Get(u)\n", "http.Get, which speaks to the network"),
    ("go", "c := tls.Config{InsecureSkipVerify: true}\n",
     "InsecureSkipVerify: true, which turns off the check of certificates"),
    ("rust", 'let c = Command::new("sh");\n', "Command::new, which starts other programs"),
    ("rust", "let r = reqwest::get(u);\n", "reqwest, which speaks to the network"),
    ("rust", "b.danger_accept_invalid_certs(true);\n",
     "danger_accept_invalid_certs, which turns off the check of certificates"),
    ("java", "Runtime.getRuntime().exec(x);\n",
     "Runtime.getRuntime, which starts other programs"),
    ("java", "Object o = new ObjectInputStream(s).readObject();\n",
     "ObjectInputStream, which runs what it unpacks"),
    ("c", "int f(void) { return system(x); }\n", "system, which starts other programs"),
    ("cpp", "int f() { return std::system(x); }\n", "system, which starts other programs"),
    ("csharp", 'Process.Start("sh");\n', "Process.Start, which starts other programs"),
    ("cs", "var f = new BinaryFormatter();\n", "BinaryFormatter, which runs what it unpacks"),
    ("ruby", "x = Marshal.load(y)\n", "Marshal.load, which runs what it unpacks"),
    ("ruby", "x = system 'ls'\n", "system, which starts other programs"),
    ("php", "<?php shell_exec($x);\n", "shell_exec, which starts other programs"),
    ("php", "<?php $x = unserialize($y);\n", "unserialize, which runs what it unpacks"),
    ("shellscript", "curl -o x $url\n", "curl, which speaks to the network"),
]  # fmt: skip

LOOK_ALIKES = [
    ("python", "model.eval()\n"),
    ("python", "df.eval(text)\n"),
    ("python", "x = literal_eval(text)\n"),
    ("python", "x = ast.literal_eval(text)\n"),
    ("python", "def eval(self): pass\n"),
    ("python", "# never call eval(text) here\n"),
    ("python", '"""Unlike eval(text), this is safe."""\n'),
    ("python", "cursor.execute(query)\n"),
    ("python", "evaluate(x)\nretrieval(x)\n"),
    ("python", "x = re.compile(y)\n"),
    ("python", "requests = []\nrequests.append(x)\n"),
    ("python", "total_requests.get(x)\n"),
    ("python", "os.path.join(a, b)\nos.environ\n"),
    ("python", "pickled = pickles(x)\n"),
    ("python", "verify = True\nget(verify=True)\n"),
    ("python", "raise ValueError('import subprocess')\n"),
    ("python", "yaml.safe_load(x)\n"),
    ("python", "skip(3)\n"),
    ("python", 'x = f"https://{host}/a"\n'),
    ("python", 'x = "http://localhost:80/a"\n'),
    ("python", 'x = "http://127.0.0.1/a"\n'),
    ("python", 'x = "http://[::1]/a"\n'),
    ("python", 'x = "https://api.example.com/a"\n'),
    ("python", 'x = "http://www.w3.org/2000/svg"\n'),
    ("python", 'x = "https://"\n'),
    ("javascript", "const m = regex.exec(text);\n"),
    ("javascript", "store.fetch(x);\n"),
    ("javascript", "prefetch(x);\nasync function fetch(x) {}\n"),
    ("javascript", "// fetch(x) is gone\n"),
    ("javascript", "const o = { rejectUnauthorized: true };\n"),
    ("javascript", "import { x } from './http';\n"),
    ("go", "x := command.Exec(y)\n"),
    ("go", "http.Error(w, m, http.StatusNotFound)\n"),
    ("rust", "let c = MyCommand::new(x);\n"),
    ("java", "ecosystem(x);\n"),
    ("c", "int f(void) { return filesystem(x) + s.system(x); }\n"),
    ("ruby", "file_system(x)\nself.system\n"),
    ("php", "<?php $stmt->exec($x);\n"),
    ("shellscript", "# curl is not needed\n"),
    ("plaintext", "We eval(x) and import subprocess.\n"),
]


def risks(language: str, new: str, before: str = "", **options: str) -> list[str]:
    document = Document("file:///shop/a", language, 1, before)
    edit = Edit(len(before), len(before), new)
    return [risk.what for risk in brought_in(document, [edit], **options)]


@pytest.mark.parametrize(("language", "new", "what"), RISKY)
def test_what_is_new_is_named(language: str, new: str, what: str) -> None:
    assert risks(language, new) == [what]


@pytest.mark.parametrize(("language", "new", "what"), RISKY)
def test_what_the_file_or_the_tested_code_holds_is_not_new(
    language: str, new: str, what: str
) -> None:
    assert risks(language, new.removeprefix("<?php "), new) == []
    assert risks(language, new, known=new) == []


@pytest.mark.parametrize(("language", "new"), LOOK_ALIKES)
def test_what_only_looks_like_it_is_let_be(language: str, new: str) -> None:
    assert risks(language, new) == []


@pytest.mark.parametrize(
    ("new", "words"),
    [
        ("import subprocess\n", "call git in a subprocess"),
        ("os.system(x)\n", "Run it through the shell"),
        ("x = eval(y)\n", "use eval"),
        ("import pickle\n", "serialize the cache"),
        ("import requests\n", "fetch the prices from the shop"),
        ('x = "https://api.shop.io/v1"\n', "the base URL goes into a constant"),
        ('x = "https://api.shop.io/v1"\n', "ask api.shop.io for it"),
        ("get(x, verify=False)\n", "accept self-signed certificates"),
        ("import aiohttp\n", "with aiohttp"),
    ],
)
def test_what_the_user_asked_for_is_let_be(new: str, words: str) -> None:
    assert risks("python", new, words=words) == []
    assert risks("python", new, words="make it faster") != []


def test_words_for_one_thing_ask_for_no_other() -> None:
    new = "import requests\nrequests.get(u, verify=False)\n"
    assert risks("python", new, words="download the file") == [
        "verify=False, which turns off the check of certificates"
    ]


def test_lines_are_those_of_the_text_as_it_would_be_and_names_come_once() -> None:
    text = "a = 1\nb = 2\nc = 3\n"
    edits = [Edit(0, 6, "é = 1\nx = eval(é)\n"), Edit(12, 18, "c = eval(b)\nexec(c)\n")]
    found = brought_in(Document("file:///a", "python", 1, text), edits)
    assert found == [
        Risk("eval, which runs text as code", 1),
        Risk("exec, which runs text as code", 4),
    ]


def test_an_edit_in_the_middle_of_a_line_is_read_with_its_line() -> None:
    text = "x = val(y)\n"
    assert brought_in(Document("file:///a", "python", 1, text), [Edit(4, 4, "e")]) == [
        Risk("eval, which runs text as code", 0)
    ]


def test_what_stands_beside_an_edit_is_not_its_doing() -> None:
    assert risks("python", "b = 2\n", "import subprocess\n") == []
    document = Document("file:///a", "python", 1, "eval(x)\na = 1\n")
    assert brought_in(document, [Edit(8, 13, "a = 2")]) == []
    assert brought_in(document, [Edit(8, 13, "")]) == []


@pytest.mark.parametrize("task", load_all(), ids=lambda task: task.id)
def test_no_good_answer_of_the_evaluation_is_held_up(task: Task) -> None:
    document = Document("file:///shop/a", task.language, 1, task.source)
    assert brought_in(document, [Edit(0, len(task.source), task.reference)]) == []
