"""Graphs of hypotheses against brute force over all paths, CTC's loss, and two libraries."""

import itertools
import math
import warnings
from collections import Counter

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from lenet_utils import graphs
from lenet_utils.graphs import Arc, Graph

LABELS = ("a", "b", None)


@st.composite
def some_graphs(draw, labels=LABELS, nodes=5, arcs=9, plain=False):
    """Acyclic graphs whose nodes are numbered in no order, with epsilon, infinity, dead ends.

    Plain ones have an arc from the start, a path to the last node, and no infinity.
    """
    count = draw(st.integers(1 + plain, nodes))
    number = draw(st.permutations(range(count)))
    pairs = [(i, j) for i in range(count) for j in range(i + 1, count)]
    chosen = [(i, i + 1) for i in range(count - 1)] if plain else []
    chosen += draw(st.lists(st.sampled_from(pairs), max_size=arcs)) if pairs else []
    made = [
        Arc(number[i], number[j], draw(st.sampled_from(labels)), draw(st.sampled_from(labels)))
        for i, j in chosen
    ]
    cost = st.integers(-12, 20).map(lambda i: i / 4)
    cost = cost if plain else st.one_of(cost, st.just(math.inf))
    penalties = torch.tensor([draw(cost) for _ in made], dtype=torch.float64)
    ends = draw(st.sets(st.sampled_from(range(count)), min_size=1))
    return Graph(tuple(made), penalties, count, number[0], frozenset(ends))


def all_paths(graph):
    """Every path from the start to an end, as its arcs, infinite ones left out."""

    def onwards(node, arcs):
        if node in graph.ends:
            yield arcs
        for i, arc in enumerate(graph.arcs):
            if arc.source == node and graph.penalties[i] < math.inf:
                yield from onwards(arc.target, (*arcs, i))

    return list(onwards(graph.start, ()))


def cost(graph, arcs):
    return sum(float(graph.penalties[i]) for i in arcs)


def said(graph):
    """How often each thing is read and written, with its penalty."""

    def word(arcs, place):
        return tuple(graph.arcs[i][place] for i in arcs if graph.arcs[i][place] is not None)

    return Counter(
        (word(arcs, 2), word(arcs, 3), round(cost(graph, arcs), 6)) for arcs in all_paths(graph)
    )


quiet = pytest.mark.filterwarnings("ignore::lenet_utils.graphs.NoPath")
tried = settings(max_examples=120, deadline=None)


@quiet
@tried
@given(some_graphs())
def test_penalties_and_posteriors_are_those_of_all_paths(graph):
    paths = all_paths(graph)
    costs = [cost(graph, arcs) for arcs in paths]
    weights = [math.exp(-c) for c in costs]
    best, total = graphs.viterbi(graph), graphs.forward_penalty(graph)
    shares = graphs.posteriors(graph)
    if not paths:
        assert best.penalty == total == math.inf
        assert best.arcs == () and not shares.any()
        return
    assert best.arcs in paths
    assert cost(graph, best.arcs) == float(best.penalty) == min(costs)
    assert float(total) == pytest.approx(-math.log(sum(weights)))
    assert float(total) <= min(costs) + 1e-9
    for i in range(len(graph.arcs)):
        over = sum(w for w, arcs in zip(weights, paths, strict=True) if i in arcs)
        assert float(shares[i]) == pytest.approx(over / sum(weights), abs=1e-9)
    few = graphs.best_paths(graph, 4)
    assert [float(path.penalty) for path in few] == pytest.approx(sorted(costs)[:4])
    assert len({path.arcs for path in few}) == min(4, len(paths))


@tried
@given(some_graphs(), some_graphs(nodes=4, arcs=6))
def test_composition_has_one_path_for_each_two_that_agree(first, second):
    pairs = Counter()
    for (read, agreed, one), m in said(first).items():
        for (heard, written, other), n in said(second).items():
            if agreed == heard:
                pairs[read, written, round(one + other, 6)] += m * n
    composed = graphs.compose(first, second)
    assert said(composed) == pairs
    on_paths = {i for arcs in all_paths(composed) for i in arcs}
    assert on_paths == set(range(len(composed.arcs)))
    assert len({arc[0] for arc in composed.arcs} | {arc[1] for arc in composed.arcs}) == (
        composed.nodes if composed.arcs else 0
    )


