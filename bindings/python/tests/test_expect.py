from __future__ import annotations

import os
import re
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

import perlipc as ipc


def test_expect_a_dialogue() -> None:
    with ipc.open_pty("printf 'name? '; read n; echo \"hi $n\"; exit 3", text=True) as tty:
        assert tty.expect(["nomatch", "name? "]).index == 1
        tty.sendline("bob")
        found = tty.expect(re.compile(r"HI (\w+)(x)?\n", re.I))
        assert found.match == "hi bob\n" and found.groups == ("bob", None) and found.before == ""
        assert tty.expect(["more", ipc.EOF]).index == 1
    assert tty.status is not None and tty.status.code == 3


def test_expect_keeps_the_data() -> None:
    reader, writer = ipc.pipe()
    writer.write(b"partial")
    done = ipc.Expect([b"done"])
    with pytest.raises(ipc.ExpectTimeout) as timeout:
        reader.expect(done, timeout=0.05)
    assert timeout.value.before == b"partial" and isinstance(timeout.value, TimeoutError)
    writer.write(b" done. \xff")
    assert reader.expect(done).before == b"partial "
    writer.close()
    with pytest.raises(ipc.ExpectEOF) as end:
        reader.expect(re.compile(rb"\xfe"))
    assert end.value.before == b". \xff"
    assert reader.read() == b". \xff"
    with pytest.raises(ValueError, match="unclosed group"):
        reader.expect(_Broken())  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        reader.expect(7)  # type: ignore[arg-type]
    reader.close()


class _Broken:
    pattern = b"a(b"
    flags = 0


def test_expect_settled() -> None:
    reader, writer = ipc.pipe()
    number = ipc.Expect(re.compile(rb"[0-9]+"), settled=True)
    assert repr(number) == "Expect([re.compile(b'[0-9]+')], settled=True)"
    assert repr(ipc.Expect(["$ ", ipc.EOF], window=9)) == "Expect(['$ ', EOF], window=9)"
    writer.write(b"12")
    with pytest.raises(ipc.ExpectTimeout):
        reader.expect(number, timeout=0.02)
    writer.write(b"3 ")
    assert reader.expect(number).match == b"123"
    reader.close()
    writer.close()


def test_a_prompt_of_getpass_and_python() -> None:
    with ipc.open_pty(["python3", "-i", "-q"], text=True) as python:
        python.expect(">>> ")
        python.sendline("import getpass; print(getpass.getpass('Secret: ')[::-1])")
        python.expect("Secret: ")
        python.sendline("abc")
        assert python.expect(["cba"]).index == 0
        python.expect(">>> ")
        python.sendline("6 * 7")
        assert "42" in python.expect(">>> ").before


def test_a_script_in_one_call() -> None:
    with ipc.open_pty("printf 'user: '; read u; printf 'code: '; read c; echo \"<$u:$c>\"", text=True) as tty:
        found = tty.script(
            [("user: ", "bob\n"), (re.compile(r"(\w+): "), "123\n"), (["nothing", "<bob:123>"], None)], timeout=10
        )
        assert [match.index for match in found] == [0, 0, 1]
        assert found[1].groups == ("code",)
    with ipc.open_pty(["cat"], echo=False) as cat:
        assert [match.match for match in cat.script([(None, b"a\n"), (b"a\n", b"b\n"), (b"b\n", None)])] == [
            b"a\n",
            b"b\n",
        ]
        with pytest.raises(ipc.ExpectTimeout):
            cat.script([(None, b"c\n"), (b"d", None)], timeout=0.05)


