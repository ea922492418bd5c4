"""Runs aider on one file after another, in an interpreter of its own that has aider.

Started with that interpreter as a script, so that it imports nothing of this project. Its order is
one line of JSON on stdin, then comes a line for each task; each is answered by a line on the stdout
it was started with. What aider prints goes to stderr. Only `Coder.run` is timed: imports and the
setting up of a coder are done before.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import Any, TextIO

#: aider.chat and the lists of models and prices are left alone: nothing but the engine is asked.
QUIET = {
    "AIDER_ANALYTICS": "false",
    "AIDER_CHECK_UPDATE": "false",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "NO_COLOR": "1",
}


def main() -> None:
    """Answer each line of stdin until it ends."""
    answers = _private_stdout()
    os.environ.update(QUIET)
    order = json.loads(sys.stdin.readline())
    model = _model(order)
    _say(answers, {"ready": True})
    for line in sys.stdin:
        job = json.loads(line)
        try:
            answer = _edit(model, order["format"], job)
        except Exception:
            answer = {"failed": traceback.format_exc()[-2000:]}
        _say(answers, answer)


def _model(order: dict[str, Any]) -> Any:
    """Return the engine as one of aider's models; everything it needs later is imported here."""
    # No dotenv file or cache of the user's is read, and none is left: the home is a new folder.
    models = importlib.import_module("aider.models")
    name = f"openai/{order['model']}"
    info = {
        "max_tokens": order["context"],
        "max_input_tokens": order["context"],
        "litellm_provider": "openai",
        "mode": "chat",
        "input_cost_per_token": 0.0,
        "output_cost_per_token": 0.0,
    }
    models.model_info_manager.local_model_metadata[name] = info
    importlib.import_module("litellm").register_model({name: info})
    model = models.Model(name)
    model.use_temperature = True
    model.extra_params = {
        "api_base": f"{order['url']}/v1",
        "api_key": order["key"],
        "stream_options": {"include_usage": True},
    }
    return model


def _edit(model: Any, edit_format: str, job: dict[str, Any]) -> dict[str, Any]:
    """Have one file edited; return it as it is then, and what aider counts."""
    coders = importlib.import_module("aider.coders")
    io = importlib.import_module("aider.io")
    model.extra_params["max_tokens"] = job["max_tokens"]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place:
        folder = Path(place).resolve()
        file = folder / job["file"]
        file.write_bytes(job["text"].encode())
        beside = [folder / name for name in job["read_only"]]
        for path, text in zip(beside, job["read_only"].values(), strict=True):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
        os.chdir(folder)
        coder = coders.Coder.create(
            main_model=model,
            edit_format=edit_format,
            io=io.InputOutput(pretty=False, yes=True, fancy_input=False),
            fnames=[str(file)],
            # What a user of it would add to the chat with /read-only.
            read_only_fnames=[str(path) for path in beside],
            auto_commits=False,
            use_git=False,
            map_tokens=0,
            stream=True,
            detect_urls=False,
            # As in aider's own benchmark: nobody is there to run them.
            suggest_shell_commands=False,
        )
        # One message needs no summary of the chat. The thread that writes it would go on after the
        # answer, and take the engine from whoever is asked next.
        coder.summarize_start = lambda: None
        started = time.perf_counter()
        coder.run(with_message=job["message"])
        seconds = time.perf_counter() - started
        # Out of the folder, which Windows could not remove otherwise.
        os.chdir(folder.parent)
        return {
            "seconds": seconds,
            "text": file.read_bytes().decode("utf-8", "replace"),
            "malformed": coder.num_malformed_responses,
            "exhausted": coder.num_exhausted_context_windows,
            "reflections": coder.num_reflections,
            "edited": job["file"] in coder.aider_edited_files,
            "others": sorted(
                p.name for p in folder.rglob("*") if p.is_file() and p not in (file, *beside)
            ),
        }


def _private_stdout() -> TextIO:
    """Return the stdout that the parent reads; what others print goes to stderr from now on."""
    private = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return private


def _say(answers: TextIO, message: dict[str, Any]) -> None:
    answers.write(json.dumps(message) + "\n")
    answers.flush()


if __name__ == "__main__":
    main()
