"""Tables in the columns of learning platforms."""

import html
from typing import Any

from graded import Graded, number, points

# Canvas looks for these, and reads each other column as an assignment; the row "Points Possible"
# comes before the students: lib/gradebook_importer.rb in instructure/canvas-lms, and the guide
# "How do I import grades in the Gradebook?".
CANVAS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
# Moodle's grading worksheet. Its import needs Identifier, Grade and Last modified (grade):
# mod/assign/feedback/offline/importgradeslib.php in moodle/moodle; docs.moodle.org, "Assignment
# grading", offline grading worksheet.
MOODLE = (
    "Identifier", "Full name", "Email address", "Status", "Grade", "Maximum Grade",
    "Grade can be changed", "Last modified (submission)", "Last modified (grade)",
    "Feedback comments",
)  # fmt: skip
# The columns that Gradescope's "Download Grades" of one assignment has, then one per question.
GRADESCOPE = (
    "First Name", "Last Name", "SID", "Email", "Sections", "Total Score", "Max Points", "Status",
    "Submission ID", "Submission Time", "Lateness (H:M:S)", "View Count", "Submission Count",
)  # fmt: skip


def held_back(row: Graded, unread: bool) -> bool:
    """Whether a student's points are kept from platforms: a person has not read all of them."""
    return bool(row.to_read) and not unread


def canvas(
    rows: list[Graded], most: dict[str, float], assignment: str, unread: bool = False
) -> Any:
    """Return the points as Canvas imports them, as a header and rows; an empty cell changes none.

    Args:
        rows: the results.
        most: the points that each question can give.
        assignment: its name.
        unread: whether points count although a person still has to read an answer.
    """
    possible = ["    Points Possible", "", "", "", "", number(sum(most.values()))]
    return [*CANVAS, assignment], [
        possible,
        *(
            [
                row.identity.get("Student") or row.submission.name,
                *(row.identity.get(key, "") for key in CANVAS[1:]),
                "" if held_back(row, unread) else number(row.total),
            ]
            for row in rows
        ),
    ]


def moodle(rows: list[Graded], most: dict[str, float], unread: bool = False) -> Any:
    """Return the points as a grading worksheet of Moodle's, as a header and rows.

    Args:
        rows: the results.
        most: the points that each question can give.
        unread: whether points count although a person still has to read an answer.
    """

    def cells(row: Graded) -> list[str]:
        name = row.identity.get("Full name") or row.submission.name
        about = row.identity | {
            "Full name": name,
            "Email address": row.identity.get("Email address") or row.identity.get("Email", ""),
            "Grade": "" if held_back(row, unread) else number(row.total),
            "Maximum Grade": number(sum(most.values())),
            "Grade can be changed": "Yes",
            "Last modified (grade)": "-",
            "Feedback comments": html.escape(row.comments).replace("\n", "<br>"),
        }
        return [about.get(column, "") for column in MOODLE]

    return MOODLE, [cells(row) for row in rows]


def gradescope(rows: list[Graded], most: dict[str, float]) -> Any:
    """Return the points in the columns of Gradescope's "Download Grades"."""
    header = [f"{n}: {name} ({most[name]:.1f} pts)" for n, name in enumerate(most, 1)]

    def cells(row: Graded) -> list[str]:
        first, _, last = row.submission.name.rpartition(" ")
        about = {"First Name": first or last, "Last Name": last if first else ""} | row.identity
        about |= {
            "Email": about.get("Email") or about.get("Email address", ""),
            "Total Score": number(row.total),
            "Max Points": number(sum(most.values())),
            "Status": "Ungraded" if row.to_read else "Graded",
        }
        return [*(about.get(column, "") for column in GRADESCOPE), *points(row, most)]

    return [*GRADESCOPE, *header], [cells(row) for row in rows]
