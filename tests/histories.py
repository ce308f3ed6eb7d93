"""Random histories from a seed: every way a repository can be odd, small enough to make hundreds of.

The same seed always gives the same commits, so a failure needs no more than its number to be seen again.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.changes import CHANGES, CHANGES_AND_WEIGHTS, HARD, NAMES, ODD_NAMES, State, add_link, put
from tests.repositories import FIRST_DAY, Builder, Link, Value

PLAIN = ("api", "worker", "shared", "shared/lib", "apps/a", "apps/a/deep", "api-old", "api.d", "api0", "docs")
ODD = (
    ":x",
    ":(top)api",
    "-n",
    "--output=x",
    "new\nline",
    'quo"te',
    "caf\udce9",
    "tab\there",
    "日本",
    "*",
    "[a]",
    "a b",
)
IGNORES = ((), (), (), ("**/*.md",), (HARD,), ("**/*.md", "worker"))
DAY_2100, DAY_1970 = 4_102_444_800, 0


@dataclass(frozen=True, slots=True)
class History:
    path: Path
    commits: list[str]  # parents before children
    services: list[list[str]]  # what each service declares as `paths`
    ignores: list[tuple[str, ...]]  # what each service ignores, in the same order
    older: list[int]  # for each commit all before it and itself, as bits in the order of `commits`
    seed: int

    def pairs(self, count: int) -> list[tuple[str, str]]:
        """Deployed and target commits to compare: an ancestor of a late one first, then anything at all."""
        dice = random.Random(f"pairs {self.seed}")
        late = dice.randrange(max(0, len(self.commits) - 5), len(self.commits))
        before = [number for number in range(late + 1) if self.older[late] >> number & 1]
        found = [(self.commits[dice.choice(before)], self.commits[late])]
        found += [(dice.choice(self.commits), dice.choice(self.commits)) for _ in range(count - 1)]
        return found


def history(seed: int, folder: Path, size: int | None = None) -> History:
    """Make the repository of this seed at `folder`, with about `size` commits (15 to 40 when left out)."""
    story = Story(seed, folder)
    goal = size or story.dice.randint(15, 40)
    with story.builder:
        story.start()
        while len(story.shas) < goal:
            story.go_on()
    services = [service(story) for _ in range(story.dice.randint(3, 5))]
    ignores = [story.dice.choice(IGNORES) for _ in services]
    return History(folder, story.shas, services, ignores, story.older, seed)


def service(story: Story) -> list[str]:
    """Declared paths: folders mostly, also files, things below links, things that never were, everything."""
    dice = story.dice
    known = sorted({path for state in story.states for path in state})
    links = [path for path in known if any(isinstance(state.get(path), Link) for state in story.states)]
    paths = {dice.choice(story.folders)}
    if dice.random() < 0.5:
        paths.add(dice.choice(("shared", "shared/lib", *story.folders)))
    if dice.random() < 0.2:
        paths.add(dice.choice(known))
    if links and dice.random() < 0.25:
        paths.add(dice.choice(links) + dice.choice(("", "/lib", "/main.py")))
    if dice.random() < 0.1:
        paths.add(dice.choice(("ghost", "api/main.py/ghost", "sub/inside")))
    return [""] if dice.random() < 0.03 else sorted(paths)


class Story:
    """A history while it is being told: the whole content of each commit is kept, as a flat map of paths."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.dice = random.Random(seed)
        self.builder = Builder(folder)
        self.shas: list[str] = []
        self.states: list[State] = []
        self.parents: list[list[int]] = []
        self.older: list[int] = []  # for each commit the set of all before it and itself, as bits
        self.heads: list[int] = []
        self.folders = [*self.dice.sample(PLAIN, 4), *self.dice.sample(ODD, 2)]
        self.clock = self.dice.choice(("steady", "steady", "equal", "random", "wild"))
        self.edits = 0

    def fresh(self) -> bytes:
        """Content that never was before."""
        self.edits += 1
        return b"edit %d\n" % self.edits

    def when(self) -> int:
        match self.clock:
            case "steady":
                return FIRST_DAY + 60 * len(self.shas)
            case "equal":
                return FIRST_DAY
            case "random":
                return FIRST_DAY + self.dice.randint(-(10**6), 10**6)
        return self.dice.choice((DAY_1970, DAY_1970 + 1, DAY_2100, FIRST_DAY, self.dice.randint(0, DAY_2100)))

    def commit(self, state: State, parents: list[int]) -> int:
        before = self.states[parents[0]] if parents else {}
        gone: dict[str, Value | None] = {path: None for path in before if path not in state}
        changes = gone | {path: value for path, value in state.items() if before.get(path) != value}
        sha = self.builder.commit(changes, [self.shas[parent] for parent in parents], when=self.when())
        if sha in self.shas:
            return self.shas.index(sha)
        self.shas.append(sha)
        self.states.append(state)
        self.parents.append(parents)
        number = len(self.shas) - 1
        bits = 1 << number
        for parent in parents:
            bits |= self.older[parent]
        self.older.append(bits)
        # A head that goes on is a head no more; any other parent may still be built upon.
        self.heads = [head for head in self.heads if head not in parents[:1]] + [number]
        self.heads = self.heads[-5:]
        return number

    def start(self) -> None:
        state: State = {}
        for folder in self.folders:
            for name in self.dice.sample(NAMES, 2) + self.dice.sample(ODD_NAMES, 1):
                put(state, f"{folder}/{name}", self.fresh())
        for _ in range(self.dice.randint(0, 3)):
            add_link(self, state)
        self.commit(state, [])

    def go_on(self) -> None:
        act = self.dice.choices(ACTS, weights=[weight for _, weight in ACTS_AND_WEIGHTS])[0]
        act(self)

    def changed(self, state: State, most: int = 3) -> State:
        """A copy with some random changes."""
        state = dict(state)
        for _ in range(self.dice.randint(1, most)):
            self.dice.choices(CHANGES, weights=[weight for _, weight in CHANGES_AND_WEIGHTS])[0](self, state)
        return state

    def delta(self, number: int) -> tuple[State, State]:
        """What a commit did to its first parent: (before, after) of the paths it changed."""
        before = self.states[self.parents[number][0]] if self.parents[number] else {}
        after = self.states[number]
        paths = [path for path in {**before, **after} if before.get(path) != after.get(path)]
        return {p: before[p] for p in paths if p in before}, {p: after[p] for p in paths if p in after}


