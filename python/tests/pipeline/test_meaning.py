"""What the native module decides about steps."""

from __future__ import annotations

import json
from typing import Any

import pytest
from mendel import _native

DIGEST = _native.digest(b"image")


def identity(**changes: Any) -> str:
    meaning = {"stage": "segment", "config": {"sigma": 1.5}, "inputs": {"image": DIGEST}, **changes}
    return _native.stage_identity(json.dumps(meaning))


def test_xm_27_a_stage_means_its_hyperparameters_and_the_content_of_its_inputs() -> None:
    assert identity() == identity(config={"sigma": 1.5}, params={})
    others = [
        identity(stage="other"),
        identity(config={"sigma": 1}),
        identity(params={"seed": 3}),
        identity(inputs={"image": _native.digest(b"another")}),
        identity(inputs={}),
    ]
    assert len({identity(), *others}) == 6
    with pytest.raises(ValueError, match="unknown field"):
        identity(who="made it")
    assert _native.value_digest("1") != _native.value_digest("1.0") != _native.value_digest('"1"')


def result(then: str, kind: str = "code") -> dict[str, Any]:
    dependencies = [{"kind": kind, "subject": "stages.Segment", "digest": _native.digest(then.encode())}]
    return {
        "identity": identity(),
        "key": _native.result_key(identity(), json.dumps(dependencies)),
        "run": _native.new_id(),
        "step": "segment[1]",
        "dependencies": dependencies,
        "outputs": [],
        "duration": 1,
        "finished": 1,
        "input": 1,
        "stage": {"task": "/t", "fields": [], "files": [], "absent": [], "config": {}, "seconds": 0.001},
    }


def decide(now: str, *then: str, kind: str = "code", **more: Any) -> dict[str, Any]:
    present = [_native.digest(now.encode())]
    candidates = [{"result": result(one, kind), "present": present} for one in then]
    question = {"step": "segment", "identity": identity(), "candidates": candidates, **more}
    answer: dict[str, Any] = json.loads(_native.decide(json.dumps(question)))
    return answer


def test_rp_15_a_result_answers_when_its_dependencies_are_as_they_were() -> None:
    kept = decide("v1", "v2", "v1")["reuse"]
    assert kept["dependencies"][0]["digest"] == _native.digest(b"v1") and kept["input"] == 1
    changed = decide("v3", "v1")
    assert changed["reuse"] is None and changed["reasons"][0]["kind"] == "code"
    assert decide("v1")["reasons"][0]["kind"] == "never"
    assert decide("v1", "v1", forced=True)["reasons"][0]["kind"] == "forced"


def test_the_policy_says_what_the_environment_does() -> None:
    assert decide("e2", "e1", kind="environment")["reuse"] is not None
    assert decide("e2", "e1", kind="environment", policy="strict")["reuse"] is None
