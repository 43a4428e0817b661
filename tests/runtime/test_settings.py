"""Settings of a component: where they come from, what wins, and what is said of mistakes."""

import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, NamedTuple, TypeVar

import pytest
from pydantic import BaseModel, Field, SecretStr, create_model, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource

from fissile.errors import ConfigurationError, Fault, shown
from fissile.project.secrets import create_secret
from fissile.runtime.settings import Mode, load, mode_from, secrets_directory

HERE = Path(__file__).absolute()
S = TypeVar("S")


class Mail(BaseModel):
    """Where mail goes."""

    host: str
    port: int = 25


class OrderSettings(BaseSettings):
    """What orders may be."""

    maximum: int = 100
    currency: Literal["EUR", "USD"] = "EUR"


class MailSettings(BaseSettings):
    """Settings with a part that has parts."""

    mail: Mail
    admins: list[str] = Field(default_factory=list)


class KeySettings(BaseSettings):
    """Settings that cannot be guessed."""

    key: SecretStr
    size: int
    url: str = ""

    @field_validator("key")
    @classmethod
    def _is_long(cls, key: SecretStr) -> SecretStr:
        if len(key.get_secret_value()) < 30:
            raise ValueError(f"{key.get_secret_value()[::-1]!r} is short, read backwards")
        return key

    @field_validator("url")
    @classmethod
    def _is_secure(cls, url: str) -> str:
        if url.startswith("http:"):
            raise ValueError(f"refused: {url.upper()}")
        if url.startswith("ftp:"):
            raise ValueError("use https")
        return url


def filled(
    settings_class: type[S],
    folder: Path,
    *,
    component: str = "orders",
    mode: Mode = Mode.development,
    environment: Mapping[str, str] | None = None,
    env_file: str | None = None,
    secrets: Mapping[str, str] | None = None,
) -> S:
    """Fills settings from an environment, a `.env` and secret files that exist for this test alone."""
    if env_file is not None:
        (folder / ".env").write_text(env_file)
    for name, value in (secrets or {}).items():
        (folder / "secrets" / name).unlink(missing_ok=True)
        create_secret(folder / "secrets" / name, value)
    return load(
        component,
        settings_class,
        mode=mode,
        environment=environment or {},
        env_file=folder / ".env",
        secrets=folder / "secrets" if secrets else None,
    )


def faults(settings_class: type[object], folder: Path, **sources: object) -> tuple[Fault, ...]:
    """Fills settings that have mistakes, and gives the faults."""
    with pytest.raises(ConfigurationError) as raised:
        filled(settings_class, folder, **sources)  # type: ignore[arg-type]  # passed on as they are
    assert raised.value.__context__ is None
    return raised.value.faults


def line_of(text: str) -> int:
    """Finds the first line of this file that starts with a text."""
    return next(n for n, line in enumerate(HERE.read_text().splitlines(), start=1) if line.startswith(text))


def test_defaults_need_no_sources(tmp_path: Path) -> None:
    """Settings that all have defaults are filled from nothing."""
    settings = filled(OrderSettings, tmp_path)
    assert (OrderSettings, 100, "EUR") == (type(settings), settings.maximum, settings.currency)


def test_each_source_wins_over_the_next(tmp_path: Path) -> None:
    """The environment wins over secrets, they over the .env, and that over the default."""
    env_file, secrets, environment = "ORDERS__MAXIMUM=1\n", {"orders__maximum": "2\n"}, {"ORDERS__MAXIMUM": "3"}
    assert [1, 2, 3] == [
        filled(OrderSettings, tmp_path, env_file=env_file).maximum,
        filled(OrderSettings, tmp_path, env_file=env_file, secrets=secrets).maximum,
        filled(OrderSettings, tmp_path, env_file=env_file, secrets=secrets, environment=environment).maximum,
    ]


@pytest.mark.parametrize("mode", [Mode.staging, Mode.production])
def test_the_env_file_is_for_development(tmp_path: Path, mode: Mode) -> None:
    """A .env that was left lying about has no say in production, not even with a mistake in it."""
    assert 100 == filled(OrderSettings, tmp_path, mode=mode, env_file="ORDERS__MAXIMUM=1\nnonsense\n").maximum