@tried
@given(some_graphs(), st.lists(st.sampled_from("ab"), max_size=3))
def test_the_path_selector_keeps_what_writes_the_string(graph, wanted):
    kept = Counter({key: n for key, n in said(graph).items() if key[1] == tuple(wanted)})
    assert said(graphs.select(graph, wanted)) == kept


def test_a_graph_by_hand():
    # Two ways to read one piece or two: 3 costs 1.5 + 2 over node 1, 4 costs 3 directly.
    graph = graphs.from_arcs(
        [(0, 1, "3"), (1, 2, "1"), (0, 2, "4")], torch.tensor([1.5, 2.0, 3.0]), ends=[2]
    )
    best = graphs.viterbi(graph)
    assert (best.outputs, best.arcs, float(best.penalty)) == (("4",), (2,), 3.0)
    both = -math.log(math.exp(-3.5) + math.exp(-3))
    assert float(graphs.forward_penalty(graph)) == pytest.approx(both)
    share = 1 / (1 + math.exp(-0.5))
    torch.testing.assert_close(
        graphs.posteriors(graph), torch.tensor([1 - share, 1 - share, share])
    )
    assert [path.outputs for path in graphs.best_paths(graph, 9)] == [("4",), ("3", "1")]


def test_gradients_are_one_on_the_best_path_and_posteriors_on_all():
    penalties = torch.tensor([1.5, 2.0, 3.0], requires_grad=True)
    graph = graphs.from_arcs([(0, 1, 3), (1, 2, 1), (0, 2, 4)], penalties, ends=[2])
    (of_best,) = torch.autograd.grad(graphs.viterbi(graph).penalty, penalties)
    assert of_best.tolist() == [0, 0, 1]
    (of_all,) = torch.autograd.grad(graphs.forward_penalty(graph), penalties)
    torch.testing.assert_close(of_all, graphs.posteriors(graph))
    assert penalties.grad is None


def test_gradcheck_in_float64():
    torch.manual_seed(0)
    columns = torch.rand(4, 3, dtype=torch.float64, requires_grad=True)
    weights = torch.rand(7, dtype=torch.float64, requires_grad=True)
    topology = graphs.ctc_topology([0, 1], blank=2)

    def general(columns, weights):
        word = graphs.from_arcs(
            [(0, 1, 0), (0, 1, 1), (1, 2, 1), (0, 2, 1), (2, 3, 0), (1, 3, 1), (1, 3, None)],
            weights,
            ends=[3],
        )
        return graphs.forward_penalty(
            graphs.compose(graphs.compose(graphs.from_columns(columns), topology), word)
        )

    def batched(columns, weights):
        graph = graphs.from_arcs(
            [(0, 1, 0), (1, 1, 1), (1, 2, 2), (0, 2, 1), (2, 2, 0), (0, 0, 2), (2, 0, 1)],
            weights,
            ends=[1, 2],
        )
        both = torch.stack([columns, columns.flip(0) ** 2])
        return graphs.forward_penalties(both, graphs.machine(graph), torch.tensor([4, 3]))

    for function in (general, batched):
        assert torch.autograd.gradcheck(function, (columns, weights))
        assert torch.autograd.gradgradcheck(function, (columns, weights))


# CTC ---------------------------------------------------------------------------------------------

STRINGS = [[1], [3, 3], [0, 1, 2, 3], [], [2, 0, 2, 2, 1]]
COLUMNS = torch.tensor([9, 7, 4, 5, 8])


def logits_of_strings(dtype=torch.float64):
    generator = torch.Generator().manual_seed(1)
    scores = 3 * torch.randn(len(STRINGS), 9, 5, generator=generator, dtype=dtype)
    return scores.requires_grad_()


def by_pytorch(logits, blank):
    return F.ctc_loss(
        logits.log_softmax(-1).transpose(0, 1),
        torch.tensor([label for string in STRINGS for label in string]),
        COLUMNS,
        torch.tensor([len(string) for string in STRINGS]),
        blank=blank,
        reduction="none",
    )