def test_each_byte_of_a_pattern_of_bytes_counts_alone() -> None:
    text = "\u00e9\u00e9 \u00e8".encode() + b"\xa9\xa9\xff\\xff"
    for pattern in [rb"\xc3\xa9", "\u00e9+".encode(), "[\u00e9]+".encode(), b"\\\xff", b"\\\\xff", b"\xa9{2}", b"[^\xc3\xa9]"]:
        reader, writer = ipc.pipe()
        writer.write(text)
        compiled = re.compile(pattern)
        wanted = compiled.search(text)
        assert wanted is not None
        found = reader.expect(compiled, timeout=5)
        assert (found.before, found.match) == (text[: wanted.start()], wanted[0]), pattern
        reader.close()
        writer.close()


def test_a_log_of_all_that_is_read(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with ipc.open_pty("echo one; echo two; echo three", text=True) as tty:
        with open(path, "wb") as log:
            tty.log(log)
        tty.expect("two")
        assert path.read_bytes().startswith(b"one\ntwo")
        tty.log(None)
        before = path.read_bytes()
        tty.read()
        assert path.read_bytes() == before
        with pytest.raises(OSError):
            tty.log(-1)


def test_a_window_bounds_what_is_kept() -> None:
    reader, writer = ipc.pipe()
    end = ipc.Expect(re.compile(rb"a[^b]*b"), window=1000)
    writer.write(b"x" * 5000 + b"a" + b"y" * 3000)
    with pytest.raises(ipc.ExpectTimeout) as timeout:
        reader.expect(end, timeout=0.05)
    assert len(timeout.value.before) < 5000
    writer.write(b"b")
    with pytest.raises(OSError, match="expect: longer than the limit of 1000 bytes"):
        reader.expect(end, timeout=5)
    reader.close()
    writer.close()


@pytest.mark.skipif(shutil.which("bc") is None, reason="bc is not installed")
def test_a_dialogue_with_bc() -> None:
    number = ipc.Expect(re.compile(r"(-?[0-9.]+)\n"))
    with ipc.open_pty(["bc", "-q"], text=True) as bc:
        for asked, answer in [("6 * 7", "42"), ("scale = 5; 22 / 7", "3.14285"), ("2 ^ 70", str(2**70))]:
            bc.sendline(asked)
            assert bc.expect(number, timeout=10).groups == (answer,)
        bc.sendline("quit")
        bc.read()
    assert bc.status is not None and bc.status.ok


@pytest.mark.skipif(shutil.which("su") is None, reason="su is not installed")
def test_su_asks_its_terminal_for_the_password() -> None:
    # Root is not asked; a password that is none changes nothing.
    options: ipc.Options = {"cwd": "/"}
    if os.geteuid() == 0:
        options.update({"user": 65534, "group": 65534, "groups": [65534]})
    with ipc.open_pty(["su", "root", "-c", "true"], text=True, **options) as su:
        said = su.script(
            [(re.compile("password: ?", re.I), "certainly not\n"), (re.compile("su: .*(fail|incorrect|denied)", re.I), None)]
        )
        assert "certainly" not in said[1].before
        su.read()
    assert su.status is not None and su.status.code == 1


@pytest.mark.parametrize(
    ("pattern", "said", "before", "match"),
    [
        (re.compile("é+"), "caféé x", "caf", "éé"),
        (re.compile(r"\w+"), "caféé x", "", "caféé"),
        (re.compile(r"\w+", re.ASCII), "éx", "é", "x"),
        (re.compile(r"é+\W\s", re.ASCII), "éé- ", "", "éé- "),
        (re.compile(r"[é\d]+[^\W_]", re.ASCII), "x1é2y", "x", "1é2y"),
        (re.compile(r"[^x]+"), "éèx", "", "éè"),
        (re.compile(r"^.(.)$"), "éè", "", "éè"),
        (re.compile(r"[é-ü]+x"), "aéüx", "a", "éüx"),
        (re.compile("ÉT.", re.IGNORECASE), "café été", "café ", "été"),
        (re.compile(r"\d"), "-٣", "-", "٣"),
        (re.compile(r"\bx\B"), "ax xy", "ax ", "x"),
        (re.compile(r"\<x\>\Z"), "a<x>", "a", "<x>"),
        (re.compile(r"[]&\b[]+"), "a[&]\b", "a", "[&]\b"),
        (re.compile("x # [not\n y [#] \\b z", re.VERBOSE), "xy#z", "", "xy#z"),
        (re.compile("a\u3000b", re.VERBOSE), "a\u3000b", "", "a\u3000b"),
        (re.compile("(?x:[ a]+ b)"), "c a ab", "c", " a ab"),
        (re.compile("[+--]+"), "a+,-b", "a", "+,-"),
        (re.compile(r"[--/\n-\ra-]+"), "b-./\n\r\v-ab", "b", "-./\n\r\v-a"),
        (re.compile(r"[\w-]+"), "!é-b!", "!", "é-b"),
        (re.compile(r"{(\w+)}{}x{,2}{y"), "x{ab}{}xx{y", "x", "{ab}{}xx{y"),
        (re.compile(r"a{,}b{2}c{1,}}"), "-aabbcc}", "-", "aabbcc}"),
        (re.compile(r"\b{start}x{a}"), "b {start}x{a} a{start}x{a}", "b {start}x{a} a", "{start}x{a}"),
        (re.compile(r"\103[^\0](?#it's {a [ )[\1-\7]\07[\101]\012"), "C-\3\aA\n", "", "C-\3\aA\n"),
        (re.compile(r"a(?#\)|x)b"), "xab", "x", "ab"),
        (re.compile("a # of \\\n x\nb", re.X), "-axbab", "-axb", "ab"),
        (re.compile(rb"\303\251+"), "aé", "a", "é"),
        (re.compile(rb"\w+"), "éxé", "é", "x"),
        (re.compile(rb"[\xc3\xa9]+\\"), "aé\\", "a", "é\\"),
        (re.compile("\xc3\xa9".encode("latin-1")), "aé", "a", "é"),
    ],
)
def test_a_str_is_of_characters_and_bytes_are_of_bytes(
    pattern: re.Pattern[str] | re.Pattern[bytes], said: str, before: str, match: str
) -> None:
    for text in (True, False):
        stream: ipc.Stream[Any] = ipc.open("-|", ["printf", "%s", said], text=text)
        with stream:
            # All of it, not what has come until now.
            found = stream.expect(ipc.Expect(pattern, settled=True))
            told = (found.before, found.match) if text else (found.before.decode(), found.match.decode())
            assert told == (before, match)
            stream.read()


@pytest.mark.parametrize("pattern", [".*+x", "a++", "a?+", "a{2}+", "(?>a)", "a(?=b)", r"(a)\1"])
def test_what_only_re_has_is_refused(pattern: str) -> None:
    for compiled in (re.compile(pattern), re.compile(pattern.encode())):
        with pytest.raises(ValueError, match="expect: "):
            ipc.Expect(compiled)


def test_a_character_by_its_name_is_not_taken_for_another() -> None:
    for pattern in r"\N{EN DASH}", r"[\N{EN DASH}]":
        with pytest.raises(ValueError, match="by its name"):
            ipc.Expect([re.compile(pattern)])


def test_what_is_no_character_only_bytes_match() -> None:
    reader, writer = ipc.pipe(text=True)
    os.write(writer.fileno(), b"a\xffb\n")
    writer.close()
    assert reader.expect(re.compile(r".\n")).before == "a\udcff"
    reader, writer = ipc.pipe(text=True)
    os.write(writer.fileno(), b"a\xffb\n")
    writer.close()
    assert reader.expect(re.compile(rb"..\n")).match == "\udcffb\n"


def test_a_pattern_of_characters_is_ready_at_once() -> None:
    began = time.process_time()
    for i in range(200):
        ipc.Expect([re.compile(rf"{i}: \d+ of (\d+)"), re.compile(r"(\S+)@(\S+)"), re.compile(r"\w+")])
    # With tables of Unicode's classes made ahead it took 10 ms and more for each.
    assert time.process_time() - began < 2
