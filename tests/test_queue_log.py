"""queue_log: lines as Asterisk writes them, folded into visits; what is no such line is named with file and line."""

from __future__ import annotations

import gzip
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.errors import InputError
from callcenter.floor.records import Outcome
from callcenter.queue_log import Line, LoggedVisit, counts, fold, parse, read
from callcenter.queue_log.lines import OF_CALLERS
from callcenter.queue_log.visits import ENDS, RINGS, TALKS, Book

CAPTURES = Path(__file__).parent / "captures"


def visits(*lines: str) -> list[LoggedVisit]:
    return fold(parse(line, "here") for line in lines)


def shown(visit: LoggedVisit) -> tuple[str, str | None, float, float, bool, int]:
    return (visit.queue, visit.outcome, visit.wait_s, visit.talk_s, visit.transferred, visit.ring_no_answer)


ENTER = "1795298529|c1|sales|NONE|ENTERQUEUE||09121|1"
CONNECT = "1795298533|c1|sales|Bob Agent|CONNECT|4|c1.2|3"

STORIES: list[tuple[str, list[str], tuple[str, str | None, float, float, bool, int]]] = [
    ("open", [ENTER], ("sales", None, 0, 0, False, 0)),
    ("abandoned", [ENTER, "1795298534|c1|sales|NONE|ABANDON|1|1|5"], ("sales", "abandoned", 5, 0, False, 0)),
    ("timed out", [ENTER, "1795298589|c1|sales|NONE|EXITWITHTIMEOUT|1|1|60"], ("sales", "timed_out", 60, 0, False, 0)),
    ("key", [ENTER, "1795298536|c1|sales|NONE|EXITWITHKEY|5|1|1|7"], ("sales", "exited", 7, 0, False, 0)),
    ("left empty", [ENTER, "1795298537|c1|sales|NONE|EXITEMPTY|1|1|8"], ("sales", "left_empty", 8, 0, False, 0)),
    ("withdrawn", [ENTER, "1795298537|c1|sales|NONE|WITHDRAW|1|1|8"], ("sales", "withdrawn", 8, 0, False, 0)),
    ("answered", [ENTER, CONNECT, "1795298553|c1|sales|Bob Agent|COMPLETECALLER|4|20|1"],
     ("sales", "answered", 4, 20, False, 0)),
    ("rung first", [ENTER, "1795298531|c1|sales|Ann Agent|RINGNOANSWER|8000",
                    "1795298532|c1|sales|Ann Agent|RINGNOANSWER|1000", CONNECT,
                    "1795298553|c1|sales|Bob Agent|COMPLETEAGENT|4|20|1"], ("sales", "answered", 4, 20, False, 2)),
    ("blind transfer", [ENTER, CONNECT, "1795298553|c1|sales|Bob Agent|BLINDTRANSFER|1010|internal|4|20|1"],
     ("sales", "answered", 4, 20, True, 0)),
    ("transfer up to Asterisk 11", [ENTER, CONNECT, "1795298553|c1|sales|Bob Agent|TRANSFER|1010|internal|4|20|1"],
     ("sales", "answered", 4, 20, True, 0)),
    ("transfer of Asterisk 1.4", [ENTER, CONNECT, "1795298553|c1|sales|Bob Agent|TRANSFER|1010|internal|4|20"],
     ("sales", "answered", 4, 20, True, 0)),
    ("attended transfer", [ENTER, CONNECT, "1795298553|c1|sales|Bob Agent|ATTENDEDTRANSFER|BRIDGE|b-1|4|20|1"],
     ("sales", "answered", 4, 20, True, 0)),
    ("attended transfer over a link", [ENTER, CONNECT,
     "1795298553|c1|sales|Bob Agent|ATTENDEDTRANSFER|LINK|PJSIP/1|PJSIP/2|4|20|1"],
     ("sales", "answered", 4, 20, True, 0)),
    ("other calls", [ENTER, "1795298534|c2|sales|NONE|ABANDON|1|1|5", "1795298534|c1|vip|NONE|ABANDON|1|1|5"],
     ("sales", None, 0, 0, False, 0)),
    ("data that are no numbers", [ENTER, "1795298534|c1|sales|NONE|ABANDON|1|1|nan"],
     ("sales", "abandoned", 5, 0, False, 0)),
    ("a wait that was cut off", [ENTER, "1795298534|c1|sales|NONE|ABANDON|1"], ("sales", "abandoned", 5, 0, False, 0)),
    ("a wait of a year", [ENTER, "1795298534|c1|sales|NONE|ABANDON|1|1|31536000"],
     ("sales", "abandoned", 5, 0, False, 0)),
    ("a talk of years", [ENTER, CONNECT, "1795298553|c1|sales|Bob Agent|COMPLETEAGENT|4|401792829|1"],
     ("sales", "answered", 4, 20, False, 0)),
    ("a talk while the clock was set back", [ENTER, CONNECT, "1795295053|c1|sales|Bob Agent|COMPLETEAGENT|4|20|1"],
     ("sales", "answered", 4, 20, False, 0)),
    ("a clock that was set right, years on", [ENTER, CONNECT,
     "1895298553|c1|sales|Bob Agent|COMPLETEAGENT|4|20|1"], ("sales", "answered", 4, 20, False, 0)),
]  # fmt: skip