def of_graphs(logits, blank):
    topology = graphs.ctc_topology([k for k in range(5) if k != blank], blank)
    penalties = -logits.log_softmax(-1)
    return torch.stack(
        [
            graphs.forward_penalty(
                graphs.select(graphs.compose(graphs.from_columns(rows[:count]), topology), string)
            )
            for rows, count, string in zip(penalties, COLUMNS, STRINGS, strict=True)
        ]
    )


def of_batches(logits, blank):
    return graphs.forward_penalties(
        -logits.log_softmax(-1), graphs.ctc_machine(STRINGS, blank), COLUMNS
    )


def of_composed_machines(logits, blank):
    topology = graphs.ctc_topology([k for k in range(5) if k != blank], blank)
    totals = [
        graphs.forward_penalties(
            -rows[None].log_softmax(-1),
            graphs.machine(graphs.select(topology, string)),
            count[None],
        )
        for rows, count, string in zip(logits, COLUMNS, STRINGS, strict=True)
    ]
    return torch.cat(totals)


@pytest.mark.parametrize("ours", [of_graphs, of_batches, of_composed_machines])
def test_the_ctc_topology_gives_ctc_loss_and_its_gradient_at_the_logits(ours):
    logits = logits_of_strings()
    weights = torch.tensor([1.0, -2.0, 0.5, 3.0, 1.5], dtype=torch.float64)
    blank = 4
    wanted, found = by_pytorch(logits, blank), ours(logits, blank)
    torch.testing.assert_close(found, wanted, rtol=0, atol=1e-9)
    (one,) = torch.autograd.grad((wanted * weights).sum(), logits)
    (other,) = torch.autograd.grad((found * weights).sum(), logits)
    assert (one - other).abs().max() < 1e-5
    assert one.abs().max() > 0.1


def test_the_blank_may_be_any_class():
    logits = logits_of_strings()
    strings = [[1 + label for label in string] for string in STRINGS]
    wanted = by_pytorch(logits.roll(-1, -1), 4)
    found = graphs.forward_penalties(
        -logits.log_softmax(-1), graphs.ctc_machine(strings, 0), COLUMNS
    )
    torch.testing.assert_close(found, wanted)


def test_in_float32_a_long_string_is_as_exact_as_ctc_loss():
    generator = torch.Generator().manual_seed(2)
    logits = 4 * torch.randn(6, 200, 11, generator=generator)
    strings = torch.randint(10, (6, 30), generator=generator).tolist()
    ours = graphs.forward_penalties(-logits.log_softmax(-1), graphs.ctc_machine(strings, 10))
    exact = graphs.forward_penalties(
        -logits.double().log_softmax(-1), graphs.ctc_machine(strings, 10)
    )
    assert ours.dtype == torch.float32
    torch.testing.assert_close(ours.double(), exact, rtol=1e-5, atol=0)


def test_what_does_not_fit_into_the_columns_costs_infinity_and_gives_no_gradient():
    logits = torch.randn(2, 3, 5, requires_grad=True)
    # 3 3 needs a blank in between: three columns; 3 3 1 needs four.
    found = graphs.forward_penalties(
        -logits.log_softmax(-1), graphs.ctc_machine([[3, 3], [3, 3, 1]], 4)
    )
    assert found[0] < math.inf and found[1] == math.inf
    found[1].backward()
    assert not logits.grad.any()


def test_the_best_paths_of_a_batch_are_those_of_the_graphs():
    columns = -logits_of_strings().detach().log_softmax(-1)
    columns.requires_grad_()
    topology = graphs.ctc_topology(range(4), 4)
    wanted = [
        graphs.viterbi(
            graphs.select(graphs.compose(graphs.from_columns(rows[:count]), topology), string)
        ).penalty
        for rows, count, string in zip(columns, COLUMNS, STRINGS, strict=True)
    ]
    found = graphs.viterbi_penalties(columns, graphs.ctc_machine(STRINGS, 4), COLUMNS)
    torch.testing.assert_close(found, torch.stack(wanted))
    every = graphs.forward_penalties(columns, graphs.ctc_machine(STRINGS, 4), COLUMNS)
    assert (found > every - 1e-9).all() and (found > every + 0.01).any()
    weights = torch.tensor([1.0, -2.0, 0.5, 3.0, 1.5], dtype=torch.float64)
    (one,) = torch.autograd.grad((torch.stack(wanted) * weights).sum(), columns)
    (other,) = torch.autograd.grad((found * weights).sum(), columns)
    assert torch.equal(one, other) and set(one.unique().tolist()) == {0, *weights.tolist()}


