"""Makes the expected values here: the formulas of the crate's documentation in plain Python, all documents
compared one by one."""
import json, math, pathlib, random, re

here = pathlib.Path(__file__).parent
rust = (here / "../../../src/search/stop_words.rs").read_text()
STOP = set(re.findall(r'"(\w+)"', rust))
DOCUMENTS = [
    ("moon", "The moon", "The moon pulls the sea, and the sea makes tides. A full moon makes spring tides."),
    ("tides", "Tides", "Tides rise and fall twice a day; the moon is the cause of both."),
    ("harbour", "Harbours of the north", "Ships wait in harbours for the tide."),
    ("wasm", "Targets", "Modules for wasm32-wasip1 run in wasmtime; wasm32-unknown-unknown needs no system."),
    ("state", "State of the art", "The art of the state is another thing: state board, event ring."),
    ("ete", "L'été", "Un été à Genève: l'ÉTÉ est court. Straße und Fluss."),
    ("same-a", "", "equal words equal score"),
    ("same-b", "", "equal words equal score"),
    ("stop", "The", "and of the a I"),
    ("empty", "", ""),
    ("ring", "Ring", "An event ring keeps events; a ring of stones keeps nothing. Ring ring."),
    ("kanji", "記憶", "記憶 と 検索"),
]
QUERIES = {
    "any": ["moon", "moon tides", "tides moon moon", "the", "été", "ÉTÉ STRASSE", "equal", "ring event", "nothing here", "wasm32", "記憶", ""],
    "all": ["moon tides", "moon harbour", "event ring", "the moon", "", "equal score"],
    "fuzzy1": ["harbors", "harbour", "tide", "moan", "rings", "genevé"],
    "fuzzy2": ["harbors", "wasmtame", "moon", "at"],
    "fuzzy9": ["sea"],
    "phrase": ["wasm32-wasi", "state of the a", "art of the state", "spring ti", "event ring", "moon the", "the", "sea ti",
               "art state", "equal words eq", "ring ring", "thing state b"],
}
K1, B = 1.2, 0.75


def words(text):
    # \w is the letters, the digits and _ of Unicode
    return [word.lower() for word in re.findall(r"\w+", text)]


def indexed(word):
    return len(word.encode()) >= 2 and word not in STOP


def weighted(key):
    """The words that count, those of the title twice."""
    _, title, content = next(d for d in DOCUMENTS if d[0] == key)
    return [w for w in words(title) * 2 + words(content) if indexed(w)]


KEYS = [d[0] for d in DOCUMENTS]
BAGS = {key: weighted(key) for key in KEYS}
MEAN = sum(map(len, BAGS.values())) / len(KEYS)


def bm25(frequencies):
    """Scores by key, of a word that each document has so often."""
    n = sum(f > 0 for f in frequencies.values())
    idf = math.log((len(KEYS) - n + 0.5) / (n + 0.5) + 1)
    return {
        key: idf * f * (K1 + 1) / (f + K1 * (1 - B + B * len(BAGS[key]) / MEAN))
        for key, f in frequencies.items()
        if f
    }


def of_word(word):
    return bm25({key: BAGS[key].count(word) for key in KEYS})


def levenshtein(a, b):
    rows = [[i + j if i * j == 0 else 0 for j in range(len(b) + 1)] for i in range(len(a) + 1)]
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            rows[i][j] = min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + (a[i - 1] != b[j - 1]))
    return rows[-1][-1]


def occurrences(row, text):
    """How often the words are in a row in a text; the last may be a begin."""
    found, all_words = 0, words(text)
    for at in range(len(all_words)):
        fits = any(map(indexed, row[:-1])) or row[-1] not in STOP
        for offset, word in enumerate(row):
            last = offset == len(row) - 1
            free = word in STOP if last else not indexed(word)
            if free:
                continue
            other = all_words[at + offset] if at + offset < len(all_words) else ""
            fits = fits and indexed(other) and (other.startswith(word) if last else other == word)
        found += fits
    return found


def search(mode, query):
    row = words(query)
    distinct = sorted({w for w in row if indexed(w)})
    if mode == "phrase":
        if not row:
            return {}
        return bm25({k: 2 * occurrences(row, t) + occurrences(row, c) for k, t, c in DOCUMENTS})
    scores = {}
    for word in distinct:
        if mode.startswith("fuzzy"):
            best = {}
            for other in {w for bag in BAGS.values() for w in bag}:
                edits = levenshtein(word, other)
                if edits <= min(int(mode[5:]), len(word) - 1):
                    for key, score in of_word(other).items():
                        best[key] = max(best.get(key, 0), score / (1 + edits))
        else:
            best = of_word(word)
        for key, score in best.items():
            scores[key] = scores.get(key, 0) + score
    if mode == "all":
        scores = {k: s for k, s in scores.items() if all(w in BAGS[k] for w in distinct)}
    return scores


