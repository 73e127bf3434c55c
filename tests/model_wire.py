"""Two protocols of language models, read and written: OpenAI's chat completions and Anthropic's messages."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from model_script import Answer, Called, Returned, Told, Usage

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Read:
    """A request, understood."""

    system: str
    messages: tuple[Told, ...]
    tools: dict[str, Json]


class Wire(Protocol):
    """One protocol. Frames are what is written to a stream, one after another."""

    name: str

    def read(self, body: Json) -> Read: ...

    def whole(self, number: int, body: Json, answer: Answer) -> Json: ...

    def opening(self, number: int, body: Json, answer: Answer) -> Iterator[bytes]: ...

    def piece(self, number: int, body: Json, text: str) -> Iterator[bytes]: ...

    def closing(self, number: int, body: Json, answer: Answer) -> Iterator[bytes]:
        """The tool calls, the usage and the end."""

    def error(self, status: int, code: str, message: str) -> Json: ...


def _ids(number: int, answer: Answer) -> Iterator[tuple[str, str, str]]:
    for place, (name, args) in enumerate(answer.calls):
        yield f"call_{number}_{place}", name, json.dumps(args, ensure_ascii=False)


def _text(content: Any) -> str:
    if isinstance(content, str) or content is None:
        return content or ""
    return "".join(part.get("text", "") for part in content if part.get("type") in (None, "text"))


def _halves(text: str) -> tuple[str, str]:
    return text[: len(text) // 2], text[len(text) // 2 :]


class OpenAI:
    name = "openai"

    def read(self, body: Json) -> Read:
        system = [_text(m["content"]) for m in body["messages"] if m["role"] in ("system", "developer")]
        told = tuple(self._told(m) for m in body["messages"] if m["role"] not in ("system", "developer"))
        tools = {tool["function"]["name"]: tool["function"] for tool in body.get("tools", ())}
        return Read("\n".join(system), told, {name: tool.get("parameters", {}) for name, tool in tools.items()})

    def _told(self, message: Json) -> Told:
        if message["role"] == "tool":
            return Told("tool", results=(Returned(message["tool_call_id"], _text(message["content"])),))
        calls = tuple(
            Called(call["id"], call["function"]["name"], json.loads(call["function"]["arguments"] or "{}"))
            for call in message.get("tool_calls") or ()
        )
        return Told(message["role"], _text(message.get("content")), calls)

    def whole(self, number: int, body: Json, answer: Answer) -> Json:
        message: dict[str, Any] = {"role": "assistant", "content": answer.text or None}
        if answer.calls:
            message["tool_calls"] = [
                {"id": id, "type": "function", "function": {"name": name, "arguments": args}}
                for id, name, args in _ids(number, answer)
            ]
        choice = {"index": 0, "message": message, "finish_reason": self._reason(answer)}
        head = {**self._head(number, body), "object": "chat.completion"}
        return {**head, "choices": [choice], "usage": self._usage(answer.usage)}

    def opening(self, number: int, body: Json, answer: Answer) -> Iterator[bytes]:
        yield self._delta(number, body, {"role": "assistant", "content": ""})

    def piece(self, number: int, body: Json, text: str) -> Iterator[bytes]:
        yield self._delta(number, body, {"content": text})

    def closing(self, number: int, body: Json, answer: Answer) -> Iterator[bytes]:
        for place, (id, name, args) in enumerate(_ids(number, answer)):
            function = {"name": name, "arguments": ""}
            call = {"index": place, "id": id, "type": "function", "function": function}
            yield self._delta(number, body, {"tool_calls": [call]})
            for half in _halves(args):
                yield self._delta(number, body, {"tool_calls": [{"index": place, "function": {"arguments": half}}]})
        yield self._delta(number, body, {}, self._reason(answer))
        if (body.get("stream_options") or {}).get("include_usage"):
            yield self._frame({**self._chunk(number, body), "choices": [], "usage": self._usage(answer.usage)})
        yield b"data: [DONE]\n\n"

    def error(self, status: int, code: str, message: str) -> Json:
        return {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": code}}

    def _reason(self, answer: Answer) -> str:
        return "tool_calls" if answer.calls else "stop"

    def _usage(self, usage: Usage) -> Json:
        return {
            "prompt_tokens": usage.input,
            "completion_tokens": usage.output,
            "total_tokens": usage.input + usage.output,
            "prompt_tokens_details": {"cached_tokens": usage.cached},
        }

    def _head(self, number: int, body: Json) -> dict[str, Any]:
        return {"id": f"chatcmpl-{number}", "created": 1_760_000_000, "model": body["model"]}

    def _chunk(self, number: int, body: Json) -> dict[str, Any]:
        return {**self._head(number, body), "object": "chat.completion.chunk"}

    def _delta(self, number: int, body: Json, delta: Json, reason: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        return self._frame({**self._chunk(number, body), "choices": [choice]})

    def _frame(self, event: Json) -> bytes:
        return b"data: " + json.dumps(event).encode() + b"\n\n"


class Anthropic:
    name = "anthropic"

    def read(self, body: Json) -> Read:
        tools = {tool["name"]: tool.get("input_schema", {}) for tool in body.get("tools", ())}
        told = tuple(each for message in body["messages"] for each in self._told(message))
        return Read(_text(body.get("system")), told, tools)

    def _told(self, message: Json) -> Iterator[Told]:
        """Tool results are parts of the user's messages; here they are messages of their own, before the text."""
        content = message["content"]
        parts: Sequence[Json] = [{"type": "text", "text": content}] if isinstance(content, str) else content
        results = tuple(
            Returned(part["tool_use_id"], _text(part.get("content"))) for part in parts if part["type"] == "tool_result"
        )
        calls = tuple(Called(part["id"], part["name"], part["input"]) for part in parts if part["type"] == "tool_use")
        if results:
            yield Told("tool", results=results)
        text = _text([part for part in parts if part["type"] == "text"])
        if text or calls or not results:
            yield Told(message["role"], text, calls)

    def whole(self, number: int, body: Json, answer: Answer) -> Json:
        content: list[Json] = [{"type": "text", "text": answer.text}] if answer.text else []
        content += [
            {"type": "tool_use", "id": id, "name": name, "input": json.loads(args)}
            for id, name, args in _ids(number, answer)
        ]
        usage = {**self._input(answer.usage), "output_tokens": answer.usage.output}
        return {**self._message(number, body), "content": content, "stop_reason": self._reason(answer), "usage": usage}

    def opening(self, number: int, body: Json, answer: Answer) -> Iterator[bytes]:
        message = {**self._message(number, body), "usage": {**self._input(answer.usage), "output_tokens": 1}}
        yield self._frame("message_start", message=message)
        yield self._frame("ping")
        if answer.text:
            yield self._frame("content_block_start", index=0, content_block={"type": "text", "text": ""})

    def piece(self, number: int, body: Json, text: str) -> Iterator[bytes]:
        yield self._frame("content_block_delta", index=0, delta={"type": "text_delta", "text": text})

    def closing(self, number: int, body: Json, answer: Answer) -> Iterator[bytes]:
        first = 1 if answer.text else 0
        if answer.text:
            yield self._frame("content_block_stop", index=0)
        for index, (id, name, args) in enumerate(_ids(number, answer), first):
            block = {"type": "tool_use", "id": id, "name": name, "input": {}}
            yield self._frame("content_block_start", index=index, content_block=block)
            for half in _halves(args):
                delta = {"type": "input_json_delta", "partial_json": half}
                yield self._frame("content_block_delta", index=index, delta=delta)
            yield self._frame("content_block_stop", index=index)
        end = {"stop_reason": self._reason(answer), "stop_sequence": None}
        yield self._frame("message_delta", delta=end, usage={"output_tokens": answer.usage.output})
        yield self._frame("message_stop")

    def error(self, status: int, code: str, message: str) -> Json:
        kinds = {400: "invalid_request_error", 401: "authentication_error", 403: "permission_error"}
        kinds |= {404: "not_found_error", 413: "request_too_large", 429: "rate_limit_error", 529: "overloaded_error"}
        return {"type": "error", "error": {"type": kinds.get(status, "api_error"), "message": message}}

    def _reason(self, answer: Answer) -> str:
        return "tool_use" if answer.calls else "end_turn"

    def _input(self, usage: Usage) -> Json:
        fresh = usage.input - usage.cached
        return {"input_tokens": fresh, "cache_read_input_tokens": usage.cached, "cache_creation_input_tokens": 0}

    def _message(self, number: int, body: Json) -> dict[str, Any]:
        head = {"id": f"msg_{number}", "type": "message", "role": "assistant", "model": body["model"]}
        return {**head, "content": [], "stop_reason": None, "stop_sequence": None}

    def _frame(self, event: str, **fields: Any) -> bytes:
        return f"event: {event}\ndata: {json.dumps({'type': event, **fields})}\n\n".encode()
