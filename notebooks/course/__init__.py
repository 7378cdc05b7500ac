"""What all lessons share: what this machine can do, what another one printed, checks, problems.

Nothing is taught here. A lesson begins with

    from course import Lesson, card, check

    lesson = Lesson(1)
    lesson.machine()
"""

from course.cards import card
from course.checks import NotYet, check
from course.lesson import Lesson

__all__ = ["Lesson", "NotYet", "card", "check"]