with open(here / "documents.tsv", "w") as out:
    for document in DOCUMENTS:
        print(*document, sep="\t", file=out)
with open(here / "scores.tsv", "w") as out:
    for mode, queries in QUERIES.items():
        for query in queries:
            scores = search(mode, query)
            # equal to nine digits is equal: then the turn decides
            hits = sorted(scores, key=lambda k: (-round(scores[k], 9), KEYS.index(k)))
            print(mode, query, *(f"{key}={scores[key]:.12f}" for key in hits), sep="\t", file=out)

SETS = [["memory"], ["python", "rust", "memory"], ["rust", "memory", "python", "wasm"], ["", "été", "記憶"]]
with open(here / "signatures.tsv", "w") as out:
    for keywords in SETS:
        state, least = 0xDEADBEEFCAFEBABE, []
        for _ in range(128):
            pair = []
            for _ in range(2):
                state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
                pair.append(state >> 16)
            hashes = []
            for keyword in keywords:
                x = 0xCBF29CE484222325
                for byte in keyword.encode():
                    x = (x ^ byte) * 0x100000001B3 % 2**64
                hashes.append(((pair[0] | 1) * x + pair[1]) % 2**64 % 4294967311)
            least.append(min(hashes))
        print(",".join(keywords), *least, sep="\t", file=out)

# The same as dialogues with the module: the numbers in full, as JSON has them.
dialogues = here / "../../../../whitemagic-wasm/dialogues"


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def dialogue(name, lines):
    with open(dialogues / name, "w") as out:
        for function, argument, answer in lines:
            print(function, argument if argument == "" else compact(argument), compact(answer), sep=" | ", file=out)


def documents():
    yield "search_add", [{"id": k, "title": t, "content": c} for k, t, c in DOCUMENTS], len(DOCUMENTS)
    vocabulary = {word for bag in BAGS.values() for word in bag}
    yield "search_stats", "", {"doc_count": len(KEYS), "vocab_size": len(vocabulary), "avg_doc_len": MEAN}
    for mode, queries in QUERIES.items():
        for query in queries:
            scores = search(mode, query)
            hits = sorted(scores, key=lambda k: (-scores[k], KEYS.index(k)))
            argument = {"query": query, "limit": 99}
            if mode.startswith("fuzzy"):
                argument["max_edits"] = int(mode[5:])
            function = {"any": "query", "all": "all", "phrase": "phrase"}.get(mode, "fuzzy")
            yield "search_" + function, argument, [{"id": key, "score": scores[key]} for key in hits]
    yield "search_clear", "", None
    yield "search_query", {"query": "moon", "limit": 99}, []


def points():
    """Points on a grid of 64ths, so that each distance is exact and many are equal."""
    random.seed(5)
    place = lambda: [random.randrange(-8, 9) / 64 for _ in range(5)]
    axes = lambda point: dict(zip("xyzwv", point))
    turns = {}

    def nearest(query, few=None, within=None):
        far = [(sum((a - b) ** 2 for a, b in zip(query, p)), turn, key) for turn, (key, p) in enumerate(turns.items())]
        far = [each for each in sorted(far) if within is None or each[0] <= within]
        return [{"id": key, "distance_squared": d} for d, _, key in far[:few]]

    added = {f"p{number}": place() for number in range(600)}
    turns.update(added)
    yield "spatial_add", [{"id": key} | axes(point) for key, point in added.items()], len(added)
    for round in range(40):
        for key in random.sample(list(turns), 5):
            yield "spatial_delete", {"id": key}, turns.pop(key) is not None
        for key in random.sample(list(turns), 5):
            turns[key] = place()
            yield "spatial_update", {"id": key} | axes(turns[key]), True
        turns[f"q{round}"] = place()
        yield "spatial_add", [{"id": f"q{round}"} | axes(turns[f"q{round}"])], 1
        queries = [place() for _ in range(2)]
        yield "spatial_nearest", {"points": [axes(q) for q in queries], "k": 5}, [nearest(q, few=5) for q in queries]
        yield "spatial_within", axes(queries[0]) | {"radius_squared": 1 / 64}, nearest(queries[0], within=1 / 64)
    density = [{"id": key, "neighbours": len(nearest(point, within=1 / 32)) - 1} for key, point in turns.items()]
    yield "spatial_density", {"radius_squared": 1 / 32}, density
    yield "spatial_clear", "", None
    yield "spatial_nearest", {"points": [axes(place())], "k": 5}, [[]]


signatures = [line.split("\t") for line in open(here / "signatures.tsv").read().splitlines()]
values = [{"values": [int(value) for value in line[1:]]} for line in signatures]
dialogue("documents.txt", documents())
dialogue("points.txt", points())
dialogue("signatures.txt", [("minhash_signatures", SETS, values)])