@pytest.mark.parametrize(("lines", "expected"), [s[1:] for s in STORIES], ids=[s[0] for s in STORIES])
def test_a_visit_is_folded_from_its_lines(lines: list[str], expected: tuple[object, ...]) -> None:
    (visit,) = visits(*lines)
    assert shown(visit) == expected


def test_the_same_call_may_enter_the_same_queue_again() -> None:
    first, second = visits(ENTER, "1|c1|sales|NONE|EXITWITHTIMEOUT|1|1|60", ENTER, "2|c1|sales|NONE|ABANDON|1|1|5")
    assert (first.outcome, second.outcome) == (Outcome.TIMED_OUT, Outcome.ABANDONED)


def test_counts_are_sums_by_queue() -> None:
    rows = counts(visits(ENTER, "1795298534|c1|sales|NONE|ABANDON|1|1|5", ENTER.replace("c1", "c2")))
    assert rows == {"sales": {"offered": 2, "abandoned": 1, "open": 1, "wait_abandoned_s": 5.0,
                              "ring_no_answer": 0, "transferred": 0, "talk_s": 0.0}}  # fmt: skip


@pytest.mark.parametrize("name", ["ast16-load", "ast22-load", "ast16-behaviours", "ast22-behaviours"])
def test_a_real_file_has_as_many_visits_as_lines_that_say_so(name: str) -> None:
    """Counted by the plainest means beside it: words in the file."""
    path = CAPTURES / f"{name}.queue_log"
    words, rows = path.read_text(), counts(fold(read(path)))
    for event, key in (("|ENTERQUEUE|", "offered"), ("|CONNECT|", "answered"), ("|ABANDON|", "abandoned"),
                       ("|EXITWITHTIMEOUT|", "timed_out"), ("|RINGNOANSWER|", "ring_no_answer")):  # fmt: skip
        assert sum(row[key] for row in rows.values()) == words.count(event)
    assert words.count("|ENTERQUEUE|") >= 25


@pytest.mark.parametrize("line", [
    "", "x", "1795298529|c1|sales|NONE", "soon|c1|sales|NONE|ENTERQUEUE|", "nan|c1|sales|NONE|ENTERQUEUE|",
    "-5|c1|sales|NONE|ENTERQUEUE|", "1e30|c1|sales|NONE|ENTERQUEUE|", "1795298529|c1|sales|NONE|enterqueue|",
    "1795298529,c1,sales,NONE,ENTERQUEUE", "\x00\x01\x02",
])  # fmt: skip
def test_what_is_no_line_is_named(line: str) -> None:
    with pytest.raises(InputError, match=r"^file:3: not a line of a queue_log: "):
        parse(line, "file:3")


@pytest.mark.parametrize("line", [
    "1795298860|c1|sales|NONE|ABANDON|1|1795298900|c2|sales|NONE|ENTERQUEUE||0912|1",
    "1795298860|c1|sales|NONE|ABAN1795298900|c2|sales|NONE|ENTERQUEUE||0912|1",
    "1795298860|c1|sales|Bob|COMPLETEAGENT|4|1795298900|c2|sales|Ann|CONNECT|5|x|2",
    "1795298860|c1795298900|c2|sales|NONE|ENTERQUEUE||0912|1",
    "1795298860|c1|1795298900|HQ-1.2|SALES|SIP/100|CONNECT|5|x|2",
    "1795298860|c1|sales|NO1795298900|HQ-1.2|sales|NONE|ABANDON|1|1|20",
])  # fmt: skip
def test_two_lines_in_one_are_named(line: str) -> None:
    with pytest.raises(InputError, match=r"^file:3: two lines run into each other: '1795298860\|c1"):
        parse(line, "file:3")


