"""The edge of a shallow clone: what history cannot tell because the parents of some commits were left out.

A commit that only one side seems to reach may be an ancestor of the other one through parents that were cut off. It
certainly is not when it reaches every edge that the other side reaches: an ancestor of an edge cannot reach that edge.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from deploytool.domain.comparison import Pair, Ranges, bits_of
from deploytool.domain.graph import Reach


def cut_off(boundary: frozenset[str], reach: Reach, pairs: Sequence[Pair]) -> int:
    """Pairs, as a bit mask, whose counts and ancestry could be wrong. `reach` must have been walked to its end."""
    edges = [commit for commit in boundary if commit in reach.rows]
    if not edges:
        return 0
    below = _edges_below(edges, reach.parents())
    ranges = Ranges(reach, pairs)
    cut = 0
    for commit in reach.order:
        behind, ahead = ranges.of(commit)
        for index in bits_of((behind | ahead) & ~cut):
            other = pairs[index].deployed if behind >> index & 1 else pairs[index].target
            if commit in boundary or below.get(other, 0) & ~below[commit]:
                cut |= 1 << index
    return cut


def may_reach(boundary: frozenset[str], reach: Reach, tip: str, commit: str) -> bool:
    """Could `tip` reach a commit that it does not seem to reach, through parents that were cut off?"""
    edges = [edge for edge in boundary if edge in reach.rows]
    below = _edges_below(edges, reach.parents()) if edges else {}
    return bool(below.get(tip, 0) & ~below.get(commit, 0))


def _edges_below(edges: Sequence[str], parents: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Per commit, the edges it reaches as a bit mask."""
    below = {commit: 1 << index for index, commit in enumerate(edges)}
    done: set[str] = set()
    for start in parents:
        pending = [start]
        while pending:
            commit = pending[-1]
            waiting = [parent for parent in parents[commit] if parent in parents and parent not in done]
            if commit not in done and waiting:
                pending.extend(waiting)
                continue
            pending.pop()
            done.add(commit)
            for parent in parents[commit]:
                below[commit] = below.get(commit, 0) | below.get(parent, 0)
            below.setdefault(commit, 0)
    return below
