"""A new password is refused when it would be guessed, and for no other reason."""

from __future__ import annotations

import random
import string
import subprocess
import sys

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from primer_nb.credentials.guessable import is_common, is_pattern
from primer_nb.credentials.passwords import check_new_password
from primer_nb.errors import WeakPasswordError
from primer_nb.secret import Secret

EMAIL = "jane.doe@example.org"


@pytest.mark.parametrize(
    "password",
    [
        "sunshine monkey!",
        "purple otter re",  # 15 characters
        "zimmer otter lampe " * 3 + "kanne 77",  # 64 and more
        "ab cd" * 39 + "ef gh",  # 200
        "\N{OCTOPUS} my octopus \N{SQUID} sings",
        "   spaces   everywhere   ",
        "nur kleine buchstaben",
        "482915 7730264 91",
        "日本語の長い合言葉はここにあります",
        "correct horse battery staple",
    ],
)
def test_a_password_of_any_characters_is_accepted(password):
    check_new_password(Secret(password), email=EMAIL)


def test_fourteen_characters_are_refused_and_the_least_number_is_said():
    with pytest.raises(WeakPasswordError, match="at least 15 characters"):
        check_new_password(Secret("purple otter r"))


def test_characters_are_counted_after_composition():
    fourteen = "purple otter e\N{COMBINING ACUTE ACCENT}"

    with pytest.raises(WeakPasswordError, match="at least 15"):
        check_new_password(Secret(fourteen))


def test_an_administrator_may_go_down_to_eight_characters_and_no_further():
    check_new_password(Secret("Vk#7qLw!"), minimum=8)

    with pytest.raises(WeakPasswordError, match="at least 8 characters"):
        check_new_password(Secret("Vk#7qLw"), minimum=1)


def test_common_passwords_are_refused_when_eight_characters_are_enough():
    common = [word for word in FREQUENCY_LISTS["passwords"] if len(word) >= 8]
    passed = []

    for word in common:
        try:
            check_new_password(Secret(word), minimum=8)
            passed.append(word)
        except WeakPasswordError:
            pass

    assert len(common) > 3_000
    assert passed == []


@pytest.mark.parametrize(
    "password",
    [
        "Password12345678",
        "PASSWORD!!!!!!!!",
        "12345678 sunshine",
        "passwordpassword",
        "letmein letmein letmein",
        "sunshine sunshine",
        "Monkey1Monkey2Monkey3",
        "passwordpassword1",
        "Password!Password!",
        "2024 iloveyou 2024",
        "P@ssw0rdP@ssw0rd",
        "abc123 456 789 00",
        "princess\N{CROWN}\N{CROWN}\N{CROWN}\N{CROWN}\N{CROWN}\N{CROWN}\N{CROWN}",
    ],
)
def test_a_common_password_with_a_little_added_is_refused(password):
    with pytest.raises(WeakPasswordError, match="many people use"):
        check_new_password(Secret(password))


@pytest.mark.parametrize(
    "password",
    [
        "aaaaaaaaaaaaaaa",
        "abcabcabcabcabc",
        "xK7 xK7 xK7 xK7 xK7",
        "\N{OCTOPUS}" * 15,
        "abcdefghijklmnop",
        "ponmlkjihgfedcba",
        "123456789012345",
        "qwertyuiopasdfgh",
        "QWERTZUIOPASDFG",
        "1qaz2wsx3edc4rfv",
        "1q2w3e4r5t6y7u8i",
        "abcdefgh12345678",
        "aaaaabbbbbccccc",
    ],
)
def test_a_pattern_is_refused(password):
    with pytest.raises(WeakPasswordError, match=r"repeats a short piece|many people use"):
        check_new_password(Secret(password))


@pytest.mark.parametrize(
    "password", [EMAIL, EMAIL.upper(), "jane.doe 19840101", "Jane.Doe!Jane.Doe!", EMAIL + " 2024"]
)
def test_the_email_address_is_refused(password):
    with pytest.raises(WeakPasswordError, match="is the e-mail address"):
        check_new_password(Secret(password), email=EMAIL)


def test_a_longer_password_may_hold_the_email_address():
    check_new_password(Secret("my jane.doe mailbox reads maps"), email=EMAIL)


@given(st.text(min_size=1, max_size=7), st.integers(2, 40))
def test_every_short_piece_that_is_repeated_is_a_pattern(piece, times):
    assume(len((piece * times).casefold()) == len(piece * times) >= 8)

    assert is_pattern(piece * times)


@given(
    st.sampled_from([word for word in FREQUENCY_LISTS["passwords"] if any(map(str.isalpha, word))]),
    st.text("0123456789!?*#-_ ", max_size=12),
)
def test_digits_and_symbols_make_no_common_password_a_good_one(word, decoration):
    assert is_common(word + decoration)
    assert is_common(decoration + word.upper())


def test_random_passwords_of_eight_characters_are_hardly_ever_refused():
    characters = string.ascii_letters + string.digits + string.punctuation
    chance = random.Random(1)  # always the same: of 376,000 others 5 were refused, as a word amid digits and symbols
    made = ["".join(chance.choices(characters, k=8)) for _ in range(2_000)]

    assert [text for text in made if is_common(text) or is_pattern(text)] == []


def test_the_list_of_common_passwords_is_loaded_only_when_a_password_is_chosen():
    program = (
        "import sys; from primer_nb.credentials import passwords; print('zxcvbn' in sys.modules)\n"
        "from primer_nb.secret import Secret; passwords.check_new_password(Secret('purple otter reads maps'))\n"
        "print('zxcvbn' in sys.modules)"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["False", "True"]


def test_importing_the_package_of_credentials_loads_no_library():
    program = (
        "import sys; import primer_nb.credentials\n"
        "print([name for name in ('argon2', 'cryptography', 'keyring', 'zxcvbn', 'filelock') if name in sys.modules])"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
