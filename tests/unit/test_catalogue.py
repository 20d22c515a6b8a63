"""The providers there are, and where their keys come from."""

from __future__ import annotations

import subprocess
import sys

import pytest

from primer_nb.errors import InvalidInputError, MissingKeyError, UnknownProviderError
from primer_nb.providers.base import ChatRequest, Turn
from primer_nb.providers.catalogue import Providers
from primer_nb.secret import Secret

HI = ChatRequest("m", (Turn("user", "hi"),))


class Parrot:
    """A provider of a program's own."""

    default_model = "grey"

    def __init__(self, name: str = "parrot") -> None:
        self.name = name


def test_three_providers_are_always_there():
    assert Providers().names() == ("local", "openai", "gemini")


def test_the_local_model_answers_by_default():
    assert Providers().default == "local"


def test_the_environment_names_another_default(monkeypatch):
    monkeypatch.setenv("PRIMER_PROVIDER", "openai")

    assert Providers().default == "openai"


@pytest.mark.parametrize("name", ["local", "openai", "gemini"])
def test_a_provider_is_made_once(name):
    providers = Providers()

    assert providers.get(name) is providers.get(name)
    assert providers.get(name).name == name
    assert providers.get(name).default_model


def test_an_unknown_name_is_told_with_the_names_there_are():
    with pytest.raises(UnknownProviderError, match=r"'opnai'.*local, openai, gemini"):
        Providers().get("opnai")


def test_custom_is_there_when_its_base_url_is_set(monkeypatch):
    monkeypatch.setenv("PRIMER_CUSTOM_BASE_URL", "http://localhost:11434/v1")
    monkeypatch.setenv("PRIMER_CUSTOM_MODEL", "llama3.2")
    monkeypatch.setenv("PRIMER_CUSTOM_CONTEXT_WINDOW", "32768")

    custom = Providers().get("custom")

    assert "custom" in Providers().names()
    assert custom.default_model == "llama3.2"
    assert custom.context_window("llama3.2") == 32768
    assert repr(custom) == "OpenAICompatibleProvider('custom', base_url='http://localhost:11434/v1')"


def test_custom_without_a_base_url_says_what_to_set():
    with pytest.raises(UnknownProviderError, match="PRIMER_CUSTOM_BASE_URL"):
        Providers().get("custom")


@pytest.mark.parametrize("window", ["many", "0", "-5", "1.5"])
def test_a_context_window_that_is_no_number_of_tokens_is_refused(monkeypatch, window):
    monkeypatch.setenv("PRIMER_CUSTOM_BASE_URL", "http://localhost:11434/v1")
    monkeypatch.setenv("PRIMER_CUSTOM_CONTEXT_WINDOW", window)

    with pytest.raises(InvalidInputError, match="PRIMER_CUSTOM_CONTEXT_WINDOW"):
        Providers().get("custom")


def test_openai_can_be_moved(monkeypatch):
    monkeypatch.setenv("OPENAI_BASE_URL", "https://gateway.example.org/v1")

    assert "gateway.example.org" in repr(Providers().get("openai"))


@pytest.mark.parametrize(("name", "variable"), [("openai", "OPENAI_API_KEY"), ("gemini", "GEMINI_API_KEY")])
def test_a_missing_key_is_told_with_the_variable_to_set(name, variable):
    with pytest.raises(MissingKeyError, match=variable):
        Providers().get(name).stream(HI)


@pytest.mark.parametrize("blank", ["", "  "])
def test_a_blank_key_is_a_missing_one(monkeypatch, blank):
    monkeypatch.setenv("OPENAI_API_KEY", blank)

    with pytest.raises(MissingKeyError):
        Providers().get("openai").stream(HI)


def test_a_key_that_appears_later_is_found(monkeypatch):
    openai = Providers().get("openai")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-not-a-real-key")

    key = openai._endpoint().key

    assert key.reveal() == "sk-not-a-real-key"


def test_the_programs_own_keys_come_before_the_environment(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-environment")
    asked = []

    def key_for(name: str) -> Secret | None:
        asked.append(name)
        return Secret("sk-of-the-store")

    endpoint = Providers(key_for=key_for).get("openai")._endpoint()

    assert asked == ["openai"]
    assert endpoint.key.reveal() == "sk-of-the-store"


def test_a_program_adds_its_own_provider():
    providers = Providers()
    parrot = Parrot()

    providers.add(parrot)

    assert providers.get("parrot") is parrot
    assert providers.names() == ("local", "openai", "gemini", "parrot")


def test_a_programs_provider_takes_the_place_of_ours():
    providers = Providers()
    fake = Parrot("local")

    providers.add(fake)

    assert providers.get("local") is fake
    assert providers.names() == ("local", "openai", "gemini")


def test_nothing_shown_holds_a_key(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-NotARealKey")
    providers = Providers(key_for=lambda name: Secret("sk-NotARealKey"))
    openai = providers.get("openai")

    shown = repr(providers) + repr(vars(providers)) + repr(openai) + repr(vars(openai)) + repr(openai._endpoint())

    assert "NotARealKey" not in shown


def test_the_catalogue_loads_no_client_until_a_reply_is_read():
    program = (
        "import sys; from primer_nb.providers.catalogue import Providers; p = Providers(); "
        "[p.get(name).default_model for name in p.names()]; "
        "print([m for m in ('openai', 'httpx2', 'xllamacpp', 'pydantic') if m in sys.modules])"
    )

    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout

    assert loaded.strip() == "[]"
