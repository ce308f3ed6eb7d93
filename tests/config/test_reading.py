"""Files that are no services.toml: absent, unreadable, broken, or made to keep a parser busy."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from deploytool.config import load
from deploytool.errors import ConfigurationError

HEAD = '[project]\ncloud = "google"\nproject = "game-notes"\nregions = ["us-west2"]\n'


def refusal(file: Path) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        load(file)
    assert caught.value.hint
    assert caught.value.exit_code == 2
    return caught.value


def test_a_missing_file_says_where_to_write_one(tmp_path: Path) -> None:
    found = refusal(tmp_path / "services.toml")
    assert "There is no file" in found.message
    assert "--config FILE" in found.hint


def test_a_folder_names_the_file_in_it(tmp_path: Path) -> None:
    assert f"--config {tmp_path}/services.toml" in refusal(tmp_path).hint


def test_a_path_with_nul_is_no_crash() -> None:
    assert "could not be read" in refusal(Path("a\0b")).message


def test_another_encoding_is_named_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "services.toml"
    file.write_bytes(b'[project]\ncloud = "g\xfcgle"\n')
    assert refusal(file).mistakes == (f"{file}:2: the file is not UTF-8 text",)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[project\n", ":1:9: "),
        ('[project]\ncloud = "local\n', ":2:15: "),
        ("[project]\na = 1\na = 2\n", ":3:6: "),
        ("[a]\n[b]\n[a]\n", ":3:3: "),
        ("[project]\ncloud =", ":2:8: "),
        ("a = 2027-02-30\n", ":1:5: "),
    ],
)
def test_broken_toml_has_line_and_column(tmp_path: Path, text: str, place: str) -> None:
    file = tmp_path / "services.toml"
    file.write_text(text)
    found = refusal(file)
    assert "is not TOML" in found.message
    assert found.mistakes[0].startswith(f"{file}{place}")


def test_windows_line_ends_are_read(tmp_path: Path) -> None:
    file = tmp_path / "services.toml"
    file.write_bytes((HEAD + '[services.a]\npaths = ["a"]\nbad = 1\n').replace("\n", "\r\n").encode())
    assert refusal(file).mistakes[0].startswith(f"{file}:7: services.a.bad: ")


BOMBS = {
    "a dotted key of 40 kB": "a." * 20_000 + "a = 1\n",
    "spaced and quoted dots": '"a" . ' * 5_000 + "a = 1\n",
    "a deep list": "a = " + "[" * 50_000,
    "a deep list that ends": "a = " + "[" * 500 + "]" * 500,
    "deep inline tables": "a = " + "{a = " * 500 + "1" + "}" * 500,
    "a deep heading": "[" + "a." * 100 + "a]\n",
    "many long keys": "".join(f"{'a.' * 60}k{n} = 1\n" for n in range(7_500)),
    "many keys in a deep table": "[" + "a." * 60 + "a]\n" + "".join(f"k{n} = 1\n" for n in range(90_000)),
    "dotted keys in an inline table": "a = {" + ",".join(f"{'a.' * 60}k{n} = 1" for n in range(7_000)) + "}",
    "many keys": "".join(f"k{n} = 1\n" for n in range(100_000)),
    "many tables": "".join(f"[t{n}]\n" for n in range(100_000)),
    "many members": "a = [" + "1," * 400_000 + "]",
    "a number of a million digits": "a = " + "1" * 1_000_000,
    "a hexadecimal one": HEAD.replace('"game-notes"', "0x" + "f" * 1_000_000),
    "quotes": "a = " + '"' * 1_000_000,
    "open text": 'a = """' + "x" * 1_000_000,
    "spaces": " " * 1_000_000,
    "line ends": "\n" * 1_000_000,
    "comments": "#\n" * 500_000,
    "too large": "#" * (1024 * 1024 + 1),
    "bad paths": HEAD + "[services.a]\npaths = [" + '"/",' * 30_000 + "]\n",
    "unknown services": HEAD + "".join(f'[services.s{n}]\npaths = ["a"]\nafter = ["q{n}"]\n' for n in range(6_000)),
}


def timed_refusal(file: Path) -> tuple[ConfigurationError, float]:
    started = time.process_time()
    return refusal(file), time.process_time() - started


@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS)
def test_bombs_do_not_blow_up(tmp_path: Path, text: str) -> None:
    file = tmp_path / "services.toml"
    file.write_text(text)
    found, seconds = timed_refusal(file)
    if seconds >= 1:  # a neighbour on this machine can slow one run down, not two
        found, seconds = timed_refusal(file)
    assert seconds < 10
    assert found.mistakes
    assert all(len(line) < 1_000 and line.isprintable() for line in found.mistakes)


def test_dots_and_brackets_in_text_and_comments_are_none(tmp_path: Path) -> None:
    file = tmp_path / "services.toml"
    odd = "." * 200 + "[" * 200 + "{" * 200
    file.write_text(
        HEAD + f"# {odd}\n[services.a]\npaths = [\"a\"]\nignore = [\"x{'.' * 200}\", '''y{'{' * 200}''']\n"
        f'[[ignore]] # "{odd}\nrule = "DT101"\npath = "p"\nuntil = 2027-01-01\nreason = """\n{odd}\\"" ok"""\n'
    )
    assert load(file).ignore[0].reason.startswith(odd[:10])


@pytest.mark.parametrize("text", ["{}k = 1\n", "[{}k]\n", "x = {{ {}k = 1 }}\n"])
def test_sixty_four_levels_are_read_and_more_are_not(tmp_path: Path, text: str) -> None:
    file = tmp_path / "services.toml"
    file.write_text(text.format("a." * 63))
    assert "mistakes" in refusal(file).message  # read, and of no use
    file.write_text(text.format("a." * 65))
    assert "levels deep" in refusal(file).message
