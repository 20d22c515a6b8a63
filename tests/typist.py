"""Somebody who types passwords: takes the place of ``getpass.getpass``."""

from __future__ import annotations


class Typist:
    """Types what it was told, in turn, and remembers what it was asked."""

    def __init__(self) -> None:
        self.answers: list[str] = []
        self.asked: list[str] = []

    def will_type(self, *answers: str) -> None:
        """Say what comes next."""
        self.answers += answers

    def __call__(self, prompt: str = "Password: ") -> str:
        """Answer; a question that nobody expected fails the test."""
        self.asked.append(prompt)
        assert self.answers, f"unexpected question: {prompt}"
        return self.answers.pop(0)
