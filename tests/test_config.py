"""The configuration: what is wrong is named, in one line; the environment wins over the file."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import get_args

import pytest

from callcenter.config import Config, load, parse
from callcenter.errors import ConfigError
from callcenter.forecast.making import MODELS

LEAST = '[[pbx]]\nsecret = "from file"\n'


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for key in [k for k in os.environ if k.upper().startswith("CALLCENTER_")]:
        monkeypatch.delenv(key)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "callcenter.toml"
    path.write_text(LEAST)
    return path


def written(path: Path, more: str) -> Path:
    path.write_text(LEAST + more)
    return path


def refusal(path: Path) -> str:
    with pytest.raises(ConfigError) as refused:
        load(path)
    said = str(refused.value)
    assert "\n" not in said
    return said


def test_the_least_that_runs(file: Path) -> None:
    config = load(file)
    assert config.pbx[0].password() == "from file"
    assert (config.pbx[0].host, config.pbx[0].port, config.web.port) == ("127.0.0.1", 5038, 8080)
    assert config.queue("any").service_level_target == 0.8


@pytest.mark.parametrize(("more", "said"), [
    ("trunks = 'x'\n", "pbx.0.trunks: Input should be a list of strings"),
    ("port = true\n", "pbx.0.port: Input should be a number, not true"),
    ("clock_step_s = false\n", "pbx.0.clock_step_s: Input should be a number, not false"),
    ("[queues.a]\nservice_level_s = true\n", "queues.a.service_level_s: Input should be a number, not true"),
    ("[queues.a.targets]\naverage_handle_time = true\n",
     "queues.a.targets.average_handle_time: Input should be a number, or a list of two"),
    ("[forecast]\ndays_off = '2026-03-21'\n", "forecast.days_off: Input should be a list of dates"),
    ("[queues]\nservice_level_s = 20\nwrap_up_s = 3\nb = 1\n",
     "queues: service_level_s, wrap_up_s, b: under the name of no queue, as in [queues.NAME]"),
    ("[queues]\nwrap_up_s = 3\n[web]\nport = 70000\n",
     "queues: wrap_up_s: under the name of no queue, as in [queues.NAME]; "
     "web.port: Input should be less than or equal to 65535"),
])  # fmt: skip
def test_what_is_of_a_wrong_kind_is_said_in_words_of_the_file(file: Path, more: str, said: str) -> None:
    assert refusal(written(file, more)) == f"{file}: {said}"


@pytest.mark.parametrize(("text", "said"), [
    ("site = 3\n[[pbx]]\nsecret = 'x'\n", "site: Input should be a table"),
    ("queues = 3\n[[pbx]]\nsecret = 'x'\n", "queues: Input should be a table"),
    ("[pbx]\nsecret = 'x'\n", "pbx: Input should be a list of tables: [[pbx]]"),
    ("pbx = []\n", "pbx: none is there"),
])  # fmt: skip
def test_a_table_of_a_wrong_kind_is_said_in_words_of_the_file(file: Path, text: str, said: str) -> None:
    file.write_text(text)
    assert refusal(file) == f"{file}: {said}"


def test_what_stands_under_no_queue_is_named_with_its_variable(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLCENTER_QUEUES__WRAP_UP_S", "3")
    assert refusal(file) == (
        f"{file}: queues: wrap_up_s (as CALLCENTER_QUEUES__WRAP_UP_S says): "
        "under the name of no queue, as in [queues.NAME]"
    )


@pytest.mark.parametrize(("table", "key"), [
    ("", "tls_ca"), ("", "secret_file"), ("[store]\n", "backups"), ("[store]\n", "history"), ("[mqtt]\n", "tls_ca"),
    ("[mqtt]\n", "password_file"),
])  # fmt: skip
def test_an_empty_path_is_not_the_current_folder(file: Path, table: str, key: str) -> None:
    said = refusal(written(file, f"{table}{key} = ''\n"))
    section = table.strip("[]\n") or "pbx.0"
    assert said == f"{file}: {section}.{key}: an empty path; leave the key out, or name what it is to be"


@pytest.mark.parametrize("name", ["STORE__BACKUPS", "STORE__HISTORY", "PBX__TLS_CA"])
def test_an_empty_path_of_the_environment_is_named(file: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"CALLCENTER_{name}", "")
    assert refusal(file).endswith(f" (as CALLCENTER_{name} says)")


@pytest.mark.parametrize(("more", "named"), [
    ("port = 5038\nnonsense = 1\n", "unknown key 'pbx.0.nonsense'"),
    ("[nonsense]\na = 1\n", "unknown key 'nonsense'"),
    ("[site]\nnam = 'x'\n", "unknown key 'site.nam'"),
    ("[queues.sales]\nservice_level = 20\n", "unknown key 'queues.sales.service_level'"),
    ("[web]\nport = 70000\n", "web.port: "),
    ("[web]\nport = 'eighty'\n", "web.port: "),
    ("[site]\ntimezone = 'Asia/Atlantis'\n", "site.timezone: no such time zone: 'Asia/Atlantis'"),
    ("[site]\nday_starts = '25:00'\n", "site.day_starts: "),
    ("[site]\ncountry = 'Iran'\n", "site.country: "),
    ("[store]\nurl = 'mysql://x'\n", "store.url: only sqlite+aiosqlite:// is known"),
    *((f"[store]\nurl = 'sqlite+aiosqlite:{url}'\n", "store.url: not a file as in sqlite+aiosqlite:///FILE")
      for url in ("", "//", "///", "////", "//var/lib/x.db", "///:memory:", "///x.db?mode=ro")),
    ("[queues.sales]\nservice_level_target = 80\n", "queues.sales.service_level_target: "),
    ("secret_file = '/x'\n", "exactly one of 'secret' and 'secret_file'"),
    ("name = '..'\n", "pbx.0.name: "),  # a folder is called by it
    ("auth = 'none'\n", "pbx.0.auth: "),
    ("[forecast]\ndays_off = ['2026-02-30']\n", "forecast.days_off.0: not a date like 2026-03-21: 2026-02-30"),
    ("[mqtt]\nhost = 'b'\ntls_ca = '/ca.pem'\n", "mqtt: 'tls_ca' and 'tls_verify' need tls = true"),
    ("[mqtt]\nhost = 'b'\npassword = 'p'\n", "mqtt: a password needs a 'username'"),
    ("[mqtt]\nprefix = '/callcenter'\n", "mqtt.prefix: "),
    ("[mqtt]\nprefix = 'a/+'\n", "mqtt.prefix: "),
    ("[mqtt]\nkeepalive_s = 1\n", "mqtt.keepalive_s: "),
    ("[forecast]\ndays_off = [5]\n", "forecast.days_off.0: not a date like 2026-03-21: 5"),
    ("[forecast]\nworking_days = [2026-03-21T00:00:00]\n", "forecast.working_days.0: not a date like 2026-03-21"),
    ("[forecast]\ndays_off = ['2026-03-21']\nworking_days = [2026-03-21]\n", "2026-03-21 is among the days_off and"),
    ("[forecast]\nshrinkage = 1\n", "forecast.shrinkage: "),
    ("[forecast]\nmax_occupancy = 0\n", "forecast.max_occupancy: "),
    ("[forecast]\nmodel = 'best'\n", "forecast.model: Input should be 'seasonal', 'statsforecast' or 'naive'"),
    ("[forecast]\ncountry = 'IR'\n", "unknown key 'forecast.country'"),
    ("[[pbx]]\nsecret = 'two'\n", "pbx: only one [[pbx]] is supported yet"),
])  # fmt: skip
def test_a_wrong_key_or_value_is_named(file: Path, more: str, named: str) -> None:
    said = refusal(written(file, more))
    assert said.startswith(f"{file}: ")
    assert named in said


def test_days_of_the_forecast_are_dates_or_their_text(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    written(file, "[forecast]\ndays_off = ['2026-03-21', 2026-04-02]\nworking_days = ['2026-03-20']\n")
    forecast = load(file).forecast
    assert (forecast.days_off, forecast.working_days) == (
        (date(2026, 3, 21), date(2026, 4, 2)), (date(2026, 3, 20),),
    )  # fmt: skip
    config = from_environment(monkeypatch, file, FORECAST__DAYS_OFF='["2026-05-01"]', FORECAST__SHRINKAGE="0.3")
    assert (config.forecast.days_off, config.forecast.shrinkage) == ((date(2026, 5, 1),), 0.3)
    assert get_args(type(forecast).model_fields["model"].annotation) == tuple(MODELS)


def test_all_wrong_keys_are_named_at_once(file: Path) -> None:
    said = refusal(written(file, "[site]\nnam = 'x'\ncountry = 'Iran'\n[web]\nprot = 1\n"))
    assert all(key in said for key in ("'site.nam'", "site.country", "'web.prot'"))


def test_a_refusal_does_not_tell_the_secret(file: Path) -> None:
    file.write_text("[[pbx]]\nsecret = 'hunter2'\nsecret_file = 'f'\nport = 'hunter2x'\n")
    assert "hunter2" not in refusal(file).replace("hunter2x", "")


def test_no_pbx_at_all_is_named(file: Path) -> None:
    file.write_text("")
    assert "pbx: Field required" in refusal(file)


@pytest.mark.parametrize("content", [b"[site\n", b"= 3", b"\xff\xfe\x00", b"a = 1\na = 2\n"])
def test_what_is_no_toml_is_named(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    assert refusal(file).startswith(f"{file}: not valid TOML: ")


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    assert refusal(tmp_path / "none.toml") == f"cannot read {tmp_path}/none.toml: No such file or directory"
    assert refusal(tmp_path) == f"cannot read {tmp_path}: Is a directory"


# ---- the environment ----------------------------------------------------------------------------------------


def from_environment(monkeypatch: pytest.MonkeyPatch, path: Path, **keys: str) -> Config:
    for key, value in keys.items():
        monkeypatch.setenv(f"CALLCENTER_{key}", value)
    return load(path)


def test_the_environment_wins_over_the_file_key_by_key(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    written(file, "[site]\nname = 'file'\ncountry = 'DE'\n")
    config = from_environment(monkeypatch, file, SITE__NAME="env", WEB__PORT="81", QUEUES__sales__WRAP_UP_S="5")
    assert (config.site.name, config.site.country, config.web.port) == ("env", "DE", 81)
    assert config.queue("sales").wrap_up_s == 5.0


def test_a_key_of_the_pbx_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    written(file, "host = 'pbx.example'\n")
    config = from_environment(monkeypatch, file, PBX__SECRET="from env")
    assert (config.pbx[0].password(), config.pbx[0].host) == ("from env", "pbx.example")


@pytest.mark.parametrize(("text", "said"), [
    ("[[pbx]]\nname = 'a'\n[[pbx]]\nname = 'b'\n", "only one [[pbx]] is supported yet"),
    ("[pbx]\nhost = 'a'\n", "a list of tables: [[pbx]]"), ("pbx = [3]\n", "pbx.0: Input should be a table"),
])  # fmt: skip
def test_a_key_of_the_environment_hides_nothing_wrong_with_the_pbx_of_the_file(
    monkeypatch: pytest.MonkeyPatch, file: Path, text: str, said: str
) -> None:
    file.write_text(text)
    monkeypatch.setenv("CALLCENTER_PBX__SECRET", "s")
    assert refusal(file).endswith(said)  # and not: as that key says


def test_the_pbx_may_come_from_the_environment_alone(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    file.write_text("")
    assert from_environment(monkeypatch, file, PBX__SECRET="s").pbx[0].password() == "s"


@pytest.mark.parametrize(("key", "named"), [
    ("NONSENSE", "'CALLCENTER_NONSENSE'"), ("SITES__NAME", "'CALLCENTER_SITES__NAME'"), ("SITE__NAM", "'site.nam'"),
    ("PBX__SECRT", "'pbx.0.secrt'"), ("SITE", "CALLCENTER_SITE: not valid JSON"),
])  # fmt: skip
def test_an_unknown_key_of_the_environment_is_named(
    monkeypatch: pytest.MonkeyPatch, file: Path, key: str, named: str
) -> None:
    monkeypatch.setenv(f"CALLCENTER_{key}", "x")
    assert named in refusal(file)


def test_what_the_readme_gives_as_examples_of_the_environment_leaves_the_rest_of_the_file_in_force(
    monkeypatch: pytest.MonkeyPatch, file: Path
) -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    examples = dict(re.findall(r"`CALLCENTER_(\w+)='?([^`']+)'?`", readme))
    assert {"WEB__PORT", "PBX__TRUNKS"} <= examples.keys()
    written(file, "host = 'pbx.example'\n[web]\nhost = '::1'\n")
    config = from_environment(monkeypatch, file, **examples)
    assert (config.pbx[0].host, config.web.host) == ("pbx.example", "::1")


def test_small_letters_are_as_good_in_the_environment(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    monkeypatch.setenv("callcenter_web__port", "81")
    assert load(file).web.port == 81
    monkeypatch.setenv("callcenter_webb__port", "81")
    assert refusal(file) == "environment: unknown key 'callcenter_webb__port'"


@pytest.mark.parametrize(("key", "value", "said"), [
    ("WEB__PORT", "x", "(as CALLCENTER_WEB__PORT says)"), ("PBX__PORT", "0", "(as CALLCENTER_PBX__PORT says)"),
    ("WEB__PORT__X", "1", "(as CALLCENTER_WEB__PORT__X says)"), ("WEB__PROT", "1", "(as CALLCENTER_WEB__PROT says)"),
    ("QUEUES__sales__WRAP_UP_S", "x", "(as CALLCENTER_QUEUES__sales__WRAP_UP_S says)"),
    ("PBX__TRUNKS", "PJSIP/x", "environment: CALLCENTER_PBX__TRUNKS: not valid JSON"),
    ("WEB", '{"port": "x"}', "(as CALLCENTER_WEB says)"), ("WEB", '{"prot": 1}', "(as CALLCENTER_WEB says)"),
    ("PBX", '[{"secret": "s", "port": 0}]', "(as CALLCENTER_PBX says)"),
    ("PBX", '{"name": "a b"}', "(as CALLCENTER_PBX says)"),
    ("PBX", '[{"name": "a b", "secret": "s"}]', "(as CALLCENTER_PBX says)"),
    ("QUEUES__A__TARGETS", '{"abandon_rate": "x"}', "(as CALLCENTER_QUEUES__A__TARGETS says)"),
])  # fmt: skip
def test_a_value_of_the_environment_that_is_wrong_is_not_looked_for_in_the_file(
    monkeypatch: pytest.MonkeyPatch, file: Path, key: str, value: str, said: str
) -> None:
    monkeypatch.setenv(f"CALLCENTER_{key}", value)
    assert said in refusal(file)


def test_a_variable_that_names_a_queue_of_the_file_in_other_letters_is_found(
    monkeypatch: pytest.MonkeyPatch, file: Path
) -> None:
    written(file, "[queues.Sales]\ntopic = 'orders'\n")
    monkeypatch.setenv("CALLCENTER_QUEUES", '{"sales": {"wrap_up_s": "x"}}')
    assert refusal(file).endswith("(as CALLCENTER_QUEUES says)")


def test_a_variable_with_another_key_of_a_table_is_not_what_is_wrong_with_that_of_the_file(
    monkeypatch: pytest.MonkeyPatch, file: Path
) -> None:
    written(file, "[queues.sales.targets]\nabandon_rate = [3, 0]\n")
    monkeypatch.setenv("CALLCENTER_QUEUES", '{"sales": {"targets": {"occupancy": 0.5}}}')
    assert refusal(file).endswith("is no range")
    monkeypatch.setenv("CALLCENTER_QUEUES", '{"sales": {"targets": {"abandon_rate": [4, 0]}}}')
    assert refusal(file).endswith("is no range (as CALLCENTER_QUEUES says)")


def test_a_variable_of_endless_brackets_is_one_line(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    monkeypatch.setenv("CALLCENTER_WEB", "[" * 100_000)
    assert "\n" not in (said := refusal(file))
    assert said.startswith("environment: ")


def test_of_keys_that_do_not_go_together_the_variable_of_one_is_named(
    monkeypatch: pytest.MonkeyPatch, file: Path
) -> None:
    written(file, "[mqtt]\npassword = 'x'\n")
    monkeypatch.setenv("CALLCENTER_MQTT__HOST", "broker")
    assert refusal(file).endswith("mqtt: a password needs a 'username'")
    file.write_text("[[pbx]]\nsecret = 'x'\n")
    monkeypatch.setenv("CALLCENTER_MQTT__PASSWORD", "y")
    assert refusal(file).endswith("mqtt: a password needs a 'username' (as CALLCENTER_MQTT__PASSWORD says)")


@pytest.mark.parametrize("name", ["SALES", "Sales", "sales"])
def test_a_queue_of_the_file_is_meant_whatever_its_letters(
    monkeypatch: pytest.MonkeyPatch, file: Path, name: str
) -> None:
    """Variables are read in small letters: ``[queues.Sales]`` kept its own, and a queue that nobody has got the new."""
    written(file, "[queues.Sales]\nwrap_up_s = 5\ntopic = 'orders'\n[queues.vip]\nwrap_up_s = 1\n")
    monkeypatch.setenv(f"CALLCENTER_QUEUES__{name}__WRAP_UP_S", "9")
    queues = load(file).queues
    assert {name: (queue.wrap_up_s, queue.topic) for name, queue in queues.items()} == {
        "Sales": (9, "orders"), "vip": (1, ""),
    }  # fmt: skip


def test_what_two_variables_say_of_one_queue_in_other_letters_goes_together(
    monkeypatch: pytest.MonkeyPatch, file: Path
) -> None:
    written(file, "[queues.Sales]\nwrap_up_s = 5\n")
    monkeypatch.setenv("CALLCENTER_QUEUES", '{"Sales": {"wrap_up_s": 9, "targets": {"abandon_rate": 0.1}}}')
    monkeypatch.setenv("CALLCENTER_QUEUES__SALES__TARGETS__OCCUPANCY", "0.8")
    monkeypatch.setenv("CALLCENTER_QUEUES__SALES__TOPIC", "orders")
    (queue,) = load(file).queues.values()
    assert (queue.wrap_up_s, queue.topic, sorted(queue.targets)) == (9, "orders", ["abandon_rate", "occupancy"])


def test_what_the_file_says_wrong_is_not_looked_for_in_the_environment(
    monkeypatch: pytest.MonkeyPatch, file: Path
) -> None:
    monkeypatch.setenv("CALLCENTER_WEB__HOST", "x")
    monkeypatch.setenv("CALLCENTER_WEB", '{"host": "y"}')
    written(file, "[web]\nport = 'x'\n")
    assert refusal(file).endswith("unable to parse string as an integer")


# ---- secrets ------------------------------------------------------------------------------------------------


def test_an_empty_secret_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, file: Path) -> None:
    """A unit file with a variable that nobody set: the PBX would be asked with it again and again."""
    for empty in ("", " "):
        monkeypatch.setenv("CALLCENTER_PBX__SECRET", empty)
        assert refusal(file) == f"{file}: pbx.0.secret: is empty (as CALLCENTER_PBX__SECRET says)"
    monkeypatch.delenv("CALLCENTER_PBX__SECRET")
    blank = tmp_path / "blank"
    blank.write_text("\n")
    file.write_text(f"[[pbx]]\nsecret_file = '{blank}'\n")
    with pytest.raises(ConfigError, match=rf"^pbx\.secret_file: {blank} is empty$"):
        load(file).pbx[0].password()


def test_a_secret_file_that_cannot_be_read_is_named(tmp_path: Path, file: Path) -> None:
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe")
    for path, why in ((tmp_path / "none", "No such file"), (tmp_path, "Is a directory"), (binary, "not UTF-8")):
        file.write_text(f"[[pbx]]\nsecret_file = '{path}'\n")
        with pytest.raises(ConfigError, match=rf"pbx\.secret_file: cannot read {path}: {why}"):
            load(file).pbx[0].password()


def test_the_secret_is_not_shown_with_the_configuration(file: Path) -> None:
    assert "from file" not in repr(load(file))
    assert "from file" not in str(load(file).model_dump())


def test_a_queues_targets_are_numbers_or_ranges() -> None:
    queue = {"targets": {"abandon_rate": [0.03, 0.05], "average_handle_time": 240, "first_call_resolution": 0.8}}
    config = parse({"pbx": [{"secret": "x"}], "queues": {"sales": queue}}, "c")
    aims = {"abandon_rate": (0.03, 0.05), "average_handle_time": (240.0, 240.0), "first_call_resolution": (0.8, 0.8)}
    assert config.queue("sales").targets == aims
    assert config.queue("other").targets == {}


@pytest.mark.parametrize(
    ("targets", "why"),
    [
        ({"abandonrate": 0.1}, "no such figure: 'abandonrate'"),
        ({"service_level": 0.9}, "that of service_level is 'service_level_target'"),
        ({"abandon_rate": [0.1, 0.05]}, "abandon_rate: from 0.1 to 0.05 is no range"),
        ({"abandon_rate": "low"}, "abandon_rate"),
        (3, "should be a table"),
    ],
)
def test_a_target_that_is_none_is_named(targets: object, why: str) -> None:
    with pytest.raises(ConfigError, match=r"^c: queues\.sales\.targets") as error:
        parse({"pbx": [{"secret": "x"}], "queues": {"sales": {"targets": targets}}}, "c")
    assert why in str(error.value)


@pytest.mark.parametrize("key", ["service_level_s", "short_abandon_s", "wrap_up_s", "service_level_target"])
@pytest.mark.parametrize("number", ["inf", "nan"])
def test_a_number_without_end_is_refused(file: Path, key: str, number: str) -> None:
    file.write_text(f"[[pbx]]\nsecret = 'x'\n[queues.sales]\n{key} = {number}\n")
    with pytest.raises(ConfigError, match=rf"queues\.sales\.{key}: Input should be a finite number$"):
        load(file)
    file.write_text(f"[[pbx]]\nsecret = 'x'\n[queues.sales.targets]\naverage_handle_time = [10, {number}]\n")
    with pytest.raises(ConfigError, match=r"average_handle_time\.1: Input should be a finite number$"):
        load(file)
    file.write_text(f"[[pbx]]\nsecret = 'x'\nclock_step_s = {number}\n[store]\nbackup_every_h = {number}\n")
    with pytest.raises(ConfigError, match=r"clock_step_s: Input should be a finite number; store\.backup_every_h: "):
        load(file)