def test_the_env_file_never_reaches_the_environment(tmp_path: Path) -> None:
    """What one component's .env says is not put where others could read it."""
    before = dict(os.environ)
    filled(OrderSettings, tmp_path, env_file="ORDERS__MAXIMUM=1\n")
    assert before == dict(os.environ)


def test_capitals_win_over_other_spellings(tmp_path: Path) -> None:
    """Names are found in any case; where a name is set twice, the one that the documentation shows counts."""
    assert 1 == filled(OrderSettings, tmp_path, environment={"orders__maximum": "1"}).maximum
    for environment in (
        {"orders__maximum": "1", "ORDERS__MAXIMUM": "2"},
        {"ORDERS__MAXIMUM": "2", "Orders__Maximum": "1"},
    ):
        assert 2 == filled(OrderSettings, tmp_path, environment=environment).maximum


def test_a_secret_ends_before_its_last_line_break(tmp_path: Path) -> None:
    """Editors end a file with a line break, which belongs to no secret."""

    class Words(BaseSettings):
        word: str

    assert "a b" == filled(Words, tmp_path, secrets={"orders__word": "a b\n"}).word


def test_variables_of_others_are_invisible(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither another component's variables, nor names without a prefix, nor the real environment count."""
    monkeypatch.setenv("ORDERS__MAXIMUM", "1")
    monkeypatch.setenv("MAXIMUM", "2")
    environment = {"USERS__MAXIMUM": "3", "MAXIMUM": "4", "ORDERS_MAXIMUM": "5", "ORDERS_EU__MAXIMUM": "6"}
    secrets = {"users__maximum": "7", "maximum": "8"}
    assert 100 == filled(OrderSettings, tmp_path, environment=environment, secrets=secrets).maximum
    assert [] == caplog.records


def test_a_dotenv_in_the_working_directory_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A class that names its own env_file and secrets_dir is filled from the component's all the same."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / ".env").write_text("ORDERS__MAXIMUM=1\nMAXIMUM=2\n")
    monkeypatch.chdir(tmp_path / "elsewhere")

    class Careless(BaseSettings, env_file=".env", secrets_dir=".", env_prefix="", case_sensitive=True):
        maximum: int = 100

    assert 100 == filled(Careless, tmp_path).maximum


def test_another_components_variable_in_an_env_file_is_a_fault(tmp_path: Path) -> None:
    """A .env holds the variables of its own component, under their full names."""
    text = "# comment\n\nUSERS__MAXIMUM=1\nMAXIMUM=2\n"
    first, second = faults(OrderSettings, tmp_path, env_file=text)
    assert ("USERS__MAXIMUM is none of its variables", shown(tmp_path / ".env", 3)) == (first.what, first.where)
    assert ("write ORDERS__MAXIMUM=", shown(tmp_path / ".env", 4)) == (second.fix, second.where)


def test_an_unknown_variable_in_the_env_file_is_a_fault_with_the_nearest(tmp_path: Path) -> None:
    """A mistyped name would otherwise leave the default in place without a word."""
    (fault,) = faults(OrderSettings, tmp_path, env_file="ORDERS__MAXMUM=1\n")
    assert "orders has no setting ORDERS__MAXMUM" == fault.what
    assert shown(tmp_path / ".env", 1) == fault.where
    assert "did you mean ORDERS__MAXIMUM?" == fault.fix


def test_an_unknown_variable_elsewhere_is_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The environment may hold what a newer version reads, so that it is a warning there, without the value."""
    with caplog.at_level(logging.WARNING):
        filled(OrderSettings, tmp_path, environment={"ORDERS__MAXMUM": "hunter2"}, secrets={"orders__x": "hunter2"})
    expected = [
        "orders has no setting ORDERS__MAXMUM (environment variable ORDERS__MAXMUM): did you mean ORDERS__MAXIMUM?",
        f"orders has no setting ORDERS__X ({shown(tmp_path / 'secrets' / 'orders__x')}): "
        "remove it, or add it to OrderSettings",
    ]
    assert expected == [record.getMessage() for record in caplog.records]


def test_a_missing_variable_says_how_to_set_it(tmp_path: Path) -> None:
    """The fault names the class's line, the variable, its type and the files it may go into."""
    fault, other = faults(KeySettings, tmp_path)
    assert "orders needs ORDERS__KEY, which is not set" == fault.what
    assert shown(HERE, line_of("class KeySettings")) == fault.where
    assert "KeySettings.key: SecretStr has no default" == fault.why
    file = shown(tmp_path / ".env")
    fix = (
        f"set ORDERS__KEY in the environment, or write ORDERS__KEY=... into {file}, "
        "or put it into the secret file orders__key"
    )
    assert fix == fault.fix
    assert "orders needs ORDERS__SIZE, which is not set" == other.what


def test_production_is_not_told_to_write_an_env_file(tmp_path: Path) -> None:
    """Where the .env is not read, it is no fix."""
    fault, _ = faults(KeySettings, tmp_path, mode=Mode.production)
    assert "set ORDERS__KEY in the environment, or put it into the secret file orders__key" == fault.fix


def test_wrong_values_are_reported_together_with_their_places(tmp_path: Path) -> None:
    """Every wrong value is found in one run, where it was set and of what type it should be."""
    found = faults(
        OrderSettings, tmp_path, env_file="\nexport ORDERS__MAXIMUM=many\n", environment={"orders__currency": "DM"}
    )
    expected = [
        Fault(
            "ORDERS__MAXIMUM is no valid int",
            shown(tmp_path / ".env", 2),
            "Input should be a valid integer, unable to parse string as an integer",
            "set ORDERS__MAXIMUM to a value of type int",
        ),
        Fault(
            "ORDERS__CURRENCY is no valid Literal['EUR', 'USD']",
            "environment variable orders__currency",
            "Input should be 'EUR' or 'USD'",
            "set ORDERS__CURRENCY to a value of type Literal['EUR', 'USD']",
        ),
    ]
    assert expected == list(found)


@pytest.mark.parametrize(
    ("environment", "secret"),
    [
        ({"ORDERS__KEY": "hunter2"}, "hunter2"),
        ({"ORDERS__SIZE": "hunter2"}, "hunter2"),
        ({"ORDERS__KEY": "hunter2"}, "2retnuh"),
        ({"ORDERS__URL": "http://user:hunter2@host"}, "hunter2"),
        ({"ORDERS__TYPO": "hunter2"}, "hunter2"),
    ],
)
def test_no_value_is_ever_shown(tmp_path: Path, environment: Mapping[str, str], secret: str) -> None:
    """Whatever a validator or pydantic says, the text and the repr of the faults hold no value."""
    found = faults(KeySettings, tmp_path, environment=environment)
    assert secret not in f"{found} {found!r} {ConfigurationError(*found)}".casefold()


def test_a_validators_own_words_are_kept(tmp_path: Path) -> None:
    """What the user's validator says is the reason, as long as it does not repeat the value."""
    long = "x" * 40
    (fault,) = faults(
        KeySettings, tmp_path, environment={"ORDERS__KEY": long, "ORDERS__SIZE": "1", "ORDERS__URL": "ftp://host"}
    )
    assert ("ORDERS__URL is no valid str", "use https") == (fault.what, fault.why)


def test_settings_that_do_not_fit_together_are_one_fault(tmp_path: Path) -> None:
    """A validator over the whole model is placed at the class."""

    class Pair(BaseSettings):
        low: int = 1
        high: int = 0

        @model_validator(mode="after")
        def _is_ordered(self) -> "Pair":
            if self.low > self.high:
                raise ValueError("low is above high")
            return self

    (fault,) = faults(Pair, tmp_path)
    assert ("the settings of orders do not fit together", "low is above high") == (fault.what, fault.why)


def test_nested_settings_and_lists(tmp_path: Path) -> None:
    """A part has its own variables or one in JSON; a list is JSON."""
    environment = {"ORDERS__MAIL__HOST": "mail", "ORDERS__ADMINS": '["a", "b"]'}
    settings = filled(MailSettings, tmp_path, environment=environment, env_file="ORDERS__MAIL__PORT=26\n")
    assert (Mail(host="mail", port=26), ["a", "b"]) == (settings.mail, settings.admins)


def test_a_stronger_source_hides_the_parts_of_a_weaker_one(tmp_path: Path) -> None:
    """A whole in the environment is not mixed with a part from the .env."""
    environment = {"ORDERS__MAIL": '{"host": "mail"}'}
    settings = filled(MailSettings, tmp_path, environment=environment, env_file="ORDERS__MAIL__PORT=26\n")
    assert Mail(host="mail", port=25) == settings.mail


def test_nested_mistakes_name_their_variable(tmp_path: Path) -> None:
    """A part that is missing and a list that is no JSON are found together, by their full names."""
    environment = {"ORDERS__MAIL__PORT": "x", "ORDERS__ADMINS": "a,b"}
    found = faults(MailSettings, tmp_path, environment=environment)
    expected = [
        "orders needs ORDERS__MAIL__HOST, which is not set",
        "ORDERS__MAIL__PORT is no valid int",
        "ORDERS__ADMINS is no valid list[str]",
    ]
    assert expected == [fault.what for fault in found]


class Tag(NamedTuple):
    """A pair with names."""

    name: str
    weight: int


@dataclass
class Proxy:
    """Where requests go."""

    url: str
    retries: int = 0


class Level(StrEnum):
    """Levels of a log."""

    low = "low"
    high = "high"


COMPLEX = [
    (list[str], '["a", "b"]'),
    (list[int] | None, "[1, 2]"),
    (tuple[str, int], '["a", 2]'),
    (tuple[float, ...], "[1.5, 2.5]"),
    (set[bool], "[true, false]"),
    (frozenset[Level], '["low", "high"]'),
    (Sequence[str], '["a", "b"]'),
    (dict[str, int], '{"key": 1}'),
    (Mapping[str, list[str]], '{"key": ["a", "b"]}'),
    (Mail, '{"host": "a"}'),
    (list[Mail], '[{"host": "a"}, {"host": "a"}]'),
    (Proxy, '{"url": "a"}'),
    (Tag, '["a", 2]'),
    (list[SecretStr], '["a", "b"]'),
]
"""Types that are written as JSON, with the example that a fault gives."""


@pytest.mark.parametrize("value", ["a,b", "[1", "7"])
@pytest.mark.parametrize(("annotation", "example"), COMPLEX, ids=str)
def test_a_fault_of_a_complex_type_shows_it_in_json(
    tmp_path: Path, annotation: type[object], example: str, value: str
) -> None:
    """In each source the fix is a line that can be typed as it stands, and its example is valid."""
    settings = create_model("Settings", __base__=BaseSettings, hosts=(annotation, ...))
    assert filled(settings, tmp_path, environment={"ORDERS__HOSTS": example})
    sources: list[dict[str, object]] = [
        {"environment": {"ORDERS__HOSTS": value}},
        {"env_file": f'ORDERS__HOSTS="{value}"\n'},
        {"secrets": {"orders__hosts": value}},
    ]
    typed, filed = f"write JSON, such as ORDERS__HOSTS='{example}'", f"write JSON into the file, such as {example}"
    for source, fix in zip(sources, (typed, typed, filed), strict=True):
        (fault,) = faults(settings, tmp_path, **source)
        (tmp_path / ".env").unlink(missing_ok=True)
        assert (fix, True) == (fault.fix, fault.why.endswith(", which is read as JSON"))


def test_a_complex_part_of_a_nested_model_is_shown_in_json(tmp_path: Path) -> None:
    """The example is that of the part, and the variable is its own."""

    class Relay(BaseModel):
        hosts: list[str]

    settings = create_model("Settings", __base__=BaseSettings, relay=(Relay, ...))
    (fault,) = faults(settings, tmp_path, environment={"ORDERS__RELAY__HOSTS": "a,b"})
    expected = 'write JSON, such as ORDERS__RELAY__HOSTS=\'["a", "b"]\''
    assert expected == fault.fix


def test_a_wrong_item_of_a_list_is_explained_with_the_whole_list(tmp_path: Path) -> None:
    """The reason is that of the item; the example shows a list of the right type."""
    settings = create_model("Settings", __base__=BaseSettings, ports=(list[int], ...))
    (fault,) = faults(settings, tmp_path, environment={"ORDERS__PORTS": '["x"]'})
    why = "Input should be a valid integer, unable to parse string as an integer"
    assert (why, "write JSON, such as ORDERS__PORTS='[1, 2]'") == (fault.why, fault.fix)


def test_a_type_that_the_user_decodes_is_not_said_to_be_json(tmp_path: Path) -> None:
    """With NoDecode a validator of the user's own splits the text."""
    settings = create_model("Settings", __base__=BaseSettings, hosts=(Annotated[list[str], NoDecode], ...))
    (fault,) = faults(settings, tmp_path, environment={"ORDERS__HOSTS": "a,b"})
    assert "JSON" not in str(fault)


def test_lines_that_are_no_assignment_are_faults_without_their_text(tmp_path: Path) -> None:
    """A broken line of a .env is placed but not shown, since it may hold half a secret."""
    text = "ORDERS__MAXIMUM=1\nORDERS__KEY='hunter2\nORDERS__MAXIMUM\n"
    found = faults(OrderSettings, tmp_path, env_file=text)
    assert [shown(tmp_path / ".env", line) for line in (2, 3)] == [fault.where for fault in found]
    assert "hunter2" not in str(found)


def test_values_are_taken_as_they_are_written(tmp_path: Path) -> None:
    """A dollar sign in a password is no reference to another variable."""

    class Words(BaseSettings):
        word: str

    settings = filled(Words, tmp_path, env_file="ORDERS__WORD='a${HOME}b'\n")
    assert "a${HOME}b" == settings.word


def test_files_that_are_no_text_are_faults(tmp_path: Path) -> None:
    """A secret that is no UTF-8 is named, not shown."""
    create_secret(tmp_path / "secrets" / "orders__maximum", "")
    (tmp_path / "secrets" / "orders__maximum").write_bytes(b"\xff")
    with pytest.raises(ConfigurationError) as raised:
        load("orders", OrderSettings, mode=Mode.production, environment={}, secrets=tmp_path / "secrets")
    (fault,) = raised.value.faults
    assert ("the file is no UTF-8", shown(tmp_path / "secrets" / "orders__maximum")) == (fault.what, fault.where)


def test_only_settings_classes_are_filled(tmp_path: Path) -> None:
    """A plain model is refused, since it would not say that it comes from the environment."""
    (fault,) = faults(Mail, tmp_path)
    assert "the settings of orders are no BaseSettings" == fault.what
    assert shown(HERE, line_of("class Mail(")) == fault.where


def test_aliases_are_refused(tmp_path: Path) -> None:
    """An alias would be read without the component's prefix."""

    class Aliased(BaseSettings):
        key: str = Field("", alias="KEY")

    (fault,) = faults(Aliased, tmp_path)
    assert ("Aliased.key has an alias", "remove it: the variable is ORDERS__KEY") == (fault.what, fault.fix)


def test_sources_of_the_users_own_take_part(tmp_path: Path) -> None:
    """A class that adds a source, such as a cloud store, has it asked in the place it gave it."""

    class Stored(BaseSettings):
        maximum: int = 100
        minimum: int = 0

        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            def store() -> dict[str, int]:
                return {"maximum": 7, "minimum": 3}

            return (env_settings, store)  # type: ignore[return-value]  # pydantic-settings takes any callable

    settings = filled(Stored, tmp_path, environment={"ORDERS__MAXIMUM": "9"})
    assert (9, 3) == (settings.maximum, settings.minimum)


@pytest.mark.parametrize(
    ("environment", "mode"),
    [
        ({}, Mode.development),
        ({"FISSILE_MODE": ""}, Mode.development),
        ({"FISSILE_MODE": "production"}, Mode.production),
        ({"FISSILE_MODE": "staging"}, Mode.staging),
    ],
)
def test_the_mode_comes_from_the_environment(environment: Mapping[str, str], mode: Mode) -> None:
    """Development is the mode when none is set."""
    assert mode is mode_from(environment)


def test_an_unknown_mode_is_refused_with_the_nearest() -> None:
    """A mistyped mode must not run as development."""
    with pytest.raises(ConfigurationError) as raised:
        mode_from({"FISSILE_MODE": "prodution"})
    (fault,) = raised.value.faults
    assert ("there is no mode 'prodution'", "did you mean production?") == (fault.what, fault.fix)


def test_the_secrets_directory_is_where_the_environment_says(tmp_path: Path) -> None:
    """The default counts where it exists; a directory that is named must exist."""
    named = tmp_path / "named"
    assert None is secrets_directory({}, tmp_path / "none")
    assert tmp_path == secrets_directory({}, tmp_path)
    with pytest.raises(ConfigurationError) as raised:
        secrets_directory({"FISSILE_SECRETS": str(named)}, tmp_path)
    assert f"{named} is no directory" == raised.value.faults[0].what
    named.mkdir()
    assert named == secrets_directory({"FISSILE_SECRETS": str(named)}, tmp_path)
