"""nbgrader's settings for this course. nbgrader reads them in this folder by itself."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from drawing import DrawParameters
from harmless import Harmless
from nbgrader.converters import Autograde, GenerateAssignment, GenerateFeedback
from nbgrader.preprocessors import ClearHiddenTests

c = get_config()  # noqa: F821  (traitlets gives it)
c.CourseDirectory.course_id = "lenet5-rebuilt"
# Numbers are drawn first, so that the gradebook holds the same hidden tests as the students' file.
c.GenerateAssignment.preprocessors = [
    DrawParameters,
    *GenerateAssignment.preprocessors.default_args[0],
]
# A cell that trains takes ten seconds, and longer where many are graded at once; nbgrader waits 30.
c.ExecutePreprocessor.timeout = 120
# Formgrader shows what comes out as raw HTML, in a session that has terminals.
c.Autograde.autograde_preprocessors = [
    *Autograde.autograde_preprocessors.default_args[0],
    Harmless,
]
# Feedback pages are for students, and next term's hidden tests are much the same.
c.GenerateFeedback.preprocessors = [
    ClearHiddenTests,
    *GenerateFeedback.preprocessors.default_args[0],
]