def test_where_a_call_was_sent_may_be_called_as_an_event_is() -> None:
    line = "1795298860|1795298800.1|sales|09121234567|BLINDTRANSFER|CONNECT|TRANSFER|2|8|1"
    assert parse(line, "file:3").data[:2] == ("CONNECT", "TRANSFER")


def test_what_is_logged_of_callers_is_what_is_read() -> None:
    assert {"ENTERQUEUE", *ENDS, *TALKS, *RINGS} == OF_CALLERS


@given(line=st.text())
def test_any_text_is_a_line_or_refused_in_one_line(line: str) -> None:
    try:
        parsed = parse(line, "file:3")
    except InputError as refused:
        assert len(str(refused).splitlines()) == 1
    else:
        assert isinstance(parsed, Line)
        fold([parsed])


# ---- files --------------------------------------------------------------------------------------------------


def test_a_broken_line_is_named_with_file_and_line(tmp_path: Path) -> None:
    path = tmp_path / "queue_log"
    path.write_text(f"{ENTER}\n\n{CONNECT}\nbroken\n")
    with pytest.raises(InputError, match=f"{path}:4: not a line"):
        list(read(path))


def test_a_gzipped_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "queue_log.1.gz"
    path.write_bytes(gzip.compress(f"{ENTER}\n{CONNECT}\n".encode()))
    assert [line.event for line in read(path)] == ["ENTERQUEUE", "CONNECT"]


def test_letters_that_are_no_utf8_are_no_error(tmp_path: Path) -> None:
    path = tmp_path / "queue_log"
    path.write_bytes(b"1795298529|c1|sales|Jos\xe9|CONNECT|4|c1.2|3\n")
    assert [line.agent for line in read(path)] == ["Jos\ufffd"]


def gz(data: bytes) -> bytes:
    return gzip.compress(data * 400, mtime=0)  # the same bytes, and so the same name of a test, in every process


@pytest.mark.parametrize("content", [
    gz(ENTER.encode())[:-20], b"plain text", gz(ENTER.encode())[:12] + b"\xff" * 50, gz(b"x\n")[:30],
])  # fmt: skip
def test_a_file_that_is_not_the_gzip_it_says_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "queue_log.gz"
    path.write_bytes(content)
    with pytest.raises(InputError, match=str(path)):
        list(read(path))


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    for path, why in ((tmp_path / "none", "No such file or directory"), (tmp_path, "Is a directory")):
        with pytest.raises(InputError, match=f"cannot read {path}: {why}"):
            list(read(path))


def test_an_agent_on_a_local_channel_may_talk_to_several_at_once() -> None:
    """Of a real PBX: each end belongs to the call that it names, though the agent's newest call is another."""
    log = """\
1795318152|1795318152.2498|support|NONE|ENTERQUEUE||09125550984|3
1795318155|1795318152.2498|support|Eve Local|CONNECT|3|1795318153.2503|1
1795318159|1795318159.2537|support|NONE|ENTERQUEUE||09125551000|1
1795318159|1795318159.2537|support|Eve Local|CONNECT|0|1795318159.2538|0
1795318165|1795318159.2537|support|Eve Local|COMPLETECALLER|0|6|1
1795318175|1795318175.2625|support|NONE|ENTERQUEUE||09125551039|1
1795318179|1795318175.2625|support|Eve Local|CONNECT|4|1795318177.2640|2
1795318182|1795318152.2498|support|Eve Local|COMPLETECALLER|3|27|3
1795318183|1795318175.2625|support|Eve Local|COMPLETECALLER|4|4|1
"""
    told = {visit.call: (visit.talk_s, visit.over_at) for visit in visits(*log.splitlines())}
    assert told == {
        "1795318152.2498": (27, 1795318182), "1795318159.2537": (6, 1795318165), "1795318175.2625": (4, 1795318183)
    }  # fmt: skip


