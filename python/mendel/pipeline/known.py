"""Which steps may have results: learned at once for all, so that new ones need not be asked for one by one."""

from __future__ import annotations

import time

from mendel import _native
from mendel.pipeline.claims import Claims
from mendel.store import Store

FEW = 32
"""So many questions are asked one by one; after that it may pay to learn what there is."""

WORTH = 64
"""So many marks cost no more than one question."""

MOST = 1_000_000
"""Marks that are learned at most, once the others are known."""

SECONDS = 1.0
"""After this what was learned is looked at again, for results that came from other machines."""


class Known:
    """The identities under which results may be found.

    Every process of a workspace leaves a sign when it has put results; who sees another
    sign than before learns anew before it says no. So of two processes that want the same
    step, one after the other by their claims, the second finds the result of the first.

    Args:
        store: The store.
        claims: Where the signs are left.
    """

    def __init__(self, store: Store, claims: Claims) -> None:
        self._store = store
        self._claims = claims
        self._marks = _native.Marks()
        self._asked = 0
        self._next = FEW
        self._learned = False
        self._sign = -1
        self._when = 0.0

    def may_have(self, identity: str) -> bool:
        """Whether the store has to be asked for results of that identity."""
        self._asked += 1
        if not self._learned and self._asked <= self._next:
            return True
        sign, now = self._claims.sign(), time.monotonic()
        if not self._learned or sign != self._sign or self._when + SECONDS < now:
            most = MOST if self._learned else self._asked * WORTH
            self._learned = self._store.learn(self._marks, most)
            self._sign, self._when, self._next = sign, now, self._asked * 2
        return not self._learned or identity in self._marks