# --- how a history can go on


def grow(story: Story) -> None:
    head = story.dice.choice(story.heads)
    story.commit(story.changed(story.states[head]), [head])


def fork(story: Story) -> None:
    old = story.dice.randrange(len(story.shas))
    story.commit(story.changed(story.states[old]), [old])


def empty(story: Story) -> None:
    head = story.dice.choice(story.heads)
    story.commit(dict(story.states[head]), [head])


def new_root(story: Story) -> None:
    story.commit(story.changed({f"{story.dice.choice(story.folders)}/main.py": story.fresh()}), [])


def apply(state: State, before: State, after: State) -> State:
    state = {path: value for path, value in state.items() if path not in before or path in after}
    for path, value in after.items():
        put(state, path, value)
    return state


def revert(story: Story) -> None:
    head = story.dice.choice(story.heads)
    before, after = story.delta(story.dice.choice((head, head, story.dice.randrange(len(story.shas)))))
    story.commit(apply(story.states[head], after, before) or dict(story.states[head]), [head])


def cherry_pick(story: Story) -> None:
    head, picked = story.dice.choice(story.heads), story.dice.randrange(len(story.shas))
    story.commit(apply(story.states[head], *story.delta(picked)), [head])


def rebase(story: Story) -> None:
    """The last few commits of one branch again, on top of another."""
    moved, onto = story.dice.choice(story.heads), story.dice.choice(story.heads)
    chain = []
    while len(chain) < 3 and story.parents[moved]:
        chain.append(moved)
        moved = story.parents[moved][0]
    for number in reversed(chain):
        onto = story.commit(apply(story.states[onto], *story.delta(number)), [onto])


def merged(story: Story, ours: int, state: State, theirs: int) -> State:
    """Three-way by path; where both changed, any of the two or a third, as people resolve conflicts."""
    shared = story.older[ours] & story.older[theirs]
    base = story.states[shared.bit_length() - 1] if shared else {}
    other = story.states[theirs]
    result = dict(state)
    for path in sorted({**state, **other}):
        mine, its = state.get(path), other.get(path)
        if mine == its or its == base.get(path):
            continue
        if mine != base.get(path):
            its = story.dice.choice((mine, its, story.fresh()))
        if its is None:
            result.pop(path, None)
        else:
            put(result, path, its)
    return result or dict(state)


def merge(story: Story) -> None:
    """Two to five parents: resolved, ours, theirs, or with changes that no parent has; parents may be ancestors."""
    ours, *others = story.dice.choices(
        [*story.heads, story.dice.randrange(len(story.shas))], k=story.dice.choice((2, 2, 2, 3, 5))
    )
    others = [other for other in dict.fromkeys(others) if other != ours]
    if not others:
        return grow(story)
    state = dict(story.states[ours])
    how = story.dice.choice(("clean", "clean", "clean", "ours", "theirs", "evil"))
    if how == "theirs":
        state = dict(story.states[others[0]])
    elif how != "ours":
        for other in others:
            state = merged(story, ours, state, other)
    if how == "evil":
        state = story.changed(state)
    story.commit(state, [ours, *others])
    return None


ACTS_AND_WEIGHTS: tuple[tuple[Callable[[Story], None], int], ...] = (
    (grow, 50),
    (fork, 12),
    (merge, 22),
    (empty, 3),
    (new_root, 2),
    (revert, 8),
    (cherry_pick, 6),
    (rebase, 3),
)
ACTS = [act for act, _ in ACTS_AND_WEIGHTS]