A = ("1000|a|sales|NONE|ENTERQUEUE||0911|1", "1002|a|sales|Eve|CONNECT|2|x|1")
B = ("1003|b|sales|NONE|ENTERQUEUE||0912|1", "1004|b|sales|Eve|CONNECT|1|y|1")
NEXT = ("1110|b|sales|NONE|ENTERQUEUE||0912|1", "1110|b|sales|Eve|CONNECT|0|y|0")
HANDED, HUNG_UP = "1110|a|sales|Eve|ATTENDEDTRANSFER|APP|Dial|2|108|1", "1110|k|sales|Eve|COMPLETECALLER|2|108|1"
LATE = "1111|k|sales|Eve|COMPLETECALLER|2|109|1"
SENT, OWN = "1110|a|sales|Eve|BLINDTRANSFER|200|internal|2|108|1", "1110|a|sales|Eve|COMPLETEAGENT|2|108|1"
TOLD_TWICE = {
    "both talk, the transfer first": (*A, *B, HANDED, HUNG_UP),
    "both talk, the hangup first": (*A, *B, HUNG_UP, HANDED),
    "both talk, the hangup a second later": (*A, *B, HANDED, LATE),
    "the other talked before, the transfer first": (*A[:1], *B, "1005|a|sales|Eve|CONNECT|5|x|1",
        HANDED.replace("2|108", "5|105"), HUNG_UP.replace("2|108", "5|105")),
    "the other talked before, the hangup first": (*A[:1], *B, "1005|a|sales|Eve|CONNECT|5|x|1",
        HUNG_UP.replace("2|108", "5|105"), HANDED.replace("2|108", "5|105")),
    "the next one comes between, the transfer first": (*A, HANDED, *NEXT, HUNG_UP),
    "the next one comes between, the hangup first": (*A, HUNG_UP, *NEXT, HANDED),
    "the next one comes and another end is told again between": (
        "990|c|sales|NONE|ENTERQUEUE||0913|1", "991|c|sales|Eve|CONNECT|1|z|1", *A,
        "1108|c|sales|Eve|COMPLETEAGENT|1|117|1", HANDED, *NEXT,
        "1110|c|sales|Eve|BLINDTRANSFER|200|internal|1|117|1", HUNG_UP),
    "by one channel, the transfer first": (*A, *B, SENT, OWN),
    "by one channel, the end first": (*A, *B, OWN, SENT),
}  # fmt: skip


@pytest.mark.parametrize("how", TOLD_TWICE)
def test_an_end_that_is_told_twice_ends_no_other_conversation_of_the_agent(how: str) -> None:
    """The agent goes on with the other caller for a minute."""
    began_at = 1110 if "next" in how else 1004
    told = visits(*TOLD_TWICE[how], f"1170|b|sales|Eve|COMPLETECALLER|1|{1170 - began_at}|1")
    assert {v.call: (v.talk_s, v.completed_at, v.transferred, v.ended_by) for v in told if v.call in "ab"} == {
        "a": (105 if "before" in how else 108, 1110, True, "transfer"), "b": (1170 - began_at, 1170, False, "caller")
    }  # fmt: skip


# ---- what is forgotten ----------------------------------------------------------------------------------------


def story(nth: int, at: float) -> list[str]:
    """A caller who is answered, as a file has it."""
    call = f"{at:.0f}.{nth}"
    return [
        f"{at:.0f}|{call}|sales|NONE|ENTERQUEUE||0912{nth:07}|1",
        f"{at + 5:.0f}|{call}|sales|Ann Agent|RINGNOANSWER|4000",
        f"{at + 9:.0f}|{call}|sales|Bob Agent|CONNECT|9|{call}1|3",
        f"{at + 60:.0f}|{call}|sales|Bob Agent|COMPLETECALLER|9|51|1",
    ]


def test_a_call_is_forgotten_as_a_whole_and_not_while_it_waits() -> None:
    book = Book()
    for line in (
        *story(1, 1_000), *story(2, 2_000),
        "1100|c3|sales|NONE|ENTERQUEUE||0913|1", "1110|c3|sales|NONE|EXITWITHTIMEOUT|1|1|10",
        "1110|c3|support|NONE|ENTERQUEUE||0913|1",
    ):  # fmt: skip
        book.take(parse(line, "here"))
    book.forget(1_500)
    assert [(v.call, v.queue) for v in book.visits] == [("2000.2", "sales"), ("c3", "sales"), ("c3", "support")]
    book.take(parse("2200|c3|support|NONE|ABANDON|1|1|1090", "here"))
    assert book.visits[-1].outcome is Outcome.ABANDONED
    book.forget(2_500)
    assert book.visits == []


def test_what_is_known_of_a_visit_takes_little_memory_and_none_once_it_is_forgotten() -> None:
    count, most, left = 3_000, 900, 250  # bytes a visit; the tables themselves shrink now and then only
    book = Book()
    tracemalloc.start()
    try:
        for nth in range(count):
            for line in story(nth, 1_000_000 + nth):
                book.take(parse(line, "here"))
        kept = tracemalloc.get_traced_memory()[0] / count
        book.forget(2_000_000)
        gone = tracemalloc.get_traced_memory()[0] / count
    finally:
        tracemalloc.stop()
    assert kept <= most and gone <= left, (kept, gone)
