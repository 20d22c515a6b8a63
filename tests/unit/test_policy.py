"""The policy: which addresses it covers, and that a stored setting which means nothing changes nothing."""

from __future__ import annotations

import pytest

from primer_nb.use_cases.policy import Policy, policy_of


@pytest.mark.parametrize(
    ("base_url", "is_allowed"),
    [
        ("https://api.openai.com/v1", True),
        ("https://api.openai.com/v1/", True),
        ("https://API.openai.com:443/v1/deeper", True),
        ("https://api.openai.com/v10", False),
        ("https://api.openai.com", False),
        ("http://api.openai.com/v1", False),
        ("https://api.openai.com:8443/v1", False),
        ("https://api.openai.com.evil.example/v1", False),
        ("https://evil.example/https://api.openai.com/v1", False),
        ("https://api.openai.com/v1/../admin", False),
        ("https://api.openai.com@evil.example/v1", False),
    ],
)
def test_an_address_is_allowed_at_and_below_what_was_named(base_url, is_allowed):
    policy = Policy(allowed_base_urls=("https://api.openai.com/v1",))

    assert policy.allows(base_url) is is_allowed


def test_without_a_list_every_address_is_allowed():
    assert Policy().allows("http://localhost:11434/v1")


def test_settings_of_another_program_that_mean_nothing_here_have_their_default():
    policy = policy_of(
        {
            "minimum_password_length": "3",
            "registration": "by invitation",
            "allowed_base_urls": "not a url",
            "motto": "hello",
        }
    )

    assert policy == Policy()