def test_a_best_path_of_a_batch_goes_through_a_grammar_or_costs_infinity():
    torch.manual_seed(6)
    grammar = graphs.from_arcs(
        [(0, 1, 0), (1, 1, 1), (1, 0, 2), (0, 2, 3), (1, 2, 0)],
        torch.tensor([0.5, -1.0, 0.25, 2.0, 0.0]),
        ends=[2],
    )
    columns = torch.rand(4, 5, 4, requires_grad=True)
    lengths = torch.tensor([5, 3, 1, 0])
    found = graphs.viterbi_penalties(columns, graphs.machine(grammar), lengths)
    for rows, count, penalty in zip(columns[:3], lengths, found, strict=False):
        one = graphs.viterbi(graphs.compose(graphs.from_columns(rows[:count]), grammar))
        torch.testing.assert_close(penalty, one.penalty)
    assert found[3] == math.inf
    found[3].backward()
    assert not columns.grad.any()


def test_a_grammar_in_the_batch_is_the_grammar_of_the_graph():
    torch.manual_seed(3)
    grammar = graphs.from_grammar(
        {"first": [(1, "more"), (2, "more")], "more": [(0, "more"), (1, "more"), (2, None)]}
    )
    columns = torch.rand(3, 6, 4, dtype=torch.float64)
    columns[1, 2, 1] = math.inf
    whole = graphs.compose(graphs.ctc_topology([0, 1, 2], blank=3), grammar)
    found = graphs.forward_penalties(columns, graphs.machine(whole))
    for rows, total in zip(columns, found, strict=True):
        one = graphs.forward_penalty(graphs.compose(graphs.from_columns(rows), whole))
        torch.testing.assert_close(total, one)


def test_columns_on_their_own_are_a_sum_over_all_classes():
    columns = torch.rand(7, 4, dtype=torch.float64)
    torch.testing.assert_close(
        graphs.forward_penalty(graphs.from_columns(columns)), graphs.logadd(columns).sum()
    )
    best = graphs.viterbi(graphs.from_columns(columns, "wxyz"))
    assert best.outputs == tuple("wxyz"[k] for k in columns.argmin(1))


# What is built ------------------------------------------------------------------------------------


