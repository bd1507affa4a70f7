"""Questions, and where their answers come from: what was given beforehand, or the user."""

from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from app.configure.steps import Ask, Form, Say, Steps

_T = TypeVar("_T")


class SetupError(Exception):
    """The set-up cannot go on.

    Args:
        said: why.
        status: the exit status: 1 for what was tried in vain, 2 for wrong usage.
    """

    def __init__(self, said: Say, status: int = 1) -> None:
        super().__init__(said.key)
        self.said = said
        self.status = status


@dataclass(frozen=True, slots=True)
class Question(Generic[_T]):
    """A question whose answer has a form.

    Args:
        ask: how it is put to the user.
        parse: makes the answer of a text; raises ValueError when it is of another form.
        flag: how the answer is given on the command line.
        enter: what Enter stands for; None when the user has to answer.
        usual: whether that is also taken when nobody can be asked.
        missing: says that nobody can be asked; None for the usual sentence, which names the flag.
    """

    ask: Ask
    parse: Callable[[str], _T]
    flag: str
    enter: str | None = field(default=None, repr=False)
    usual: bool = True
    missing: Say | None = None


class Interview:
    """Asks for what was not given.

    Args:
        interactive: whether there is somebody to ask.
        hasty: whether to ask only what has no usual answer.
    """

    def __init__(self, *, interactive: bool, hasty: bool = False) -> None:
        self.interactive = interactive
        self._hasty = hasty or not interactive

    def asks(self, *, has_usual: bool) -> bool:
        """Tell whether the user is asked a question whose answer was not given."""
        return self.interactive and not (self._hasty and has_usual)

    def ask(self, question: Question[_T], given: MutableMapping[str, str]) -> Steps[_T]:
        """Take the answer that was given, else the usual one, else ask until one has its form.

        Args:
            question: what is asked.
            given: answers by the names of questions; each is taken once.

        Raises:
            SetupError: what was given is of another form, or nobody can be asked.
        """
        ask = question.ask
        answer = given.pop(ask.name, None)
        if answer is None and self._hasty and question.usual:
            answer = question.enter
        if answer is not None:
            try:
                return question.parse(answer)
            except ValueError:
                wrong = _wrong(ask, answer)
                said = {"flag": question.flag, "wrong": wrong}
                raise SetupError(Say("given.wrong", said), 2) from None
        if not self.interactive:
            missing = Say("given.missing", {"flag": question.flag})
            raise SetupError(question.missing or missing, 2)
        while True:
            answer = (yield ask) or question.enter or ""
            try:
                return question.parse(answer)
            except ValueError:
                yield _wrong(ask, answer)

    def require(self, name: str, flag: str, given: Mapping[str, str], known: str) -> None:
        """See to it that there will be an answer, before anything is tried.

        Args:
            name: of the question.
            flag: how the answer is given on the command line.
            given: answers by the names of questions.
            known: the answer in the file; empty for none.

        Raises:
            SetupError: nobody can be asked, and there is none.
        """
        if not (self.interactive or name in given or known):
            raise SetupError(Say("given.missing", {"flag": flag}), 2)

    def tell(self, said: Say) -> Steps[None]:
        """Tell what was tried in vain, before it is asked for again.

        Raises:
            SetupError: nobody can be asked.
        """
        if not self.interactive:
            raise SetupError(said)
        yield said


def yes_no(
    name: str, flag: str, *, enter: bool, parameters: dict[str, object] | None = None
) -> Question[bool]:
    """Make a question for yes or no."""
    word = "yes" if enter else "no"
    ask = Ask(name, Form.YES_NO, parameters or {}, word)
    return Question(ask, _parse_yes_no, flag, word)


def _parse_yes_no(text: str) -> bool:
    if text not in ("yes", "no"):
        raise ValueError
    return text == "yes"


def _wrong(ask: Ask, answer: str) -> Say:
    """Say which form an answer has to have; of a secret, only how long it was."""
    if ask.form is Form.YES_NO:
        return Say("wrong.yes_no")
    return Say(f"wrong.{ask.name}", {"count": len("".join(answer.split()))})
