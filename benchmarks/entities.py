"""How fast the watchlist is looked for in texts, with ten names and with ten thousand, side by side in one run.

    python benchmarks/entities.py [--rounds N]

The texts are the sample mentions. The rounds of both take turns, so that a busy machine slows both alike.
"""

import argparse
import json
import random
from pathlib import Path
from statistics import median
from time import perf_counter

from sentiment.watchlist_file import EntityEntry
from sentiment.watchlist_match import Matcher

SAMPLE = Path(__file__).parents[1] / "config" / "sample"
LETTERS = ("ابپتجچخدرزسشفکگلمنوهی", "abcdefghijklmnoprstuvz")
SIZES = (10, 10_000)


def texts() -> list[str]:
    """The sample mentions."""
    lines = [line for path in sorted(SAMPLE.glob("mentions-*.ndjson")) for line in path.read_text("utf-8").splitlines()]
    return [str(json.loads(line)["text"]) for line in lines]


def watched(count: int, chance: random.Random) -> Matcher:
    """A brand with ``count`` names, the real ones first: half Persian, half Latin, half of one word and half of two."""
    spelt = {"نیل‌گون": None, "Nil Goon": None, "زرین‌کالا": None, "Zarrin Kala": None}
    while len(spelt) < count:
        letters = chance.choice(LETTERS)
        name = " ".join("".join(chance.choices(letters, k=chance.randint(4, 8))) for _ in range(chance.choice((1, 2))))
        spelt[name] = None
    return Matcher(EntityEntry(id=f"e{place}", kind="topic", names=(name,)) for place, name in enumerate(spelt))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    rounds = parser.parse_args().rounds
    said, chance = texts(), random.Random(7)
    matchers = {size: watched(size, chance) for size in SIZES}
    found = {size: sum(len(matcher.find(text)) for text in said) for size, matcher in matchers.items()}
    assert min(found.values()) > 100, found
    taken: dict[int, list[float]] = {size: [] for size in SIZES}
    for _ in range(rounds):
        for size, matcher in matchers.items():
            began = perf_counter()
            for text in said:
                matcher.find(text)
            taken[size].append(perf_counter() - began)
    for size in SIZES:
        print(f"{size:>7,} names: {len(said) / median(taken[size]):>9,.0f} texts/s, {found[size]} found")
    pairs = [many / few for few, many in zip(*taken.values(), strict=True)]
    print(f"a text costs {median(pairs):.2f} times as much with {SIZES[1]:,} names as with {SIZES[0]}")


if __name__ == "__main__":
    main()