def words(graph, alphabet, longest):
    """What a graph says, of all strings up to a length."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {
            "".join(word)
            for count in range(longest + 1)
            for word in itertools.product(alphabet, repeat=count)
            if graphs.viterbi(graphs.compose(graphs.from_string(word), graph)).penalty == 0
        }


def test_a_grammar_says_its_strings_and_no_others():
    grammar = graphs.from_grammar(
        {
            "sign": [("$", "first")],
            "first": [("1", "more"), ("0", "point")],
            "more": [("0", "more"), ("1", "more"), (".", "end")],
            "point": [(".", "end")],
            "end": [("0", None)],
        }
    )
    assert words(grammar, "$01.", 5) == {"$1.0", "$0.0", "$10.0", "$11.0"}


def test_the_ctc_topology_drops_blanks_and_merges_runs():
    topology = graphs.ctc_topology("ab", "-")
    for columns in itertools.product("ab-", repeat=4):
        merged = [k for k, _ in itertools.groupby(columns) if k != "-"]
        best = graphs.viterbi(graphs.compose(graphs.from_string(columns), topology))
        assert best.outputs == tuple(merged), columns


def test_a_segmentation_is_recognised_piece_by_piece():
    segments = graphs.from_segments([(0, 1), (1, 2), (0, 2)], torch.tensor([0.5, 0.0, 1.0]))
    assert (segments.start, segments.ends, segments.nodes) == (0, {2}, 3)
    classes = torch.tensor([[3.0, 1.0], [2.0, 0.25], [1.25, 4.0]])
    reading = graphs.recognised(segments, classes, "xy")
    assert len(reading.arcs) == 6
    assert reading.penalties.tolist() == [3.5, 1.5, 2.0, 0.25, 2.25, 5.0]
    best = graphs.viterbi(reading)
    assert best.labels == ((0, 1), (1, 2)) and best.outputs == ("y", "y")


def test_the_empty_string_is_a_path_of_no_arcs():
    empty = graphs.from_string([])
    assert float(graphs.forward_penalty(empty)) == 0
    assert graphs.viterbi(empty).arcs == ()


# Wrong input -------------------------------------------------------------------------------------


@pytest.mark.parametrize("function", [graphs.viterbi, graphs.forward_penalty, graphs.posteriors])
def test_a_cycle_is_named(function):
    arcs = [(0, 1, "a"), (1, 2, "b"), (2, 1, "c"), (2, 3, "d")]
    with pytest.raises(ValueError, match=r"cycle, (1 -> 2 -> 1|2 -> 1 -> 2).*acyclic.*Compose"):
        function(graphs.from_arcs(arcs, ends=[3]))


def test_a_cycle_through_the_start_is_named():
    arcs = [(0, 1, "a"), (1, 0, "b")]
    with pytest.raises(ValueError, match="0 -> 1 -> 0|1 -> 0 -> 1"):
        graphs.viterbi(graphs.from_arcs(arcs, ends=[1]))


def test_a_cycle_that_no_path_passes_does_no_harm():
    arcs = [(0, 1, "a"), (2, 3, "b"), (3, 2, "c"), (2, 1, "d")]
    assert graphs.viterbi(graphs.from_arcs(arcs, ends=[1])).arcs == (0,)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"penalties": torch.tensor([math.nan])}, "arc 0, 0 -> 1 .'a'., is nan.*diverge"),
        ({"penalties": torch.tensor([-math.inf])}, "is -inf; expected a number"),
        ({"penalties": torch.zeros(2)}, r"\(2,\); expected a float tensor \(1,\)"),
        ({"penalties": torch.zeros(1, dtype=torch.long)}, "int64.*expected a float"),
        ({"penalties": [0.0]}, "list; expected a float tensor"),
        ({"nodes": 1, "ends": frozenset({0})}, "to or from nowhere: the nodes are 0 to 0"),
        ({"arcs": (Arc(-1, 1, "a", "a"),)}, "to or from nowhere"),
        ({"start": 5}, "start or end is node 5; expected one of 0 to 1"),
        ({"ends": frozenset({1, 2})}, "start or end is node 2"),
    ],
)
def test_a_graph_that_makes_no_sense_is_refused(arguments, words):
    good = {
        "arcs": (Arc(0, 1, "a", "a"),),
        "penalties": torch.zeros(1),
        "nodes": 2,
        "start": 0,
        "ends": frozenset({1}),
    }
    Graph(**good)
    with pytest.raises(ValueError, match=words):
        Graph(**{**good, **arguments})


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: graphs.from_columns(torch.zeros(3)), r"\(3,\); expected \(T, K\)"),
        (lambda: graphs.from_columns(torch.zeros(3, 2), "abc"), "got 3 labels; expected 2"),
        (lambda: graphs.from_segments([]), "a segment is none"),
        (lambda: graphs.from_segments([(0, 1), (2, 2)]), r"\(2, 2\).*left < right"),
        (lambda: graphs.from_grammar({}), "no rules"),
        (lambda: graphs.from_grammar({"a": [("x", "b")]}), "'b', which leads nowhere"),
        (
            lambda: graphs.recognised(graphs.from_string("ab"), torch.zeros(3, 2)),
            r"\(3, 2\); expected \(2, K\)",
        ),
        (lambda: graphs.best_paths(graphs.from_string("a"), 0), "count is 0"),
        (lambda: graphs.machine(graphs.ctc_topology("a", "-")), "reads '-'; expected a class"),
        (lambda: graphs.machine(graphs.from_string([None])), "reads epsilon"),
        (lambda: graphs.ctc_machine([], 4), "expected one or more without 4"),
        (lambda: graphs.ctc_machine([[1, 4]], 4), "expected one or more without 4"),
    ],
)
def test_what_cannot_be_built_is_refused(build, words):
    with pytest.raises(ValueError, match=words):
        build()


@pytest.mark.parametrize(
    ("columns", "lengths", "words"),
    [
        (torch.zeros(2, 5), None, "expected float32 or float64"),
        (torch.zeros(2, 5, 3).half(), None, "float16"),
        (torch.zeros(3, 5, 3), None, "got 2 graphs for 3 strings"),
        (torch.zeros(2, 5, 2), None, "reads class 2; expected at most 1"),
        (torch.full((2, 5, 3), math.nan), None, "NaN"),
        (torch.full((2, 5, 3), -math.inf), None, "infinity"),
        (torch.zeros(2, 5, 3), torch.tensor([5]), r"lengths are \[5\]; expected 2"),
        (torch.zeros(2, 5, 3), torch.tensor([5, 6]), "from 0 to 5"),
        (torch.zeros(2, 5, 3), torch.tensor([5, -1]), "from 0 to 5"),
    ],
)
def test_columns_that_make_no_sense_are_refused(columns, lengths, words):
    with pytest.raises(ValueError, match=words):
        graphs.forward_penalties(columns, graphs.ctc_machine([[0], [1, 0]], 2), lengths)


def test_no_path_is_an_infinite_penalty_that_is_said():
    penalties = torch.tensor([1.0, math.inf], requires_grad=True)
    graph = graphs.from_arcs([(0, 1, "a"), (1, 2, "b")], penalties, ends=[2])
    with pytest.warns(graphs.NoPath, match="from node 0 to an end .*2.*infinite.*grammar"):
        total = graphs.forward_penalty(graph)
    total.backward()
    assert total == math.inf and penalties.grad.tolist() == [0, 0]
    with pytest.warns(graphs.NoPath) as said:
        assert graphs.viterbi(graph).penalty == math.inf
    assert len(said) == 1
    with pytest.warns(graphs.NoPath, match="there is none"):
        graphs.viterbi(graphs.select(graph, "xyz"))


# Other libraries ---------------------------------------------------------------------------------

NUMBERS = {None: 0, "a": 1, "b": 2}
NAMES = {str(number): name for name, number in NUMBERS.items()}


def openfst_text(graph):
    """A graph in OpenFst's text, whose first line begins with the start."""
    lines = [
        f"{a} {b} {NUMBERS[label]} {NUMBERS[output]} {value}"
        for (a, b, label, output), value in zip(graph.arcs, graph.values, strict=True)
    ]
    lines.sort(key=lambda line: line.split()[0] != str(graph.start))
    return "\n".join([*lines, *(str(end) for end in graph.ends)]) + "\n"


