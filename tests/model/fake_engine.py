"""A stand-in for the engine's child process: same order, same reply, a small OpenAI server.

    python fake_engine.py LOG [MODE]

LOG gets a line with the pid at each start. It answers with what stands after ``say`` in the
question, a word at a time, which is what a model asked to repeat something does. MODE tells what
goes wrong: ``loads-slowly``, ``fails``, ``dies-once``, ``dies-always``, ``dies-silent-once``
(before the first word), ``changes-its-mind`` (dies once, then answers something else) and ``slow``
(a word a second).
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

LOG = Path(sys.argv[1])
MODE = sys.argv[2] if len(sys.argv) > 2 else ""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    order: dict[str, object]
    first = True

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.headers["Authorization"] != f"Bearer {self.order['key']}":
            return self.refuse(401, {"message": "Invalid API Key", "code": 401})
        if self.path == "/infill":
            return self.fill(request)
        question = request["messages"][-1]["content"]
        if len(question.split()) > int(str(self.order["n_ctx"])):
            # The words of llama.cpp b0-unknown in xllamacpp 2026.10.
            text = "request (18029 tokens) exceeds the available context size (8192 tokens), try"
            error = {"code": 400, "message": text, "type": "exceed_context_size_error"}
            return self.refuse(400, error)
        return self.answer(question.partition("say ")[2].split(), "prediction" in request)

    def answer(self, words: list[str], predicted: bool) -> None:
        if MODE == "changes-its-mind" and not self.first:
            words = [word.upper() for word in words]
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        dies = MODE == "dies-always" or (self.first and MODE in ("dies-once", "changes-its-mind"))
        if MODE == "dies-silent-once" and self.first:
            os._exit(7)
        for number, word in enumerate(words):
            if dies and number == 2:
                os._exit(7)
            self.event({"choices": [{"index": 0, "delta": {"content": word + " "}}]})
            time.sleep(1 if MODE == "slow" else 0.01)
        self.event({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
        usage = {"prompt_tokens": 5, "completion_tokens": len(words), "total_tokens": 9}
        timings = {"draft_n": 16, "draft_n_accepted": 12}
        self.event({"choices": [], "usage": usage, "timings": timings, "model": str(predicted)})
        self.wfile.write(b"data: [DONE]\n\n")
        self.close_connection = True

    def fill(self, request: dict[str, object]) -> None:
        """Answer what stands before the gap, in the words of llama.cpp."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.event({"content": str(request["input_prefix"]).upper(), "stop": False})
        self.event({"content": "", "stop": True, "stop_type": "eos", "tokens_predicted": 1})
        self.close_connection = True

    def event(self, payload: dict[str, object]) -> None:
        self.wfile.write(b"data: " + json.dumps(payload).encode() + b"\n\n")
        self.wfile.flush()

    def refuse(self, status: int, error: dict[str, object]) -> None:
        body = json.dumps({"error": error}).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def reply(message: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def leave_at_the_end() -> None:
    sys.stdin.read()
    os._exit(0)


def main() -> None:
    Handler.order = json.loads(sys.stdin.readline())
    threading.Thread(target=leave_at_the_end, daemon=True).start()
    Handler.first = not LOG.exists()
    with LOG.open("a") as log:
        log.write(f"{os.getpid()}\n")
    if MODE == "loads-slowly":
        time.sleep(60)
    if MODE == "fails":
        reply({"error": "the file is too short", "missing": False})
        return
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    reply({"url": f"http://127.0.0.1:{server.server_address[1]}"})
    threading.Event().wait()


main()
