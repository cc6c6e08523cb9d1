"""``callcenter forecast`` as its user meets it."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from threading import Thread

import logs
import pytest
from typer.testing import CliRunner, Result

from callcenter import cli, cli_forecast, forecasting, terminal
from callcenter.errors import CallcenterError
from callcenter.history import forecasts


@pytest.fixture
def config(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(os, "nice", lambda by: 0)  # the tests go on in this process
    for console in (terminal.out, terminal.err):
        monkeypatch.setattr(console, "_width", 120)
    return written(folder)


def written(folder: Path, more: str = "") -> Path:
    path = folder / "callcenter.toml"
    for name, of in logs.tables(folder).items():
        more += f"[{name}]\n" + "".join(f"{key} = {value!r}\n" for key, value in of.items())
    path.write_text(more)
    return path


def forecast(config: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli.app, ["forecast", "--config", str(config), *arguments])


def shown(config: Path, *arguments: str) -> str:
    done = forecast(config, *arguments)
    assert done.exit_code == 0, done.exception
    return done.stdout


def refused(config: Path, *arguments: str) -> str:
    """What ``main`` says in one line, with status 2."""
    done = forecast(config, *arguments)
    assert isinstance(done.exception, CallcenterError), done.output
    assert "\n" not in str(done.exception)
    return str(done.exception)


def cells(page: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("│")[1:-1]] for line in page.splitlines() if line.startswith("│")]


def kept(config: Path) -> list[Path]:
    return [path for _, path in forecasts.kept(forecasting.folder_of(cli_forecast.load(config, connects=False)))]


def test_it_is_made_kept_and_shown_by_day_and_queue(config: Path) -> None:
    page = shown(config)
    rows = cells(page)
    assert len(rows) == 14 * 3
    assert [row[:2] for row in rows[:4]] == [
        ["Mon 2025-11-17", "=1+1"], ["", "sales"], ["", "support"], ["Tue 2025-11-18", "=1+1"],
    ]  # fmt: skip
    (path,) = kept(config)
    made = forecasts.read(path)
    support = rows[2]
    assert support[2] == f"{made.calls[2, :96].sum():.0f}"
    low, high = map(int, support[3].split("–"))
    assert low < 110 < high, "110 were to be expected"
    assert (int(support[4]), support[5][2:]) == (pytest.approx(240, abs=3), support[5][2:])
    assert 1 < int(support[6]) < 9
    assert "made at 2025-11-16T09:00:00.000+03:30 by the model seasonal, from the days 2025-09-14 to 2025-11-15" in page


def test_all_intervals_go_into_a_file_that_no_spreadsheet_takes_for_formulas(config: Path, tmp_path: Path) -> None:
    shown(config, "--csv", str(tmp_path / "out.csv"))
    with (tmp_path / "out.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 3 * 14 * 96
    assert {row["queue"] for row in rows} == {"'=1+1", "sales", "support"}
    assert not [cell for row in rows for cell in row.values() if cell.startswith(tuple("=+-@"))]
    made = forecasts.read(kept(config)[0])
    assert sum(float(row["calls"]) for row in rows) == pytest.approx(made.calls.sum(), rel=1e-4)
    assert rows[40]["start"] == "2025-11-17T10:00:00.000+03:30"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_the_file_may_be_a_link_and_stays_one(config: Path, tmp_path: Path) -> None:
    (tmp_path / "of-today.csv").write_text("old")
    (tmp_path / "newest.csv").symlink_to("of-today.csv")
    shown(config, "--csv", str(tmp_path / "newest.csv"))
    assert (tmp_path / "newest.csv").is_symlink()
    assert len((tmp_path / "of-today.csv").read_text().splitlines()) == 1 + 3 * 14 * 96


def test_the_file_may_be_a_pipe(config: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    got: list[str] = []
    reader = Thread(target=lambda: got.append((tmp_path / "pipe").read_text()), daemon=True)
    reader.start()
    shown(config, "--csv", str(tmp_path / "pipe"))
    assert (tmp_path / "pipe").is_fifo()
    reader.join(30)
    assert [len(text.splitlines()) for text in got] == [1 + 3 * 14 * 96]


@pytest.mark.parametrize(("name", "cell"), [
    ("=1+1", "'=1+1"), ("+98", "'+98"), ("-x", "'-x"), ("@sum(a)", "'@sum(a)"), ("\t=1", "'\t'=1"), ("\r1", "'\r1"),
    ("a=b", "a=b"), ("فروش", "فروش"),
])  # fmt: skip
def test_no_name_is_a_formula(name: str, cell: str) -> None:
    assert cli_forecast._cell(name) == cell


def test_all_intervals_are_told_as_json(config: Path) -> None:
    told = json.loads(shown(config, "--json"))
    assert (told["made_at"], told["model"]) == ("2025-11-16T09:00:00.000+03:30", "seasonal")
    assert len(told["intervals"]) == 3 * 14 * 96
    assert set(told["intervals"][0]) == {"queue", "start", "calls", "low", "high", "handle_time_s", "required"}
    assert told["intervals"][0]["queue"] == "=1+1"
    assert len(kept(config)) == 1


def test_the_back_test_tells_all_models_by_queue_and_in_total(config: Path) -> None:
    page = shown(config, "--back-test", "--days", "7", "--model", "statsforecast")
    rows = cells(page)
    models, queues = ("seasonal", "statsforecast", "naive"), ("=1+1", "sales", "support", "all together")
    assert [row[:2] for row in rows] == [[queue, model] for queue in queues for model in models]
    tested = forecasting.back_tested(cli_forecast.load(config, connects=False), 7)
    of = tested.scores[-1].by_interval
    assert rows[-1][2] == f"{of.absolute_error[-1] / of.actual[-1]:.1%}"
    assert rows[-1][4] == f"{of.error[-1] / of.actual[-1]:.1%}"
    assert "7 days, each forecast from the days before it" in page
    assert kept(config) == [], "nothing of it is kept"


def test_what_other_agents_would_change_is_told_by_interval(config: Path) -> None:
    asked = ("--what-if", "support=+2@10:00-11:00", "--what-if", "=1+1=-1@10:00-10:15")
    page = shown(config, *asked, "--day", "2025-11-18")
    rows = cells(page)
    assert [row[:2] for row in rows] == [
        ["=1+1", "10:00"], ["=1+1", "all day"], *(["support", f"10:{m:02}"] for m in (0, 15, 30, 45)),
        ["support", "all day"],
    ]  # fmt: skip
    for row in rows[2:6]:
        assert int(row[4]) == int(row[3]) + 2
        assert float(row[6].rstrip("%")) > float(row[5].rstrip("%"))
    assert int(rows[0][4]) == int(rows[0][3]) - 1
    assert kept(config) == []


def silent(config: Path, *queues: str, model: str = "seasonal") -> Result:
    """Made of a log in which each conversation of these queues is over in no time."""
    folder = config.parent
    shutil.rmtree(folder / "history")
    log = logs.write(folder / "queue_log", daily={"support": 100.0, "sales": 45.0})
    lines = log.read_text().splitlines()
    over = [re.sub(r"(COMPLETECALLER\|5)\|\d+", r"\1|0", x) if x.split("|")[2] in queues else x for x in lines]
    log.write_text("\n".join(over) + "\n")
    logs.take_in(logs.config_of(folder), log)
    return forecast(written(folder, f"[forecast]\nmodel = '{model}'\n"))


def test_where_no_conversation_is_known_it_is_said_what_is_taken_for_the_handle_time(config: Path) -> None:
    every = silent(config, "sales", "support")
    said = "callcenter: handle time of sales, support: 300 s, which is a default, as no conversation is known\n"
    assert (every.exit_code, every.stderr) == (0, said)
    assert {row[4] for row in cells(every.stdout)} == {"300"}
    one = silent(config, "sales")
    assert one.stderr == "callcenter: handle time of sales: that of the other queues, as no conversation is known\n"
    assert {row[4] for row in cells(one.stdout)} == {"240"}
    assert silent(config).stderr == "" == silent(config, "sales", "support", model="naive").stderr


@pytest.mark.parametrize(("arguments", "said"), [
    (["--what-if", "vip=+2@10:00-12:00"], "no such queue in the forecast: 'vip'"),
    (["--what-if", "support=+2@10:00-9:00"], "not a change like support=+2@10:00-12:00"),
    (["--what-if", "support=+2@10:00-25:00"], "not a time of the day like 09:30: '25:00'"),
    (["--what-if", "support=+2@10:00-11:00", "--day", "someday"], "not a day like 2026-11-23"),
    (["--what-if", "support=+2@10:00-11:00", "--day", "today"], "no forecast of 2025-11-16 was kept before"),
    (["--what-if", "support=+2@10:00-11:00", "--day", "2026-01-01"], "2026-01-01 is beyond the forecast"),
    (["--what-if", "support=-2@10:00-12:00", "--day", "9999-12-31"], "'9999-12-31' is not within the years 1970 to"),
    (["--what-if", "support=-2@10:00-12:00", "--day", "0001-01-01"], "'0001-01-01' is not within the years 1970 to"),
    (["--what-if", "support=+2@10:00-11:00", "--back-test"], "exclude each other"),
    (["--day", "2025-11-18"], "forecast: --day is of --what-if only"),
    (["--day", "tomorrow", "--back-test"], "forecast: --day is of --what-if only"),
    (["--model", "naive"], "forecast: --model is of --back-test only"),
    (["--days", "56", "--json"], "forecast: --days is of --back-test only"),
    (["--csv", "/none/out.csv"], "cannot write /none/out.csv: No such file or directory"),
])  # fmt: skip
def test_what_cannot_be_is_told_in_one_line(config: Path, arguments: list[str], said: str) -> None:
    assert said in refused(config, *arguments)


def test_a_queue_may_be_called_anything(config: Path) -> None:
    assert cli_forecast._shown("[red]a[/red]\x1b[2J\nb") == "\\[red]a\\[/red]?[2J?b"


# ---- as a process -------------------------------------------------------------------------------------------------


def command(*arguments: object) -> list[str]:
    return [str(Path(sys.executable).with_name("callcenter")), "forecast", *map(str, arguments)]


def test_too_short_a_history_is_one_line_and_status_2(tmp_path: Path) -> None:
    done = subprocess.run(command("--config", written(tmp_path)), capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("callcenter: a forecast needs history, there is none of before today in ")


INTERRUPTED = """
import os, signal
import pyarrow.parquet as pq
from callcenter import cli, clock
clock.now = lambda: {now}
signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever runs tests in the background ignores it
write = pq.write_table
def interrupted(*given, **more):
    write(*given, **more)
    os.kill(os.getpid(), signal.SIGINT)
pq.write_table = interrupted
cli.main()
"""


def test_control_c_while_it_is_written_leaves_nothing_half_made(folder: Path) -> None:
    config = written(folder)
    before = set(folder.rglob("*"))
    script = INTERRUPTED.format(now=logs.NOW)
    command = [sys.executable, "-c", script, "forecast", "--config", str(config)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")
    assert set(folder.rglob("*")) - before == {folder / "history/main/forecast"}