def from_openfst(text):
    rows = [line.split() for line in text.splitlines() if line.strip()]
    arcs = [row for row in rows if len(row) >= 4]
    penalties = [float(row[4]) if len(row) == 5 else 0.0 for row in arcs]
    nodes = [int(node) for row in arcs for node in row[:2]] + [int(row[0]) for row in rows]
    return Graph(
        tuple(Arc(int(r[0]), int(r[1]), NAMES[r[2]], NAMES[r[3]]) for r in arcs),
        torch.tensor(penalties, dtype=torch.float64),
        1 + max(nodes, default=0),
        int(rows[0][0]) if rows else 0,
        frozenset(int(row[0]) for row in rows if len(row) < 3),
    )


def composed_by_kaldifst(first, second):
    kaldifst = pytest.importorskip("kaldifst")
    one, other = kaldifst.compile(first), kaldifst.compile(second)
    kaldifst.arcsort(one, "olabel")
    return kaldifst.compose(one, other).to_str()


def composed_by_pynini(first, second):
    fst = pytest.importorskip("pywrapfst", reason="pynini is not installed")

    def compiled(text):
        compiler = fst.Compiler()
        compiler.write(text)
        return compiler.compile()

    return fst.compose(compiled(first).arcsort("olabel"), compiled(second)).print()


@pytest.mark.parametrize("by_library", [composed_by_kaldifst, composed_by_pynini])
def test_composition_agrees_with_openfst(by_library):
    by_library("0 1 1 1 0\n1\n", "0 1 1 1 0\n1\n")  # skips where it is not installed

    paths = []

    @settings(max_examples=100, deadline=None)
    @given(some_graphs(plain=True), some_graphs(plain=True))
    def agree(first, second):
        theirs = from_openfst(by_library(openfst_text(first), openfst_text(second)))
        assert said(graphs.compose(first, second)) == said(theirs)
        paths.append(len(all_paths(theirs)))

    agree()
    assert sum(count > 1 for count in paths) >= 10
