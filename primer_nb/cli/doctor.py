"""``primer-nb doctor``: what works here, what does not, and what to do."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from primer_nb.cli.account_findings import account_findings
from primer_nb.cli.findings import FAIL, findings
from primer_nb.cli.server_findings import server_findings
from primer_nb.cli.stores import chosen_address, show

if TYPE_CHECKING:
    import argparse

    from primer_nb.cli.findings import Finding


def run(options: argparse.Namespace) -> int:
    """Look at everything and tell.

    Parameters
    ----------
    options : argparse.Namespace
        ``database`` and ``json``.

    Returns
    -------
    int
        1 if something does not work, else 0; a warning is no failure.
    """
    found = [*findings(chosen_address(options)), *server_findings(), *account_findings()]
    works = all(finding.verdict != FAIL for finding in found)
    facts = {"works": works, "findings": [asdict(finding) for finding in found]}
    show(facts, as_json=options.json, text="\n".join(map(_line, found)))
    return 0 if works else 1


def _line(finding: Finding) -> str:
    line = f"{finding.verdict:<5} {finding.subject:<23} {finding.text}"
    return f"{line}\n{'':<29} -> {finding.advice}" if finding.advice else line
