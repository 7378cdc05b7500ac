"""What all lessons share: what this machine can do, what another one printed, and checks that give hints.

Nothing is taught here. A lesson begins with

    from course import Lesson, check

    lesson = Lesson(1)
    lesson.machine()
"""

from course.checks import NotYet, check
from course.lesson import Lesson

__all__ = ["Lesson", "NotYet", "check"]
