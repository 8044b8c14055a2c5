"""Figures of training and its result: curves, confusions, answers."""

from collections.abc import Sequence

from torch import Tensor

from lenet_utils.evaluation import Evaluation
from lenet_utils.figures.network import pictures
from lenet_utils.figures.style import (
    BLUE,
    ORANGE,
    WIDTH,
    Figure,
    letters_on,
    logarithmic,
    open_axes,
    render,
    show,
    styled,
    subplots,
)
from lenet_utils.training import History


@styled
def learning_curves(history: History) -> Figure:
    """Draw the error of each epoch: on the training digits while learning, and on held-out ones.

    Source: after Fig. 5, p. 11.
    """
    epochs = list(range(1, len(history) + 1))
    figure, axes = subplots(1, 1, WIDTH, 3.0)
    axis = axes[0, 0]
    curves = {"training, while learning": (history.train_error, BLUE, "o")}
    if history.validation_error:
        curves["validation, after each epoch"] = (history.validation_error, ORANGE, "s")
    for label, (errors, colour, marker) in curves.items():
        percent = [100 * error for error in errors]
        axis.plot(epochs, percent, color=colour, marker=marker, ms=4, lw=1.5, label=label)
    axis.set(xlabel="epoch", ylabel="error, %")
    logarithmic(axis, "y")
    axis.set_xticks(epochs if len(epochs) < 21 else epochs[:: len(epochs) // 10])
    axis.legend(frameon=False)
    open_axes(axis)
    parts = "; ".join(
        f"{label}: from {errors[0]:.2%} to {errors[-1]:.2%}"
        for label, (errors, _, _) in curves.items()
    )
    return render(
        figure,
        f"Error over {len(epochs)} epochs on a logarithmic scale. {parts}.",
        "Both errors fall; the gap that opens at the end is what the network has learnt by heart."
        if history.validation_error
        else "The error on the training digits, measured while learning.",
        train_error=history.train_error,
        validation_error=history.validation_error,
    )


@styled
def confusion_matrix(
    confusion: Tensor, names: Sequence[str] | None = None, *, when: str = ""
) -> Figure:
    """Draw how often each digit (row) was answered as each other digit (column).

    Args:
        confusion: int64 (classes, classes), as in `Evaluation.confusion`.
        names: of the classes, where they are not digits.
        when: a sentence before the text, such as "After pass 3."

    Raises:
        ValueError: names of another number than the classes.
    """
    if names is None:
        names = [str(digit) for digit in range(len(confusion))]
    if len(names) != len(confusion):
        raise ValueError(f"got {len(names)} names; expected {len(confusion)}, one for each class.")
    mistakes = confusion.clone().fill_diagonal_(0)
    figure, axes = subplots(1, 1, 5.0, 5.0)
    axis = axes[0, 0]
    show(axis, mistakes, 0, max(1, int(mistakes.max())), signed=False)
    for label in range(len(confusion)):
        for answer in range(len(confusion)):
            count = int(confusion[label, answer])
            if count:
                colour = letters_on(axis, float(mistakes[label, answer]))
                size = 7 if label == answer else 9
                axis.text(
                    answer, label, count, color=colour, ha="center", va="center", fontsize=size
                )
    axis.set_xticks(range(len(confusion)), names)
    axis.set_yticks(range(len(confusion)), names)
    axis.set(xlabel="the network's answer", ylabel="what was written")
    written, read = (names[i] for i in divmod(int(mistakes.argmax()), len(confusion)))
    worst = f"The commonest mistake: {written} read as {read}, {int(mistakes.max())} times."
    if not mistakes.any():
        worst = "There is no mistake."
    when = f"{when} " if when else ""
    return render(
        figure,
        f"{when}A table of what was written against answers. "
        f"{int(confusion.trace())} of {int(confusion.sum())} are on the diagonal, answered "
        f"rightly. {worst}",
        f"{when}Bright squares are mistakes, the diagonal holds the right answers. {worst}",
        confusion=confusion,
    )


@styled
def answers(
    images: Tensor,
    labels: Tensor,
    evaluation: Evaluation,
    indices: Tensor,
    *,
    caption: str = "",
    columns: int = 4,
) -> Figure:
    """Draw digits with the network's answers, and with their labels where these differ.

    Args:
        images: (N, H, W), of which `indices` are drawn.
        labels: int64 (N,).
        evaluation: what `evaluate` returned for all N.
        indices: int64, which ones to draw.
        caption: what to notice.
        columns: pictures in a row.
    """
    titles = []
    for i in indices.tolist():
        truth, answer = int(labels[i]), int(evaluation.predictions[i])
        titles.append(f"{answer}" if truth == answer else f"{answer}, not {truth}")
    wrong = sum("not" in title for title in titles)
    return pictures(
        images[indices],
        titles,
        columns=columns,
        alt=f"{len(titles)} digits, {wrong} of them answered wrongly. "
        f"The answers, row by row: {'; '.join(titles)}.",
        caption=caption,
    )
